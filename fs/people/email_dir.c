/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_dir.c - see email_dir.h.
 *
 * What is known and fresh is answered at once; for the rest all rosters that the answer is about
 * are asked together. Nobody is said to be unknown while a vendor can't be read. It knows how to
 * answer the kernel, not which names there are (email_index.c, email_links.c).
 */
#include "fs/people/email_dir.h"

#include "cache/roster/roster.h"
#include "fs/dir.h"
#include "fs/open.h"
#include "fs/people/email_index.h"
#include "cache/record/snapshot.h"
#include "cache/roster/wait.h"
#include "cache/record/record.h"
#include "fs/ops.h"
#include "fs/people/email_links.h"
#include "fs/people/email_person.h"
#include "fs/people/email_query.h"
#include "fs/people/email_spelling.h"
#include "fs/people/similar.h"
#include "fs/people/unread.h"
#include "fs/tree/entry.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool email_dir_holds(const struct node *directory)
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

static void show_link(const struct email_links_link *link, const struct node *node,
		      struct shown *shown)
{
	if (!link->record)
		return;
	email_links_target(link, node, shown->target);
	shown->size = (off_t)strlen(shown->target);
	shown->time = record_time(link->record);
}

/* The kind of the node that LINK is. */
static enum node_kind kind_of(const struct email_links_link *link)
{
	return link->record ? NODE_PERSON_LINK : NODE_PERSON_UNREAD;
}

/* The text about emails that are like that which QUERY asks for. 0, -ENOENT: there are none, a
 * vendor's errno, or -ENOMEM. */
static int show_similar(struct email_index *people, const struct email_query *query,
			struct shown *shown)
{
	int error = email_person_choose(people, query);

	if (!error)
		error = similar_look(people);
	if (error || !people->similar)
		return error ? error : -ENOENT;
	shown->size = (off_t)strlen(people->similar);
	return 0;
}

/* Find in PEOPLE what NODE shows. 0, -ENOENT, a vendor's errno, -ESTALE: another node has its name,
 * or -ENOMEM. */
