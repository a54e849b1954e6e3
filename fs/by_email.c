/*
 * by_email.c - see by_email.h.
 *
 * What is known and fresh is answered at once; for the rest all rosters that the answer is about
 * are asked together. Nobody is said to be unknown while a vendor is. It knows how to answer the
 * kernel, not which names there are (people.c, person.c).
 */
#include "fs/by_email.h"

#include "cache/record.h"
#include "cache/roster.h"
#include "fs/entry.h"
#include "fs/ops.h"
#include "fs/person.h"
#include "fs/request.h"
#include "fs/shelf.h"
#include "fs/similar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool by_email_holds(const struct node *directory)
{
	return directory->kind == NODE_PEOPLE || directory->kind == NODE_PERSON ||
	       directory->kind == NODE_EMAILS;
}

/* What a node shows by what is known of it. */
struct shown {
	off_t size;
	struct timespec time;
	char target[NODE_PATH_MAX]; /* of a link */
};

static void show_link(const struct person_link *link, const struct node *node, struct shown *shown)
{
	person_target(link, node, shown->target);
	shown->size = (off_t)strlen(shown->target);
	shown->time = record_time(link->record);
}

/* The text about emails that are like that of NODE's directory. 0, -ENOENT: there are none, or
 * -ENOMEM. */
static int show_similar(struct people *people, const struct node *node, struct shown *shown)
{
	struct people_query query;
	int error = people_ask(node, &query) ? people_choose(people, &query) : -ENOENT;

	if (!error)
		error = similar_look(people);
	if (error || !people->similar)
		return error ? error : -ENOENT;
	shown->size = (off_t)strlen(people->similar);
	return 0;
}

/* Find in PEOPLE what NODE shows. 0, -ENOENT or -ENOMEM. */
static int show(struct people *people, const struct node *node, struct shown *shown)
{
	struct people_query query;
	struct person_link link;
	int error;

	memset(shown, 0, sizeof(*shown));
	shown->time = people_fetched(people);
	switch (node->kind) {
	case NODE_PEOPLE:
		return people_list(people);
	case NODE_EMAILS:
		return people_index(people);
	case NODE_PERSON:
		return people_ask(node, &query) ? people_choose(people, &query) : -ENOENT;
	case NODE_SIMILAR:
		return show_similar(people, node, shown);
	default:
		error = person_find(people, node, &link);
		if (!error)
			show_link(&link, node, shown);
		return error;
	}
}

static void set_shown(const struct shown *shown, struct stat *attr)
{
	attr->st_size = shown->size;
	attr->st_mtim = attr->st_atim = attr->st_ctim = shown->time;
}

/* ---- looking up ---- */

static void reply_name(struct fs *fs, fuse_req_t req, struct node *node, const struct shown *shown,
		       double seconds)
{
	struct fuse_entry_param entry;

	entry_fill(fs, node, NULL, seconds, &entry);
	if (shown)
		set_shown(shown, &entry.attr);
	if (fuse_reply_entry(req, &entry) == -ENOENT)
		node_forget(fs, entry.ino, 1);
}

static void lookup_manual(struct fs *fs, fuse_req_t req, const struct node *directory,
			  const char *name)
{
	struct node *node = node_take(fs, NODE_PERSON_MANUAL, directory, name, NULL, NULL);

	if (node)
		reply_name(fs, req, node, NULL, 0);
	else
		fuse_reply_err(req, ENOMEM);
}

static bool is_similar(const struct node *directory, const char *name)
{
	return directory->kind == NODE_PERSON && strcmp(name, SIMILAR_NAME) == 0;
}

/* What NAME in DIRECTORY stands for. */
static enum node_kind kind_of(const struct node *directory, const char *name)
{
	if (directory->kind == NODE_PEOPLE)
		return NODE_PERSON;
	return is_similar(directory, name) ? NODE_SIMILAR : NODE_PERSON_LINK;
}

/* NAME in DIRECTORY, for which QUERY asks, can be there. */
static void lookup_person(struct fs *fs, fuse_req_t req, const struct node *directory,
			  const char *name, const struct people_query *query)
{
	enum node_kind kind = kind_of(directory, name);
	struct node *node = node_take(fs, kind, directory, name, NULL, NULL);
	struct people *people = node ? people_peek(fs, query) : NULL;
	bool known = people && people->seconds > 0;
	int error = people ? 0 : -ENOMEM;
	struct shown shown;

	if (known)
		error = show(people, node, &shown);
	if (!error)
		reply_name(fs, req, node, known ? &shown : NULL,
			   query->exact && kind != NODE_SIMILAR ? people->seconds : 0);
	else
		fuse_reply_err(req, -error);
	if (error && node)
		node_drop(fs, node);
	people_free(people);
}

void by_email_lookup(fuse_req_t req, struct node *directory, const char *name)
{
	struct fs *fs = fs_of(req);
	bool in_person = directory->kind == NODE_PERSON;
	struct people_query query;

	if (in_person && person_is_manual(fs, name))
		lookup_manual(fs, req, directory, name);
	else if ((in_person && !person_may_link(fs, name) && !is_similar(directory, name)) ||
		 !people_ask_name(directory, name, &query))
		fuse_reply_err(req, ENOENT);
	else
		lookup_person(fs, req, directory, name, &query);
}

/* ---- what may wait ---- */

enum wanted { WANT_ATTR, WANT_TARGET, WANT_OPEN, WANT_TEXT };

