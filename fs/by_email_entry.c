/*
 * by_email_entry.c - what an open directory of by-email has (a part of by_email.h).
 *
 * It makes nodes of what people.c and person.c name, and asks nobody.
 */
#include "fs/by_email.h"

#include "cache/record.h"
#include "fs/person.h"
#include "fs/similar.h"

#include <string.h>

static int take_node(struct fs *fs, enum node_kind kind, const struct node *directory,
		     struct by_email_entry *entry)
{
	entry->node = node_take(fs, kind, directory, entry->name, NULL, NULL);
	return entry->node ? 1 : 0;
}

static int take_link(struct fs *fs, const struct node *directory, const struct person_link *link,
		     struct by_email_entry *entry)
{
	char target[NODE_PATH_MAX];

	memcpy(entry->name, link->name, sizeof(entry->name));
	if (!link->record)
		return take_node(fs, NODE_PERSON_UNREAD, directory, entry);
	if (!take_node(fs, NODE_PERSON_LINK, directory, entry))
		return 0;
	person_target(link, entry->node, target);
	entry->size = (off_t)strlen(target);
	entry->time = record_time(link->record);
	return 1;
}

/* Number INDEX of all people, as by_email_entry. */
static int take_person(struct fs *fs, const struct node *directory, const struct people *people,
		       size_t index, struct by_email_entry *entry)
{
	bool named;

	if (index >= people->count + people->apart_count)
		return -1;
	entry->fleeting = index >= people->count;
	named = entry->fleeting
		    ? people_apart_stem(people->apart[index - people->count], entry->name)
		    : people_stem(people->emails[index], entry->name);
	return named ? take_node(fs, NODE_PERSON, directory, entry) : 0;
}

static int take_similar(struct fs *fs, const struct node *directory, const struct people *people,
			struct by_email_entry *entry)
{
	memcpy(entry->name, SIMILAR_NAME, sizeof(SIMILAR_NAME));
	entry->fleeting = true;
	entry->size = (off_t)strlen(people->similar);
	return take_node(fs, NODE_SIMILAR, directory, entry);
}

int by_email_entry(struct fs *fs, const struct node *directory, const struct people *people,
		   size_t index, struct by_email_entry *entry)
{
	struct person_link link;

	entry->fleeting = false;
	entry->size = 0;
	entry->time = people_fetched(people);
	if (directory->kind == NODE_PEOPLE) {
		return take_person(fs, directory, people, index, entry);
	}
	if (directory->kind == NODE_PERSON) {
		if (person_manual(fs, index, entry->name))
			return take_node(fs, NODE_PERSON_MANUAL, directory, entry);
		index -= fs->branch_count;
		if (people->similar && index-- == 0)
			return take_similar(fs, directory, people, entry);
		return person_link(people, index, &link) ? take_link(fs, directory, &link, entry)
							 : -1;
	}
	return person_own_link(people, directory->branch, index, &link)
		   ? take_link(fs, directory, &link, entry)
		   : -1;
}

double by_email_seconds(const struct node *directory, const struct people *people)
{
	struct people_query query;

	return people_ask(directory, &query) && query.exact ? people_left(people) : 0;
}