static int show(struct email_index *people, const struct node *node, struct shown *shown)
{
	struct email_query query;
	struct email_links_link link;
	int error;

	if (!email_query_ask(node, &query))
		return -ENOENT;
	memset(shown, 0, sizeof(*shown));
	shown->time = email_index_fetched(people);
	switch (node->kind) {
	case NODE_PEOPLE:
		return email_spelling_list(people);
	case NODE_EMAILS:
		return email_index_index(people);
	case NODE_PERSON:
		return email_person_choose(people, &query);
	case NODE_SIMILAR:
		return show_similar(people, &query, shown);
	default:
		error = email_links_find(people, &query, node_name(node), &link);
		if (!error && kind_of(&link) != (enum node_kind)node->kind)
			error = -ESTALE;
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
		inode_forget(fs, entry.ino, 1);
}

static void lookup_manual(struct fs *fs, fuse_req_t req, const struct node *directory,
			  const char *name)
{
	struct node *node = inode_take(fs, NODE_PERSON_MANUAL, directory, name, NULL, NULL);

	if (node)
		reply_name(fs, req, node, NULL, 0);
	else
		fuse_reply_err(req, ENOMEM);
}

static bool is_similar(const struct node *directory, const char *name)
{
	return directory->kind == NODE_PERSON && strcmp(name, SIMILAR_NAME) == 0;
}

/* Answer REQ about PATH with ERROR, which PEOPLE showed; with a line in the log if that is a
 * vendor's. */
static void refuse(fuse_req_t req, const char *path, const struct email_index *people, int error)
{
	const struct email_index_known *failed = email_index_failed(people);
	const char *vendor;
	char words[CALL_WORDS_MAX];

	if (failed && error != -ENOENT && error != -ENOMEM && error != -ESTALE) {
		vendor = people->fs->branches[failed - people->known].account->name;
		snprintf(words, sizeof(words), "%s can't be read: %s", vendor,
			 failed->words ? failed->words : strerror(-error));
		request_refuse(req, path, error, words);
	}
	fuse_reply_err(req, -error);
}

/* What NAME in DIRECTORY, for which QUERY asks, is by PEOPLE: its *KIND. As show. */
static int find_kind(struct email_index *people, const struct node *directory,
		     const struct email_query *query, const char *name, enum node_kind *kind)
{
	struct email_links_link link;
	int error;

	if (directory->kind == NODE_PEOPLE) {
		*kind = NODE_PERSON;
		return people->told ? email_person_choose(people, query) : 0;
	}
	*kind = is_similar(directory, name) ? NODE_SIMILAR : NODE_PERSON_LINK;
	if (!people->told || *kind == NODE_SIMILAR)
		return 0;
	error = email_links_find(people, query, name, &link);
	if (!error)
		*kind = kind_of(&link);
	return error;
}

/* NAME in DIRECTORY, for which QUERY asks, can be there. */
static void lookup_person(struct fs *fs, fuse_req_t req, const struct node *directory,
			  const char *name, const struct email_query *query)
{
	struct email_index *people = email_person_peek(fs, query);
	struct node *node = NULL;
	char path[NODE_PATH_MAX];
	enum node_kind kind;
	struct shown shown;
	int error = people ? find_kind(people, directory, query, name, &kind) : -ENOMEM;

	if (!error) {
		node = inode_take(fs, kind, directory, name, NULL, NULL);
		error = !node ? -ENOMEM : people->told ? show(people, node, &shown) : 0;
	}
	if (!error) {
		reply_name(fs, req, node, people->told ? &shown : NULL,
			   query->exact && people->told && kind != NODE_SIMILAR ? people->seconds
										: 0);
	} else if (people) {
		node_path(directory, name, path);
		refuse(req, path, people, error);
	} else {
		fuse_reply_err(req, ENOMEM);
	}
	if (error && node)
		inode_drop(fs, node);
	email_index_free(people);
}

void email_dir_lookup(fuse_req_t req, struct node *directory, const char *name)
{
	struct fs *fs = fs_of(req);
	bool in_person = directory->kind == NODE_PERSON;
	struct email_query query;

	if (in_person && email_links_is_manual(fs, name))
		lookup_manual(fs, req, directory, name);
	else if ((in_person && !email_links_may_link(fs, name) && !is_similar(directory, name)) ||
		 !email_query_ask_name(directory, name, &query))
		fuse_reply_err(req, ENOENT);
	else
		lookup_person(fs, req, directory, name, &query);
}

/* ---- what may wait ---- */

enum wanted { WANT_ATTR, WANT_TARGET, WANT_OPEN, WANT_TEXT };

/* Answer REQ about NODE, which SHOWN is known of. Takes PEOPLE. */
static void reply(struct fs *fs, fuse_req_t req, struct node *node, enum wanted wanted,
		  const struct shown *shown, struct email_index *people, struct fuse_file_info *fi)
{
	struct email_query query;
	struct stat attr;
	double seconds;

	switch (wanted) {
	case WANT_ATTR:
		seconds = entry_attr(fs, node, NULL, people->seconds, &attr);
		set_shown(shown, &attr);
		email_query_ask(node, &query);
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
	email_index_free(people);
}

/* What the answers to REQUEST's questions tell. NULL: no memory. */
static struct email_index *take_answers(struct request *request, const struct email_query *query)
{
	struct fs *fs = request->fs;
	struct email_index *people = email_person_peek(fs, query);
	size_t at = 0;

	if (!people || people->told)
		return people;
	/* it was fresh when it came, and whoever waited for it does not wait again */
	email_index_free(people);
	people = email_index_new(fs);
	for (size_t i = 0; people && i < fs->branch_count; i++) {
		const struct question *question;

		if (!email_index_concerns(query, &fs->branches[i]))
			continue;
		question = &request->questions[at++];
		people->known[i].generation = question->wait.generation;
		if (question->wait.error)
			email_index_fail(&people->known[i], question->wait.error, &question->call);
		else
			people->known[i].snapshot = snapshot_get(question->wait.snapshot);
	}
	return people;
}

/* The kernel looks the name up again, and finds the other node. */
static void reply_stale(struct request *request)
{
	if (request_claim(request))
		fuse_reply_err(request->req, ESTALE);
}

/* The questions of REQUEST ended with ASKED. */
static void finish(struct request *request, int asked, enum wanted wanted)
{
	struct node *node = request->node;
	struct email_index *people = NULL;
	struct email_query query;
	struct shown shown;
	int error = asked;

	email_query_ask(node, &query);
	/* one vendor that fails does not keep a person from being shown */
	if (!error || (query.person && asked != -EINTR && request->question_count)) {
		people = take_answers(request, &query);
		error = people ? show(people, node, &shown) : -ENOMEM;
		if (error == -ENOENT)
			call_fail(&request->call, CALL_MISSING, "nobody has that email");
	}
	if (asked && people && (!error || error == -ESTALE))
		log_error(&request->call, asked);
	if (error == -ESTALE) {
		reply_stale(request);
	} else if (error) {
		request_fail(request, error);
	} else if (request_claim(request)) {
		reply(request->fs, request->req, node, wanted, &shown, people, &request->fi);
		return;
	}
	email_index_free(people);
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
static void ask(struct request *request, const struct email_query *query, enum wanted wanted)
{
	static void (*const finishes[])(struct request * request,
					int error) = {[WANT_ATTR] = got_attr,
						      [WANT_TARGET] = got_target,
						      [WANT_OPEN] = opened,
						      [WANT_TEXT] = opened_text};
	struct fs *fs = request->fs;
	struct roster **rosters = calloc(fs->branch_count + 1, sizeof(struct roster *));
	struct wait asked = {.kind = query->whole ? WAIT_WHOLE : WAIT_EMAIL,
			     .brief = query->person};
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
		if (email_index_concerns(query, &fs->branches[i]))
			rosters[count++] = fs->branches[i].users->roster;
	}
	asked.id = request->text;
	request_ask_all(request, rosters, count, &asked, finishes[wanted]);
	free(rosters);
}

/* The same for REQ, about NODE. */
static void ask_anew(struct fs *fs, fuse_req_t req, struct node *node,
		     const struct email_query *query, enum wanted wanted,
		     const struct fuse_file_info *fi)
{
	struct request *request = request_new(fs, req, node);

	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (fi)
		request->fi = *fi;
	ask(request, query, wanted);
}

static void answer(fuse_req_t req, struct node *node, enum wanted wanted, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct email_query query;
	struct email_index *people;
	struct shown shown;
	int error;

	if (!email_query_ask(node, &query)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	/* who opens the directory wants to see whether a vendor is back */
	if (wanted == WANT_OPEN)
		query.failed_for = 0;
	people = email_person_peek(fs, &query);
	if (!people) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (!people->told) {
		email_index_free(people);
		ask_anew(fs, req, node, &query, wanted, fi);
		return;
	}
	error = show(people, node, &shown);
	if (!error) {
		reply(fs, req, node, wanted, &shown, people, fi);
		return;
	}
	refuse(req, node->path, people, error);
	email_index_free(people);
}

void email_dir_getattr(fuse_req_t req, struct node *node)
{
	if (node->kind == NODE_PERSON_UNREAD)
		unread_getattr(req, node);
	else
		answer(req, node, WANT_ATTR, NULL);
}

void email_dir_readlink(fuse_req_t req, struct node *node)
{
	answer(req, node, WANT_TARGET, NULL);
}

void email_dir_open(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	answer(req, node, WANT_OPEN, fi);
}

void email_dir_open_text(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	answer(req, node, WANT_TEXT, fi);
}
