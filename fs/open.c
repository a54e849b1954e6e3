/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open.c - opening files: what an open file shows.
 *
 * A record that nobody knows yet is asked for while the request is parked. What is then read and
 * written through the handle is file.c's business.
 */
#include "fs/open.h"

#include "cache/record/record.h"
#include "fs/people/email_dir.h"
#include "fs/control/control.h"
#include "fs/control/history_dir.h"
#include "fs/control/query_file.h"
#include "fs/memory/scratch.h"
#include "fs/memory/scratch_open.h"
#include "fs/memory/scratch_text.h"
#include "fs/people/unread.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/notify.h"
#include "fs/tree/pages.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"
#include "vendors/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

void open_end(struct handle *handle)
{
	view_close(handle);
	handle_put(handle);
}

/* HANDLE is ready. */
static void answer(fuse_req_t req, struct handle *handle, struct fuse_file_info *fi)
{
	fi->fh = (uint64_t)(uintptr_t)handle;
	/* Interrupted on its way: no release will come. */
	if (fuse_reply_open(req, fi) == -ENOENT)
		open_end(handle);
}

static void reply_open(fuse_req_t req, struct handle *handle, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	if (view_open(handle, req, ino, fi)) {
		answer(req, handle, fi);
	} else {
		open_end(handle);
		fuse_reply_err(req, ESTALE);
	}
}

/* A newer record than HANDLE's, with a reference, or NULL: it shows the newest. */
static struct record *find_newer(struct handle *handle)
{
	struct record *newest;
	double seconds;

	entry_peek(handle->node, &newest, &seconds);
	if (newest && newest->version == handle->record->version) {
		record_put(newest);
		return NULL;
	}
	return newest;
}

/*
 * Open NODE by its number INO, which shows RECORD (takes its reference). From when HANDLE counts as
 * a reader on, nobody is told the size of another version: so the version must be looked at after
 * that.
 */
static void open_record(struct fs *fs, fuse_req_t req, struct node *node, fuse_ino_t ino,
			struct record *record, struct fuse_file_info *fi)
{
	struct handle *handle;

	do {
		if (node->kind == NODE_JSON && (fi->flags & O_ACCMODE) != O_WRONLY)
			atomic_store(&record->shown, true);
		handle = handle_new(fs, node, record, fi->flags);
		if (!handle) {
			record_put(record);
			fuse_reply_err(req, ENOMEM);
			return;
		}
		if (!view_open(handle, req, ino, fi)) {
			open_end(handle);
			fuse_reply_err(req, ESTALE);
			return;
		}
		record = handle->writable || handle->again ? NULL : find_newer(handle);
		if (record)
			open_end(handle);
	} while (record);
	/* The kernel reads as far as it thinks the file goes: it must not think of another version.
	 */
	if (pages_was_told(fs, node, handle->record->version))
		notify_attributes(fs, node);
	answer(req, handle, fi);
}

static void opened(struct request *request, int error)
{
	struct record *record;

	if (entry_again(request, error))
		return;
	error = entry_found(request, error, &record);
	if (error == -ENOENT) {
		/* The kernel looks the name up again, and finds or creates nothing. */
		log_error(&request->call, error);
		if (request_claim(request))
			fuse_reply_err(request->req, ESTALE);
		return;
	}
	if (error) {
		request_fail(request, error);
		return;
	}
	if (request_claim(request))
		open_record(request->fs, request->req, request->node, request->ino,
			    record_get(record), &request->fi);
}

/* README, MANUAL and .rosterfs: what is read is what there was at the open. */
static void open_fixed(struct fs *fs, fuse_req_t req, struct node *node, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	struct handle *handle = handle_new(fs, node, NULL, fi->flags);

	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (node_text(node)) {
		handle->fixed = strdup(node_text(node));
		if (!handle->fixed) {
			handle_put(handle);
			fuse_reply_err(req, ENOMEM);
			return;
		}
		handle->fixed_length = strlen(handle->fixed);
	} else if (history_dir_is(node)) {
		handle->fixed = history_dir_text(fs, node, &handle->fixed_length);
	} else {
		handle->fixed = control_text(fs, node->kind, &handle->fixed_length);
	}
	reply_open(req, handle, ino, fi);
}

void open_text(struct fs *fs, fuse_req_t req, struct node *node, const char *text,
	       struct fuse_file_info *fi)
{
	struct handle *handle = handle_new(fs, node, NULL, fi->flags);

