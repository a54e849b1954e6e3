/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emptied.c - see emptied.h.
 *
 * A release has no pid, so the caller is noted at each close. A shell closes a file that it goes on
 * writing to (the descriptor that it had before dup2), so nothing is logged until the release.
 */
#include "fs/tree/emptied.h"

#include "fs/tree/node.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"

#include <stdlib.h>

static bool is_empty_locked(const struct handle *handle)
{
	return handle->emptied && !handle->length && !handle->sticky &&
	       node_is_record(handle->node);
}

static void free_closer(struct call *closer)
{
	if (closer)
		call_destroy(closer);
	free(closer);
}

void emptied_close(struct handle *handle, fuse_req_t req)
{
	const struct fuse_ctx *context = fuse_req_ctx(req);
	struct call *closer, *before;
	bool empty;

	pthread_mutex_lock(&handle->lock);
	empty = is_empty_locked(handle);
	pthread_mutex_unlock(&handle->lock);
	closer = empty ? malloc(sizeof(*closer)) : NULL;
	if (!closer)
		return;
	call_init(closer, handle->node->path);
	call_set_caller(closer, context->uid, context->gid, context->pid);
	pthread_mutex_lock(&handle->lock);
	before = handle->closer;
	handle->closer = closer;
	pthread_mutex_unlock(&handle->lock);
	free_closer(before);
}

void emptied_tell(struct handle *handle)
{
	pthread_mutex_lock(&handle->lock);
	if (handle->closer && is_empty_locked(handle))
		log_call(handle->closer, "truncated and closed without a text; nothing was sent");
	pthread_mutex_unlock(&handle->lock);
}

void emptied_clear(struct handle *handle)
{
	free_closer(handle->closer);
	handle->closer = NULL;
}
