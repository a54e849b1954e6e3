/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_answer.c - see email_answer.h.
 *
 * No email is reported as unknown while a vendor can't be read. It knows how to answer the kernel,
 * not which names there are.
 */
#include "fs/people/email_answer.h"

#include "cache/roster/wait.h"
#include "fs/people/email_person.h"
#include "fs/tree/entry.h"
#include "fs/tree/open.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int email_answer_show(struct email_index *people, const struct email_query *query,
		      const struct node *node, struct email_shown *shown)
{
	memset(shown, 0, sizeof(*shown));
	shown->time = email_index_fetched(people);
	return email_kind_of(node)->show(people, query, node, shown);
}

void email_answer_set_shown(const struct email_shown *shown, struct stat *attr)
{
	attr->st_size = shown->size;
	attr->st_mtim = attr->st_atim = attr->st_ctim = shown->time;
}

void email_answer_refuse(fuse_req_t req, const char *path, const struct email_index *people,
			 int error)
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

/* Answer REQ about NODE, which shows SHOWN. Takes PEOPLE. */
static void reply_shown(struct fs *fs, fuse_req_t req, struct node *node, enum email_wanted wanted,
			const struct email_shown *shown, struct email_index *people,
			struct fuse_file_info *fi)
{
	struct email_query query;
	struct stat attr;
	double seconds;

	switch (wanted) {
	case WANT_ATTR:
		seconds = entry_attr(fs, node, NULL, people->seconds, &attr);
		email_answer_set_shown(shown, &attr);
		email_kind_of(node)->query(node, &query);
		fuse_reply_attr(req, &attr, query.exact ? seconds : 0);
		break;
	case WANT_TARGET:
		fuse_reply_readlink(req, shown->target);
		break;
	case WANT_OPEN:
		email_kind_of(node)->open(req, node, people, fi);
		return;
	case WANT_TEXT:
		open_text(req, node, people->similar, fi);
		break;
	}
	email_index_free(people);
}

/* Return what the answers to REQUEST's questions tell, or NULL: no memory. */
static struct email_index *take_answers(struct request *request, const struct email_query *query)
{
	struct fs *fs = request->fs;
	struct email_index *people = email_person_peek(fs, query);
	size_t at = 0;

	if (!people || people->told)
		return people;
	/* it was fresh when it came, and a caller that waited for it does not wait again */
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
static void finish_answer(struct request *request, int asked, enum email_wanted wanted)
{
	struct node *node = request->node;
	struct email_index *people = NULL;
	struct email_query query;
	struct email_shown shown;
	int error = asked;

	email_kind_of(node)->query(node, &query);
	/* a person is shown even if one vendor fails */
	if (!error || (query.person && asked != -EINTR && request->question_count)) {
		people = take_answers(request, &query);
		error = people ? email_answer_show(people, &query, node, &shown) : -ENOMEM;
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
		reply_shown(request->fs, request->req, node, wanted, &shown, people, &request->fi);
		return;
	}
	email_index_free(people);
}

static void person_got_attr(struct request *request, int error)
{
	finish_answer(request, error, WANT_ATTR);
}

static void person_got_target(struct request *request, int error)
{
	finish_answer(request, error, WANT_TARGET);
}

static void person_opened(struct request *request, int error)
{
	finish_answer(request, error, WANT_OPEN);
}

static void person_opened_text(struct request *request, int error)
{
	finish_answer(request, error, WANT_TEXT);
}

/* Ask all rosters that QUERY is about. */
static void ask_rosters(struct request *request, const struct email_query *query,
			enum email_wanted wanted)
{
	static void (*const finishes[])(struct request * request,
					int error) = {[WANT_ATTR] = person_got_attr,
						      [WANT_TARGET] = person_got_target,
						      [WANT_OPEN] = person_opened,
						      [WANT_TEXT] = person_opened_text};
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

/* As ask_rosters, for REQ, about NODE. */
static void ask_anew(struct fs *fs, fuse_req_t req, struct node *node,
		     const struct email_query *query, enum email_wanted wanted,
		     const struct fuse_file_info *fi)
{
	struct request *request = request_new(fs, req, node);

	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (fi)
		request->fi = *fi;
	ask_rosters(request, query, wanted);
}

void email_answer(fuse_req_t req, struct node *node, enum email_wanted wanted,
		  struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct email_query query;
	struct email_index *people;
	struct email_shown shown;
	int error;

	if (!email_kind_of(node)->query(node, &query)) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	/* a caller that opens the directory wants to see whether a vendor is back */
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
	error = email_answer_show(people, &query, node, &shown);
	if (!error) {
		reply_shown(fs, req, node, wanted, &shown, people, fi);
		return;
	}
	email_answer_refuse(req, node->path, people, error);
	email_index_free(people);
}

void email_answer_getattr(fuse_req_t req, fuse_ino_t ino, struct node *node)
{
	(void)ino;
	email_answer(req, node, WANT_ATTR, NULL);
}

void email_answer_readlink(fuse_req_t req, struct node *node)
{
	email_answer(req, node, WANT_TARGET, NULL);
}