/* Answer REQ about NODE, which SHOWN is known of. Takes PEOPLE. */
static void reply(struct fs *fs, fuse_req_t req, struct node *node, enum wanted wanted,
		  const struct shown *shown, struct people *people, struct fuse_file_info *fi)
{
	struct people_query query;
	struct stat attr;
	double seconds;

	switch (wanted) {
	case WANT_ATTR:
		seconds = entry_attr(fs, node, NULL, people->seconds, &attr);
		set_shown(shown, &attr);
		people_ask(node, &query);
		fuse_reply_attr(req, &attr, query.exact ? seconds : 0);
		break;
	case WANT_TARGET:
		fuse_reply_readlink(req, shown->target);
		break;
	case WANT_OPEN:
		/* without memory it is not listed, and looked up it is an error */
		if (node->kind == NODE_PERSON)
			similar_look(people);
		dir_reply_open(req, node, people, fi);
		return;
	case WANT_TEXT:
		open_text(fs, req, node, people->similar, fi);
		break;
	}
	people_free(people);
}

/* What the answers to REQUEST's questions tell. NULL: no memory. */
static struct people *take_answers(struct request *request, const struct people_query *query)
{
	struct fs *fs = request->fs;
	struct people *people = people_peek(fs, query);
	size_t at = 0;

	if (!people || people->seconds > 0)
		return people;
	/* it was fresh when it came, and whoever waited for it does not wait again */
	people_free(people);
	people = people_new(fs);
	for (size_t i = 0; people && i < fs->branch_count; i++) {
		const struct wait *wait;

		if (!people_concerns(query, &fs->branches[i]))
			continue;
		wait = &request->questions[at++].wait;
		people->known[i].snapshot = snapshot_get(wait->snapshot);
		people->known[i].generation = wait->generation;
	}
	return people;
}

static void finish(struct request *request, int error, enum wanted wanted)
{
	struct node *node = request->node;
	struct people *people = NULL;
	struct people_query query;
	struct shown shown;

	people_ask(node, &query);
	if (!error) {
		people = take_answers(request, &query);
		error = people ? show(people, node, &shown) : -ENOMEM;
		if (error == -ENOENT)
			call_fail(&request->call, ENOENT, "nobody has that email");
	}
	if (error) {
		request_fail(request, error);
		people_free(people);
	} else if (request_claim(request)) {
		reply(request->fs, request->req, node, wanted, &shown, people, &request->fi);
	} else {
		people_free(people);
	}
}

static void got_attr(struct request *request, int error)
{
	finish(request, error, WANT_ATTR);
}

static void got_target(struct request *request, int error)
{
	finish(request, error, WANT_TARGET);
}

static void opened(struct request *request, int error)
{
	finish(request, error, WANT_OPEN);
}

static void opened_text(struct request *request, int error)
{
	finish(request, error, WANT_TEXT);
}

/* Ask all rosters that QUERY is about. */
static void ask(struct request *request, const struct people_query *query, enum wanted wanted)
{
	static void (*const finishes[])(struct request * request,
					int error) = {[WANT_ATTR] = got_attr,
						      [WANT_TARGET] = got_target,
						      [WANT_OPEN] = opened,
						      [WANT_TEXT] = opened_text};
	struct fs *fs = request->fs;
	struct roster **rosters = calloc(fs->branch_count + 1, sizeof(struct roster *));
	size_t count = 0;

	request->text = strdup(query->email);
	if (!rosters || !request->text) {
		fuse_reply_err(request->req, ENOMEM);
		request_free(request);
		free(rosters);
		return;
	}
	request->length = strlen(request->text);
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (people_concerns(query, &fs->branches[i]))
			rosters[count++] = fs->branches[i].users->roster;
	}
	request_ask_all(request, rosters, count, query->whole ? WAIT_WHOLE : WAIT_EMAIL,
			request->text, finishes[wanted]);
	free(rosters);
}

static void answer(fuse_req_t req, struct node *node, enum wanted wanted, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct people_query query;
	struct people *people = NULL;
	struct request *request;
	struct shown shown;
	int error = -ENOENT;

	if (people_ask(node, &query)) {
		people = people_peek(fs, &query);
		error = people ? -EAGAIN : -ENOMEM;
	}
	if (people && people->seconds > 0)
		error = show(people, node, &shown);
	if (!error) {
		reply(fs, req, node, wanted, &shown, people, fi);
		return;
	}
	people_free(people);
	request = error == -EAGAIN ? request_new(fs, req, node) : NULL;
	if (!request) {
		fuse_reply_err(req, error == -EAGAIN ? ENOMEM : -error);
		return;
	}
	if (fi)
		request->fi = *fi;
	ask(request, &query, wanted);
}

void by_email_getattr(fuse_req_t req, struct node *node)
{
	answer(req, node, WANT_ATTR, NULL);
}

void by_email_readlink(fuse_req_t req, struct node *node)
{
	answer(req, node, WANT_TARGET, NULL);
}

void by_email_open(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	answer(req, node, WANT_OPEN, fi);
}

void by_email_open_text(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	answer(req, node, WANT_TEXT, fi);
}

/* ---- what an open directory has ---- */

static int take_node(struct fs *fs, enum node_kind kind, const struct node *directory,
		     struct by_email_entry *entry)
{
	entry->node = node_take(fs, kind, directory, entry->name, NULL, NULL);
	return entry->node ? 1 : 0;
}

static int take_link(struct fs *fs, const struct node *directory, const struct person_link *link,
		     struct by_email_entry *entry)
{
	struct shown shown;

	memcpy(entry->name, link->name, sizeof(entry->name));
	if (!take_node(fs, NODE_PERSON_LINK, directory, entry))
		return 0;
	show_link(link, entry->node, &shown);
	entry->size = shown.size;
	entry->time = shown.time;
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
