/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_dir_entry.c - what an open directory of by-email has (a part of email_dir.h).
 *
 * It makes nodes of what email_index.c and email_links.c name, and asks nobody.
 */
#include "fs/people/email_dir_entry.h"

#include "cache/record/record.h"
#include "fs/people/email_links.h"
#include "fs/people/email_name.h"
#include "fs/people/similar.h"
#include "fs/tree/inode.h"

#include <string.h>

static int take_node(struct fs *fs, enum node_kind kind, const struct node *directory,
		     struct email_dir_entry *entry)
{
	entry->node = inode_take(fs, kind, directory, entry->name, NULL, NULL);
	return entry->node ? 1 : 0;
}

static int take_link(struct fs *fs, const struct node *directory,
		     const struct email_links_link *link, struct email_dir_entry *entry)
{
	char target[NODE_PATH_MAX];

	memcpy(entry->name, link->name, sizeof(entry->name));
	if (!link->record)
		return take_node(fs, NODE_PERSON_UNREAD, directory, entry);
	if (!take_node(fs, NODE_PERSON_LINK, directory, entry))
		return 0;
	email_links_target(link, entry->node, target);
	entry->size = (off_t)strlen(target);
	entry->time = record_time(link->record);
	return 1;
}

/* Number INDEX of all people, as email_dir_entry. */
static int take_person(struct fs *fs, const struct node *directory,
		       const struct email_index *people, size_t index,
		       struct email_dir_entry *entry)
{
	bool named;

	if (index >= people->count + people->apart_count)
		return -1;
	entry->fleeting = index >= people->count;
	named = entry->fleeting
		    ? email_name_apart_stem(people->apart[index - people->count], entry->name)
		    : email_name_stem(people->emails[index], entry->name);
	return named ? take_node(fs, NODE_PERSON, directory, entry) : 0;
}

static int take_similar(struct fs *fs, const struct node *directory,
			const struct email_index *people, struct email_dir_entry *entry)
{
	memcpy(entry->name, SIMILAR_NAME, sizeof(SIMILAR_NAME));
	entry->fleeting = true;
	entry->size = (off_t)strlen(people->similar);
	return take_node(fs, NODE_SIMILAR, directory, entry);
}

int email_dir_entry(struct fs *fs, const struct node *directory, const struct email_index *people,
		    size_t index, struct email_dir_entry *entry)
{
	struct email_links_link link;

	entry->fleeting = false;
	entry->size = 0;
	entry->time = email_index_fetched(people);
	if (directory->kind == NODE_PEOPLE) {
		return take_person(fs, directory, people, index, entry);
	}
	if (directory->kind == NODE_PERSON) {
		if (email_links_manual(fs, index, entry->name))
			return take_node(fs, NODE_PERSON_MANUAL, directory, entry);
		index -= fs->branch_count;
		if (people->similar && index-- == 0)
			return take_similar(fs, directory, people, entry);
		return email_links_link(people, index, &link)
			   ? take_link(fs, directory, &link, entry)
			   : -1;
	}
	return email_links_own_link(people, directory->branch, index, &link)
		   ? take_link(fs, directory, &link, entry)
		   : -1;
}

double email_dir_entry_seconds(const struct node *directory, const struct email_index *people)
{
	struct email_query query;

	return email_query_ask(directory, &query) && query.exact ? email_index_left(people) : 0;
}
