/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query_file.c - see query_file.h.
 *
 * Collects the request in the handle's buffer and keeps the answer in its fixed text; both hold
 * secrets and are wiped. Only the vendor's code reads the request and the answer.
 */
#include "fs/control/query_file.h"

#include "cache/document/document.h"
#include "cache/update/transact.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/open.h"
#include "fs/tree/request.h"
#include "vendors/base/limits.h"
#include "vendors/http/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* Forget the answer to the last request. */
static void forget_answer_locked(struct handle *handle)
{
	if (handle->fixed)
		explicit_bzero(handle->fixed, handle->fixed_length);
	free(handle->fixed);
	handle->fixed = NULL;
	handle->fixed_length = 0;
	handle->answer_at = 0;
	handle->answer_read = false;
}

static void begin_query_locked(struct handle *handle)
{
	if (handle->buffer)
		explicit_bzero(handle->buffer, handle->room);
	handle->length = 0;
	handle->unsent = true;
	document_init(&handle->scanner);
}

static bool query_is_blank(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && text[i] && strchr(" \t\r\n", text[i]))
		i++;
	return i == length;
}

/* Take DATA as the next piece. Return HANDLE_COMMIT if it completes the request, HANDLE_DONE, or a
 * negative errno and *WHY (static; NULL: it has been logged). */
static int collect_request(struct handle *handle, const char *data, size_t size, const char **why)
{
	enum document_state state;
	int error = 0;

	*why = "no memory";
	pthread_mutex_lock(&handle->lock);
	if (handle->sticky) { /* this is the rest of what was too large, and no request */
		*why = NULL;
		pthread_mutex_unlock(&handle->lock);
		return handle->sticky;
	}
	if (!handle->unsent && query_is_blank(data, size)) {
		pthread_mutex_unlock(&handle->lock);
		return HANDLE_DONE; /* the newline after a request that was sent */
	}
	forget_answer_locked(handle);
	if (!handle->unsent)
		begin_query_locked(handle);
	state = document_feed(&handle->scanner, data, size);
	if (handle->length + size > LIMITS_TEXT_MAX) {
		*why = "a request may have at most " LIMITS_TEXT_WORDS ": nothing was sent";
		error = handle->sticky = -EFBIG;
	} else if (state == DOCUMENT_WRONG) {
		*why = handle->scanner.why ? handle->scanner.why
					   : "not a JSON object; nothing was sent";
		error = -EINVAL;
	} else {
		error = handle_append(handle, data, size);
	}
	if (error || state == DOCUMENT_WHOLE)
		handle->unsent = false;
	pthread_mutex_unlock(&handle->lock);
	if (error)
		return error;
	return state == DOCUMENT_WHOLE ? HANDLE_COMMIT : HANDLE_DONE;
}

static int run_query(struct request *request)
{
	struct handle *handle = request->handle;
	char *answer = NULL;
	size_t length = 0;
	int error = transact_send(&request->call, node_branch(request->node)->account,
				  request->fs->guard, request->text, request->length, &answer,
				  &length);

	if (error)
		return error;
	pthread_mutex_lock(&handle->lock);
	forget_answer_locked(handle);
	handle->fixed = answer;
	handle->fixed_length = length;
	pthread_mutex_unlock(&handle->lock);
	return 0;
}

static void query_answered(struct request *request, int error)
{
	if (error)
		request_fail(request, error);
	else if (request_claim(request))
		fuse_reply_write(request->req, request->size);
	handle_put(request->handle);
}

static void write_query(fuse_req_t req, struct handle *handle, const char *data, size_t size,
			off_t offset)
{
	struct request *request;
	const char *why;
	int action = collect_request(handle, data, size, &why);

	(void)offset;
	if (action < 0) {
		if (why)
			request_refuse(req, handle->node->path, action, why);
		fuse_reply_err(req, -action);
		return;
	}
	if (action == HANDLE_DONE) {
		fuse_reply_write(req, size);
		return;
	}
	request = request_new(fs_of(req), req, handle->node);
	if (request)
		request->text = handle_text(handle, &request->length, &request->turn);
	if (!request || !request->text) {
		if (request)
			request_free(request);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->size = size;
	request->handle = handle;
	handle_hold(handle);
	request_work(request, run_query, query_answered);
}

static ssize_t query_read_answer(struct handle *handle, off_t offset, size_t size, char **data)
{
	size_t at, count = 0;

	*data = NULL;
	pthread_mutex_lock(&handle->lock);
	/* the answer begins where its first reader begins, and at 0 for a reader that goes back */
	if (handle->fixed && !handle->answer_read)
		handle->answer_at = offset;
	if (offset < handle->answer_at)
		handle->answer_at = 0;
	at = (size_t)(offset - handle->answer_at);
	if (handle->fixed && at < handle->fixed_length)
		count = handle->fixed_length - at < size ? handle->fixed_length - at : size;
	handle->answer_read = handle->fixed != NULL;
	if (count) {
		*data = malloc(count);
		if (*data)
			memcpy(*data, handle->fixed + at, count);
	}
	pthread_mutex_unlock(&handle->lock);
	return count && !*data ? -ENOMEM : (ssize_t)count;
}

/* The close reports half a request, and one that was too large. Return 0, or a negative errno and
 * *WHY (static; NULL: it has been logged). */
static int check_left(struct handle *handle, const char **why)
{
	int error;

	*why = NULL; /* a sticky error has been logged */
	pthread_mutex_lock(&handle->lock);
	error = handle->sticky;
	if (!error && handle->unsent && handle->length) {
		*why = "not one whole JSON object; nothing was sent";
		error = -EINVAL;
	}
	pthread_mutex_unlock(&handle->lock);
	return error;
}

static void flush_query(fuse_req_t req, struct handle *handle, bool alone)
{
	const char *why;
	int error = check_left(handle, &why);

	(void)alone;
	if (error && why)
		request_refuse(req, handle->node->path, error, why);
	fuse_reply_err(req, -error);
}

static void open_query(fuse_req_t req, fuse_ino_t ino, struct node *node, struct fuse_file_info *fi)
{
	if ((fi->flags & O_ACCMODE) == O_WRONLY)
		fuse_reply_err(
		    req, -request_refuse(
			     req, node->path, -EINVAL,
			     "the answer is read from the same open file; open it for reading "
			     "and writing (in a shell: exec 3<>tokens)"));
	else
		open_plain(req, ino, node, fi);
}

const struct node_ops query_file = {
    .mode = S_IFREG | 0600, /* it takes codes, and shows tokens */
    .is_renewed = true,
    .ignores_size = true,
    .name_seconds = entry_name_never,
    .open = open_query,
    .read = query_read_answer,
    .write = write_query,
    .flush = flush_query,
};
