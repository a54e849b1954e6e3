/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_node.c - see scratch_node.h.
 *
 * The kernel asks for these each time, because they come and go.
 */
#include "fs/memory/scratch_node.h"

#include "fs/memory/mistyped.h"
#include "fs/memory/scratch.h"
#include "fs/memory/scratch_open.h"
#include "fs/memory/scratch_text.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/open.h"
#include "fs/tree/pages.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"

#include <errno.h>

void scratch_node_hold(struct fs *fs, void *scratch)
{
	scratch_hold(fs->scratches, scratch);
}

void scratch_node_release(struct fs *fs, void *scratch)
{
	scratch_put(fs->scratches, scratch);
}

void scratch_node_attr(struct fs *fs, struct node *node, const struct record *record,
		       struct stat *attr)
{
	(void)fs;
	(void)record;
	scratch_text_attr(scratch_node_of(node), attr);
}

void scratch_node_count_open(struct node *node, int count)
{
	scratch_open_count(scratch_node_of(node), count);
}

int scratch_node_truncate_name(struct fs *fs, struct node *node, off_t length)
{
	return scratch_text_truncate(fs->scratches, scratch_node_of(node), length);
}

bool scratch_node_may_open(struct fs *fs, struct node *node, int flags)
{
	struct scratch *scratch = scratch_node_of(node);

	if (!open_writes(flags))
		return !scratch_open_is_gone(fs->scratches, scratch) ||
		       scratch_open_was_record(scratch);
	return !scratch_open_is_gone(fs->scratches, scratch) && scratch_open_allowed(scratch);
}

/* ---- a file ---- */

static void open_scratch(fuse_req_t req, fuse_ino_t ino, struct node *node,
			 struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct handle *handle;

	if (!scratch_node_may_open(fs, node, fi->flags)) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	handle = handle_new(fs, node, NULL, fi->flags);
	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	view_opened(handle, req, ino);
	/* a backup, by the number of the record that others still read */
	fi->direct_io = pages_has_readers(fs, ino);
	open_answer(req, handle, fi);
}

static ssize_t read_scratch(struct handle *handle, off_t offset, size_t size, char **data)
{
	return scratch_text_read(scratch_node_of(handle->node), offset, size, data);
}

static void write_scratch(fuse_req_t req, struct handle *handle, const char *data, size_t size,
			  off_t offset)
{
	off_t at = handle->append ? -1 : offset;
	int error = mistyped_write(req, handle, data, size, at);

	if (error) {
		fuse_reply_err(req, -error);
		return;
	}
	error = scratch_text_write(fs_of(req)->scratches, scratch_node_of(handle->node), data, size,
				   at);
	if (error)
		fuse_reply_err(
		    req,
		    -request_refuse(req, handle->node->path, error,
				    error == -EPERM
					? "its text has become a record's; write to the record"
					: "the file does not fit in memory; raise scratch_limit"));
	else
		fuse_reply_write(req, size);
}

static int truncate_scratch(fuse_req_t req, struct handle *handle, off_t length)
{
	return scratch_text_truncate(fs_of(req)->scratches, scratch_node_of(handle->node), length);
}

const struct node_ops scratch_node_file = {
    .mode = S_IFREG | 0600, /* it may hold passwords, codes, tokens */
    .is_cached = true,
    .attr = scratch_node_attr,
    .truncate = truncate_scratch,
    .open = open_scratch,
    .read = read_scratch,
    .write = write_scratch,
    SCRATCH_NODE_OPERATIONS,
};

/* ---- a link ---- */

/* A target that somebody chose may be longer than any path of a node. */
static void read_scratch_link(fuse_req_t req, struct node *node)
{
	fuse_reply_readlink(req, scratch_text_target(scratch_node_of(node)));
}

const struct node_ops scratch_node_link = {
    .mode = S_IFLNK | 0777,
    .attr = scratch_node_attr,
    .readlink = read_scratch_link,
    SCRATCH_NODE_OPERATIONS,
};
