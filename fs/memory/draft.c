/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.c - see draft.h.
 *
 * Decides when a file in memory is posted, and what it is then. The post itself is cache/update's.
 * It must not know JSON or vendors.
 */
#include "fs/memory/draft.h"

#include "cache/record/write_lock.h"
#include "cache/roster/roster.h"
#include "cache/update/create.h"
#include "fs/memory/scratch.h"
#include "fs/memory/scratch_node.h"
#include "fs/memory/scratch_text.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/open.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/save.h"
#include "fs/tree/view.h"
#include "vendors/base/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Return the id of the record that SCRATCH, or what stands at the name that it is posted by, has
 * become; the caller frees it. NULL: none. */
static char *draft_find_made(const struct request *request, struct scratch *scratch)
{
	struct scratches *all = request->fs->scratches;
	char *id = scratch_text_id(scratch);
	struct scratch *there = id ? NULL : scratch_get(all, request->call.path);

	if (there)
		id = scratch_text_id(there);
	scratch_put(all, there);
	return id;
}

/* Lock the draft's name: a post whose writer was interrupted goes on, and another post would create
 * a second record. Return 0 or a negative errno. */
static int begin_post(struct request *request, struct scratch *scratch)
{
	struct roster *roster = node_record_dir(request->node)->roster;
	int error = write_lock_take_draft(roster_write_lock(roster), &request->call,
					  request->call.path);
	char *id = error ? NULL : draft_find_made(request, scratch);

	if (id) {
		write_lock_release(roster_write_lock(roster), request->call.path);
		error = call_fail(&request->call, CALL_FORBIDDEN,
				  "already created, as record %s; write there", id);
	}
	free(id);
	return error;
}

static void end_post(struct request *request)
{
	write_lock_release(roster_write_lock(node_record_dir(request->node)->roster),
			   request->call.path);
}

static int post_text(struct request *request, struct scratch *scratch)
{
	struct fs *fs = request->fs;
	char *id = NULL;
	int error = create_record(&request->call, node_record_dir(request->node)->roster, fs->guard,
				  request->text, request->length, &id);

	if (id)
		scratch_text_become(fs->scratches, scratch, id);
	free(id);
	return error;
}

int draft_post(struct request *request, struct scratch *scratch)
{
	int error = begin_post(request, scratch);

	if (error)
		return error;
	error = post_text(request, scratch);
	end_post(request);
	return error;
}

/* Keep REQUEST's text, which is complete, in its node, and post it. */
static int commit_draft(struct request *request)
{
	struct scratch *scratch = scratch_node_of(request->node);
	int error = begin_post(request, scratch);

	if (error)
		return error;
	error = scratch_text_set_text(request->fs->scratches, scratch, request->text,
				      request->length);
	if (error && !request->call.words[0])
		call_fail_errno(&request->call, -error,
				"the file does not fit in memory; raise scratch_limit");
	if (!error && request->length)
		error = post_text(request, scratch);
	end_post(request);
	return error;
}

/* ---- the file ---- */

static void open_draft(fuse_req_t req, fuse_ino_t ino, struct node *node, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct handle *handle;

	if (!scratch_node_may_open(fs, node, fi->flags)) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	handle = handle_new(fs, node, NULL, fi->flags);
	if (handle)
		handle->fixed = scratch_text_copy(scratch_node_of(node), &handle->fixed_length);
	if (!handle || !handle->fixed) {
		if (handle)
			open_end(handle);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	open_reply(req, handle, ino, fi);
}

/*
 * A draft keeps what was written to it, even if that is not yet, or will never be, a document;
 * DATA, of SIZE bytes, is the piece that showed it.
 */
static void keep_draft(struct handle *handle, const char *data, size_t size)
{
	struct scratches *scratches = handle->fs->scratches;
	struct scratch *scratch = scratch_node_of(handle->node);
	size_t length;
	char *text = handle_text(handle, &length, NULL);

	if (!text)
		return;
	if (!scratch_text_set_text(scratches, scratch, text, length) && size)
		scratch_text_write(scratches, scratch, data, size, (off_t)length);
	explicit_bzero(text, length);
	free(text);
}

const struct node_ops draft_file = {
    .mode = S_IFREG | 0600, /* it may hold passwords */
    .attr = scratch_node_attr,
    .truncate = save_truncate,
    .open = open_draft,
    .write = save_write,
    .flush = save_flush,
    .commit = commit_draft,
    .keep = keep_draft,
    SCRATCH_NODE_OPERATIONS,
};

/* ---- the link that it becomes ---- */

static void target_of_made(const struct node *node, char *target)
{
	char name[RECORD_DIR_NAME_MAX] = "";
	char *id = scratch_text_id(scratch_node_of(node));

	if (id)
		record_dir_name(node_record_dir(node), id, ".json", name);
	free(id);
	snprintf(target, NODE_PATH_MAX, "../%s", name);
}

const struct node_ops draft_made = {
    .mode = S_IFLNK | 0777,
    .attr = node_attr_target,
    .target = target_of_made,
    SCRATCH_NODE_OPERATIONS,
};
