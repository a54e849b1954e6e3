/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - see request.h.
 *
 * Owns the race between an answer and an interrupt, and logs what is refused. What is asked and
 * what is answered is the business of the kinds of nodes.
 *
 * A request has two references: one of the wait or work, one of the registration with libfuse.
 * libfuse calls request_interrupted with its own lock on the request held. Taking the registration
 * back waits for that call to return, so that a request is never freed under it. What the static
 * analyzer reports as use after free is this count, which it does not follow.
 */
#include "fs/tree/request.h"

#include "cache/roster/flight.h"
#include "cache/roster/roster.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/path.h"
#include "vendors/base/log.h"
#include "vendors/base/pool.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct request *request_new(struct fs *fs, fuse_req_t req, struct node *node)
{
	const struct fuse_ctx *context = fuse_req_ctx(req);
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->fs = fs;
	request->req = req;
	request->node = node;
	inode_hold(fs, node);
	call_init(&request->call, node->path);
	call_set_caller(&request->call, context->uid, context->gid, context->pid);
	pthread_mutex_init(&request->lock, NULL);
	request->references = 2;
	return request;
}

struct request *request_about_name(fuse_req_t req, struct node *directory,
				   const struct path_name *name)
{
	struct request *request = request_new(fs_of(req), req, directory);
	char path[NODE_PATH_MAX];

	if (!request)
		return NULL;
	node_path(directory, name->text, path);
	snprintf(request->call.path, sizeof(request->call.path), "%s", path);
	request->text = strdup(name->id);
	if (!request->text) {
		request_free(request);
		return NULL;
	}
	request->length = strlen(request->text);
	return request;
}

static void request_put(struct request *request)
{
	bool last;

	pthread_mutex_lock(&request->lock);
	last = --request->references == 0;
	pthread_mutex_unlock(&request->lock);
	if (!last)
		return;
	wait_clear(&request->wait);
	for (size_t i = 0; i < request->question_count; i++) {
		wait_clear(&request->questions[i].wait);
		call_destroy(&request->questions[i].call);
	}
	free(request->questions);
	if (request->text) {
		explicit_bzero(request->text, request->length);
		free(request->text);
	}
	free(request->from);
	inode_drop(request->fs, request->node);
	call_destroy(&request->call);
	pthread_mutex_destroy(&request->lock);
	free(request);
}

/* Return true for the first caller. */
static bool request_claim_first(struct request *request)
{
	bool first;

	pthread_mutex_lock(&request->lock);
	first = !request->claimed;
	request->claimed = true;
	pthread_mutex_unlock(&request->lock);
	return first;
}

static void request_unlist(struct request *request)
{
	pthread_mutex_lock(&request->fs->requests_lock);
	if (request->listed)
		DL_DELETE(request->fs->requests, request);
	request->listed = false;
	pthread_mutex_unlock(&request->fs->requests_lock);
}

bool request_claim(struct request *request)
{
	if (!request_claim_first(request))
		return false;
	fuse_req_interrupt_func(request->req, NULL, NULL);
	request_unlist(request);
	request_put(request); /* the registration's; the caller has its own */
	return true;
}

void request_fail(struct request *request, int error)
{
	/* the kernel would repeat it after ESTALE, unless an open file's */
	if (error == -ESTALE && !request->handle)
		error = -EBUSY;
	log_error(&request->call, error);
	if (request_claim(request))
		fuse_reply_err(request->req, -error); /* NOLINT(clang-analyzer-unix.Malloc) */
}

static void request_done(struct request *request, int error)
{
	request->finish(request, error);
	request_put(request);
}

static void request_settle(struct request *request);

/* The caller has a signal: end its wait now, whatever it waits for. */
static void request_give_up(struct request *request)
{
	struct roster *roster;

	call_cancel(&request->call);
	for (size_t i = 0; i < request->question_count; i++) {
		struct question *question = &request->questions[i];

		call_cancel(&question->call);
		if (flight_leave(question->roster, &question->wait)) {
			question->wait.error = call_interrupted(&question->call);
			request_settle(request);
		}
	}
	pthread_mutex_lock(&request->lock);
	roster = request->roster;
	pthread_mutex_unlock(&request->lock);
	if (roster && flight_leave(roster, &request->wait)) {
		call_interrupted(&request->call);
		request_done(request, -EINTR);
	}
}

