/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c - see file.h.
 *
 * An open file keeps the node that it was opened for: a rename may have put another node behind
 * its number.
 */
#include "fs/file.h"

#include "fs/tree/emptied.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/open.h"
#include "fs/tree/pages.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"
#include "vendors/base/process.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

void file_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_OPEN);
	struct node *node = inode_node(fs, ino);

	if (node->ops->open)
		node->ops->open(req, ino, node, fi);
	else if (!node->ops->write)
		open_read_only(req, ino, node, fi);
	else
		open_plain(req, ino, node, fi);
}

void file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_READ);
	struct handle *handle = handle_of(fi);
	const struct node_ops *ops = handle->node->ops;
	char *data;
	ssize_t count;

	atomic_store(&handle->used, true);
	if (handle->paged)
		pages_dropped(fs, ino, &handle->drops);
	/* no process reads, but a page is brought: for mmap or sendfile */
	else if (!fi->lock_owner && !handle->shares)
		pages_forget(fs, ino);
	count = ops->read ? ops->read(handle, offset, size, &data)
			  : handle_read(handle, offset, size, &data);
	if (count < 0)
		fuse_reply_err(req, (int)-count);
	else
		fuse_reply_buf(req, data, (size_t)count);
	/* the answer of a query may have a token */
	if (ops->read && count > 0)
		explicit_bzero(data, (size_t)count);
	free(data);
}

void file_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		struct fuse_file_info *fi)
{
	struct handle *handle = handle_of(fi);
	const struct node *node = handle->node;

	fs_asked(req, ASKED_WRITE);
	view_written(handle, ino);
	if (!size)
		fuse_reply_write(req, 0);
	else if (node->ops->write)
		node->ops->write(req, handle, data, size, offset);
	else
		fuse_reply_err(req,
			       -request_refuse(req, node->path, -EPERM, "this file is read-only"));
}

static void flush_or_sync(fuse_req_t req, struct handle *handle, bool alone)
{
	atomic_store(&handle->used, true);
	if (handle->node->ops->flush)
		handle->node->ops->flush(req, handle, alone);
	else
		fuse_reply_err(req, 0);
}

void file_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fs_asked(req, ASKED_FLUSH);
	/* the kernel waits for this answer even when the process has been killed */
	flush_or_sync(req, handle_of(fi), process_is_exiting(fuse_req_ctx(req)->pid));
}

void file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)ino;
	(void)datasync;
	fs_asked(req, ASKED_FSYNC);
	flush_or_sync(req, handle_of(fi), false);
}

void file_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
	       struct fuse_pollhandle *waiter)
{
	struct handle *handle = handle_of(fi);

	(void)ino;
	fs_asked(req, ASKED_POLL);
	if (handle->node->ops->poll) {
		handle->node->ops->poll(req, handle, waiter);
		return;
	}
	if (waiter)
		fuse_pollhandle_destroy(waiter);
	fuse_reply_poll(req, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
}

void file_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fs_asked(req, ASKED_RELEASE);
	emptied_tell(handle_of(fi));
	open_end(handle_of(fi));
	fuse_reply_err(req, 0);
}