	if (handle)
		handle->fixed = strdup(text);
	if (!handle || !handle->fixed) {
		if (handle)
			handle_put(handle);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	handle->fixed_length = strlen(text);
	reply_open(req, handle, inode_of(fs, node), fi);
}

/* What HANDLE, on a draft or a record, reads at first. False: no memory. */
static bool load_draft(struct handle *handle)
{
	handle->fixed = scratch_text_copy(node_scratch(handle->node), &handle->fixed_length);
	return handle->fixed;
}

/* Others may read the new one as well by then, but not each time. */
#define RENEWED_MAX 3

/*
 * A handle that writes *NODE anew, or, if others read what goes by its number, the node that then
 * gets its name. NULL: no memory. *NODE's reference is kept, or changed for the other's.
 */
static struct handle *new_handle(struct fs *fs, fuse_req_t req, struct node **node, int flags)
{
	struct record *record = NULL;
	struct handle *handle;
	struct node *renewed;
	double seconds = 0;

	for (int turn = 0;; turn++) {
		if (node_is_record(*node))
			entry_peek(*node, &record, &seconds);
		handle = handle_new(fs, *node, record, flags);
		if (!handle) {
			record_put(record);
			return NULL;
		}
		if (view_create(handle, req, turn == RENEWED_MAX))
			return handle;
		open_end(handle);
		renewed = inode_find(fs, (*node)->path);
		if (!renewed)
			return NULL;
		inode_drop(fs, *node);
		*node = renewed;
	}
}

/*
 * A new file in memory, or the record's file whose owner has renamed it away: it is written from
 * its start.
 */
void open_new(struct fs *fs, fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	struct handle *handle = new_handle(fs, req, &node, fi->flags | O_TRUNC);
	struct fuse_entry_param entry;

	if (!handle) {
		inode_drop(fs, node);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	entry_fill(fs, node, handle->record, 0, &entry);
	view_opened(handle, req, entry.ino);
	fi->direct_io = node->kind != NODE_SCRATCH;
	fi->fh = (uint64_t)(uintptr_t)handle;
	if (fuse_reply_create(req, &entry, fi) == -ENOENT) {
		open_end(handle);
		inode_forget(fs, entry.ino, 1);
	}
}

/* A file in memory. */
static void open_scratch(struct fs *fs, fuse_req_t req, struct node *node, fuse_ino_t ino,
			 struct fuse_file_info *fi)
{
	bool writes = (fi->flags & O_ACCMODE) != O_RDONLY;
	struct handle *handle;

	/* A record may have stood here when the kernel looked: then it looks again. */
	if (scratch_is_gone(fs->scratches, node_scratch(node)) ||
	    (writes && !scratch_open_allowed(node_scratch(node)))) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	handle = handle_new(fs, node, NULL, fi->flags);
	if (handle && node->kind == NODE_DRAFT && !load_draft(handle)) {
		open_end(handle);
		handle = NULL;
	}
	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (node->kind == NODE_DRAFT) {
		reply_open(req, handle, ino, fi);
		return;
	}
	view_opened(handle, req, ino);
	/* a backup, by the number of the record that others still read */
	fi->direct_io = pages_has_readers(fs, ino);
	fi->fh = (uint64_t)(uintptr_t)handle;
	if (fuse_reply_open(req, fi) == -ENOENT)
		open_end(handle);
}

/* What is no record's. */
static void open_other(struct fs *fs, fuse_req_t req, struct node *node, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	bool writes = (fi->flags & O_ACCMODE) != O_RDONLY;
	const char *why = "this text can only be read";
	int error = 0;

	if ((node_text(node) || node->kind == NODE_SIMILAR) && writes)
		error = node->kind == NODE_MANUAL ? -EROFS : -EPERM;
	else if (node->kind == NODE_TRANSACTION)
		error = query_file_open(fi->flags, &why);
	if (error)
		fuse_reply_err(req, -request_refuse(req, node->path, error, why));
	else if (node->kind == NODE_PERSON_UNREAD)
		unread_open(req, node, fi->flags);
	else if (node_scratch(node))
		open_scratch(fs, req, node, ino, fi);
	else if (node->kind == NODE_SIMILAR)
		email_dir_open_text(req, node, fi);
	else
		open_fixed(fs, req, node, ino, fi);
}

void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_OPEN);
	struct node *node = inode_node(fs, ino);
	struct record *record = NULL;
	struct request *request;
	double seconds;

	if (!node_is_record(node)) {
		open_other(fs, req, node, ino, fi);
		return;
	}
	entry_peek(node, &record, &seconds);
	if (record && seconds > 0) {
		open_record(fs, req, node, ino, record, fi);
		return;
	}
	record_put(record);
	request = request_new(fs, req, node);
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->ino = ino;
	request->fi = *fi;
	entry_ask(request, opened);
}