/* libfuse calls back from within the registration when the interrupt came before it. */
static _Thread_local bool registering, came_early;

static void request_interrupted(fuse_req_t req, void *data)
{
	struct request *request = data;

	if (registering) {
		came_early = true;
		return;
	}
	if (!request_claim_first(request))
		return;
	request_unlist(request);
	if (request->handle)
		handle_interrupted(request->handle, request->turn, request->size);
	fuse_reply_err(req, EINTR);
	request_give_up(request);
	request_put(request); /* NOLINT(clang-analyzer-unix.Malloc) */
}

/* Make REQUEST interruptible. Return false if it was interrupted before. */
static bool request_park(struct request *request)
{
	pthread_mutex_lock(&request->fs->requests_lock);
	DL_APPEND(request->fs->requests, request);
	request->listed = true;
	pthread_mutex_unlock(&request->fs->requests_lock);
	registering = true;
	came_early = false;
	fuse_req_interrupt_func(request->req, request_interrupted, request);
	registering = false;
	return !came_early;
}

static void request_answered(struct wait *wait)
{
	struct request *request = wait->arg;

	request_done(request, wait->error);
}

void request_ask(struct request *request, struct roster *roster, enum wait_kind kind,
		 const char *id, void (*finish)(struct request *request, int error))
{
	request->finish = finish;
	request->roster = roster;
	request->wait.kind = kind;
	request->wait.id = id;
	request->wait.call = &request->call;
	request->wait.arg = request;
	request->wait.done = request_answered;
	if (!request_park(request)) {
		call_interrupted(&request->call);
		request_done(request, -EINTR);
		return;
	}
	/* From here an interrupt may answer, and an answer may free: nothing below touches it. */
	flight_ask(roster, &request->wait);
}

void request_again(struct request *request, struct roster *roster, enum wait_kind kind,
		   const char *id)
{
	wait_clear(&request->wait);
	pthread_mutex_lock(&request->lock);
	request
	    ->references++; /* for the new wait: the old wait's is released when finish returns */
	request->roster = roster;
	pthread_mutex_unlock(&request->lock);
	request->wait.kind = kind;
	request->wait.id = id;
	flight_ask(roster, &request->wait);
}

/* ---- several rosters at once ---- */

/* Return the error of REQUEST, whose questions are all answered: that of the first that failed, or
 * 0. */
static int request_outcome(struct request *request)
{
	int first = 0;

	for (size_t i = 0; i < request->question_count; i++) {
		struct question *question = &request->questions[i];
		int error = question->wait.error;

		if (!error)
			continue;
		if (request->question_count > 1 && error != -EINTR)
			call_fail_unreadable(&question->call, -error,
					     roster_account(question->roster)->name, "");
		if (first) {
			log_error(&question->call, error);
			continue;
		}
		first = error;
		call_copy_error(&request->call, &question->call);
	}
	return first;
}

/* Count one question less. The last one ends the wait. */
static void request_settle(struct request *request)
{
	bool last;

	pthread_mutex_lock(&request->lock);
	last = --request->open == 0;
	pthread_mutex_unlock(&request->lock);
	if (last)
		request_done(request, request_outcome(request));
}

static void question_answered(struct wait *wait)
{
	struct question *question = wait->arg;

	request_settle(question->request);
}

/* Give REQUEST a question for each of ROSTERS. Return 0 or a negative errno. */
static int prepare_questions(struct request *request, struct roster **rosters, size_t count,
			     const struct wait *asked)
{
	request->questions = calloc(count + 1, sizeof(*request->questions));
	if (!request->questions)
		return call_no_memory(&request->call);
	for (size_t i = 0; i < count; i++) {
		struct question *question = &request->questions[i];

		question->request = request;
		question->roster = rosters[i];
		call_continue(&question->call, &request->call);
		question->wait = *asked;
		question->wait.call = &question->call;
		question->wait.done = question_answered;
		question->wait.arg = question;
	}
	request->question_count = count;
	request->open = count + 1; /* one is ours, until all have been asked */
	return 0;
}

