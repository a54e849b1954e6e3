/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open.c - see open.h.
 *
 * What a file shows is its kind's business (node.h).
 */
#include "fs/tree/open.h"

#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

bool open_writes(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY;
}

void open_end(struct handle *handle)
{
	view_close(handle);
	handle_put(handle);
}

void open_answer(fuse_req_t req, struct handle *handle, struct fuse_file_info *fi)
{
	fi->fh = (uint64_t)(uintptr_t)handle;
	/* interrupted on its way: no release will come */
	if (fuse_reply_open(req, fi) == -ENOENT)
		open_end(handle);
}

void open_reply(fuse_req_t req, struct handle *handle, fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (view_open(handle, req, ino, fi)) {
		open_answer(req, handle, fi);
	} else {
		open_end(handle);
		fuse_reply_err(req, ESTALE);
	}
}

/* Open NODE with TEXT (takes it; NULL: no memory). */
static void open_with(fuse_req_t req, fuse_ino_t ino, struct node *node, char *text,
		      struct fuse_file_info *fi)
{
	struct handle *handle = text ? handle_new(fs_of(req), node, NULL, fi->flags) : NULL;

	if (!handle) {
		free(text);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	handle->fixed = text;
	handle->fixed_length = strlen(text);
	open_reply(req, handle, ino, fi);
}

void open_text(fuse_req_t req, struct node *node, const char *text, struct fuse_file_info *fi)
{
	open_with(req, inode_of(fs_of(req), node), node, strdup(text), fi);
}

void open_plain(fuse_req_t req, fuse_ino_t ino, struct node *node, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	const char *constant = node_constant(fs, node);
	struct handle *handle;

	if (constant) {
		open_with(req, ino, node, strdup(constant), fi);
		return;
	}
	handle = handle_new(fs, node, NULL, fi->flags);
	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	errno = 0;
	if (node->ops->text)
		handle->fixed = node->ops->text(fs, node, &handle->fixed_length);
	if (node->ops->text && !handle->fixed) {
		/* without lack of memory, the user that the text is about is gone */
		fuse_reply_err(req, errno == ENOMEM ? ENOMEM : ESTALE);
		open_end(handle);
		return;
	}
	open_reply(req, handle, ino, fi);
}

void open_read_only(fuse_req_t req, fuse_ino_t ino, struct node *node, struct fuse_file_info *fi)
{
	int error = node_branch(node) ? -EROFS : -EPERM;

	if (open_writes(fi->flags))
		fuse_reply_err(req,
			       -request_refuse(req, node->path, error, "this text is read-only"));
	else
		open_plain(req, ino, node, fi);
}
