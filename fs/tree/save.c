/* SPDX-License-Identifier: Apache-2.0 */
/*
 * save.c - see save.h.
 *
 * A handle decides when what was written is complete. The node's commit operation then sends it, on
 * a thread of the pool while the request is parked. Nothing here knows JSON or vendors.
 */
#include "fs/tree/save.h"

#include "fs/tree/emptied.h"
#include "fs/tree/handle.h"
#include "fs/tree/node.h"
#include "fs/tree/node_record.h"
#include "fs/tree/request.h"
#include "vendors/base/log.h"

#include <errno.h>

static int commit_text(struct request *request)
{
	return request->node->ops->commit(request);
}

static void save_committed(struct request *request, int error)
{
	struct handle *handle = request->handle;
	struct record *record = NULL;
	double seconds;

	handle_committed(handle, request->turn, error, request->size);
	if (!error) {
		/* what this handle reads from now on is what the vendor has */
		node_record_peek(request->node, &record, &seconds);
		handle_show(handle, record);
	}
	if (error) {
		request_fail(request, error);
	} else if (request_claim(request)) {
		if (request->size)
			fuse_reply_write(request->req, request->size);
		else
			fuse_reply_err(request->req, 0);
	}
	handle_put(handle);
}

/* No process waits for the answer to a dying process's close: it is freed now, the work goes on. */
static void save_committed_alone(struct request *request, int error)
{
	if (error)
		log_error(&request->call, error);
	handle_committed(request->handle, request->turn, error, 0);
	handle_put(request->handle);
}

/* Send what HANDLE holds. SIZE: of the write that completed it, 0 for a flush or fsync. */
static void start_commit(fuse_req_t req, struct handle *handle, size_t size, bool alone)
{
	struct request *request = request_new(fs_of(req), req, handle->node);
	char *text = request ? handle_text(handle, &request->length, &request->turn) : NULL;

	if (!text) {
		if (request)
			request_free(request);
		handle_committed(handle, handle->turn, -ENOMEM, size);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->text = text;
	request->size = size;
	request->handle = handle;
	handle_hold(handle);
	if (alone) {
		fuse_reply_err(req, 0);
		request_work_alone(request, commit_text, save_committed_alone);
	} else {
		request_work(request, commit_text, save_committed);
	}
}

int save_refuse(fuse_req_t req, const struct node *node, int error, const char *words)
{
	if (node->ops->refuse)
		return node->ops->refuse(req, node, error, words);
	return request_refuse(req, node->path, error, words);
}

/*
 * What HANDLE holds, and DATA behind it, is refused with ERROR for the first time: WHY. What a
 * write or the vendor has refused before has been told, and is kept, already.
 */
static void refuse_text(fuse_req_t req, struct handle *handle, int error, const char *why,
			const char *data, size_t size)
{
	if (handle->node->ops->keep)
		handle->node->ops->keep(handle, data, size);
	save_refuse(req, handle->node, error, why);
}

void save_write(fuse_req_t req, struct handle *handle, const char *data, size_t size, off_t offset)
{
	const char *why;
	int action = handle_write(handle, data, size, offset, &why);

	if (action < 0 && why)
		refuse_text(req, handle, action, why, data, action == -EINVAL ? size : 0);
	if (action < 0)
		fuse_reply_err(req, -action);
	else if (action == HANDLE_COMMIT)
		start_commit(req, handle, size, false);
	else
		fuse_reply_write(req, size);
}

void save_flush(fuse_req_t req, struct handle *handle, bool alone)
{
	const char *why;
	int action;

	if (!handle->writable) {
		fuse_reply_err(req, 0);
		return;
	}
	emptied_close(handle, req);
	action = handle_flush(handle, &why);
	if (action < 0 && why)
		refuse_text(req, handle, action, why, NULL, 0);
	if (action == HANDLE_COMMIT)
		start_commit(req, handle, 0, alone);
	else
		fuse_reply_err(req, -action);
}

int save_truncate(fuse_req_t req, struct handle *handle, off_t length)
{
	const char *why;
	int error = handle_truncate(handle, length, &why);

	if (error)
		request_refuse(req, handle->node->path, error, why);
	return error;
}