void request_ask_all(struct request *request, struct roster **rosters, size_t count,
		     const struct wait *asked, void (*finish)(struct request *request, int error))
{
	int error = prepare_questions(request, rosters, count, asked);

	request->finish = finish;
	if (!request_park(request) && !error)
		error = call_interrupted(&request->call);
	if (error) {
		request_done(request, error);
		return;
	}
	for (size_t i = 0; i < count; i++)
		flight_ask(request->questions[i].roster, &request->questions[i].wait);
	request_settle(request);
}

/* ---- work ---- */

static void request_run(void *arg)
{
	struct request *request = arg;

	request_done(request, request->work(request));
}

/* Return the threads for REQUEST: those of its account. */
static struct pool *pool_of(const struct request *request)
{
	const struct branch *branch = request->node ? node_branch(request->node) : NULL;

	return branch ? branch->pool : request->fs->pool;
}

void request_work(struct request *request, int (*work)(struct request *request),
		  void (*finish)(struct request *request, int error))
{
	request->finish = finish;
	request->work = work;
	if (!request_park(request)) {
		call_interrupted(&request->call);
		request_done(request, -EINTR);
		return;
	}
	if (pool_run(pool_of(request), request_run, request)) {
		call_fail(&request->call, CALL_NO_MEMORY, "no thread for the work");
		request_done(request, -ENOMEM);
	}
}

void request_go_on(struct request *request, int (*work)(struct request *request),
		   void (*finish)(struct request *request, int error))
{
	request->finish = finish;
	request->work = work;
	pthread_mutex_lock(&request->lock);
	request->references++; /* for the work, as in request_again */
	pthread_mutex_unlock(&request->lock);
	if (pool_run(pool_of(request), request_run, request)) {
		call_fail(&request->call, CALL_NO_MEMORY, "no thread for the work");
		request_done(request, -ENOMEM);
	}
}

void request_work_alone(struct request *request, int (*work)(struct request *request),
			void (*finish)(struct request *request, int error))
{
	request->finish = finish;
	request->work = work;
	request_claim_first(request);
	request_put(request); /* what would be the registration's */
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	if (pool_run(pool_of(request), request_run, request)) {
		call_fail(&request->call, CALL_NO_MEMORY, "no thread for the work");
		request_done(request, -ENOMEM);
	}
}

void request_free(struct request *request)
{
	request_put(request);
	request_put(request); /* NOLINT(clang-analyzer-unix.Malloc) */
}

void request_begin_refusal(struct call *call, fuse_req_t req, const char *path, int error,
			   const char *words)
{
	const struct fuse_ctx *context = fuse_req_ctx(req);

	call_init(call, path);
	call_set_caller(call, context->uid, context->gid, context->pid);
	call_fail_errno(call, -error, "%s", words);
	log_error(call, error);
}

void request_note(fuse_req_t req, const char *path, const char *words)
{
	const struct fuse_ctx *context = fuse_req_ctx(req);
	struct call call;

	call_init(&call, path);
	call_set_caller(&call, context->uid, context->gid, context->pid);
	log_call(&call, "%s", words);
	call_destroy(&call);
}

int request_refuse(fuse_req_t req, const char *path, int error, const char *words)
{
	struct call call;

	request_begin_refusal(&call, req, path, error, words);
	call_destroy(&call);
	return error;
}

const char *request_read_only(const struct node *directory)
{
	if (directory->ops->is_read_only)
		return "tables are read-only; write to the files in the vendor's directory";
	if (node_branch(directory) && !node_branch(directory)->users)
		return "this vendor's users are kept by hand; see MANUAL";
	return NULL;
}

void request_refuse_name(fuse_req_t req, const struct node *directory, const char *name, int error,
			 const char *words)
{
	char path[NODE_PATH_MAX];

	node_path(directory, name, path);
	if (request_read_only(directory)) {
		error = -EROFS;
		words = request_read_only(directory);
	}
	fuse_reply_err(req, -request_refuse(req, path, error, words));
}

void request_cancel_all(struct fs *fs)
{
	struct request *request;

	pthread_mutex_lock(&fs->requests_lock);
	DL_FOREACH(fs->requests, request)
		call_cancel(&request->call);
	pthread_mutex_unlock(&fs->requests_lock);
}
