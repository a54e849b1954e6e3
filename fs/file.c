/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c - read, write, flush.
 *
 * A handle says when what was written is complete, and a complete text or status goes through the
 * one door, cache/update, on a thread of the pool while the request is parked. Nothing here knows
 * JSON or vendors.
 */
#include "fs/file.h"

#include "cache/access/status.h"
#include "cache/record/record.h"
#include "cache/update/update.h"
#include "fs/control/control.h"
#include "fs/control/query_file.h"
#include "fs/memory/draft.h"
#include "fs/memory/mistyped.h"
#include "fs/memory/scratch_text.h"
#include "fs/open.h"
#include "fs/tree/emptied.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/node.h"
#include "fs/tree/pages.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"
#include "vendors/base/log.h"
#include "vendors/base/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_READ);
	struct handle *handle = handle_of(fi);
	/* what the handle was opened for: a rename may have put another node behind the number */
	const struct node *node = handle->node;
	char *data;
	ssize_t count;

	atomic_store(&handle->used, true);
	if (handle->paged)
		pages_dropped(fs, ino, &handle->drops);
	/* no process reads, but a page is brought: for mmap or sendfile */
	else if (!fi->lock_owner && !handle->shares)
		pages_forget(fs, ino);
	if (node->kind == NODE_SCRATCH)
		count = scratch_text_read(node_scratch(node), offset, size, &data);
	else if (node->kind == NODE_TRANSACTION)
		count = query_file_read(handle, offset, size, &data);
	else
		count = handle_read(handle, offset, size, &data);
	if (count < 0)
		fuse_reply_err(req, (int)-count);
	else
		fuse_reply_buf(req, data, (size_t)count);
	free(data);
}

void file_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	fs_asked(req, ASKED_RELEASE);
	emptied_tell(handle_of(fi));
	open_end(handle_of(fi));
	fuse_reply_err(req, 0);
}

/* ---- committing ---- */

int file_save(struct request *request)
{
	struct node *node = request->node;
	struct record_dir *record_dir = node->record_dir;
	int error;

	if (!request->word)
		return update_document(&request->call, record_dir->roster, request->fs->guard,
				       node->id, request->text, request->length);
	error = status_write(&request->call, record_dir->statuses, request->fs->guard, node->id,
			     request->word);
	/* part of it may have been done */
	if (record_dir->statuses != record_dir->roster)
		record_dir_refresh_links(node->branch);
	return error;
}

static int commit(struct request *request)
{
	return request->node->kind == NODE_DRAFT ? draft_commit(request) : file_save(request);
}

static void committed(struct request *request, int error)
{
	struct handle *handle = request->handle;
	struct record *record = NULL;
	double seconds;

	handle_committed(handle, request->turn, error, request->size);
	if (!error && node_is_record(request->node)) {
		/* What this handle reads from now on is what the vendor has. */
		entry_peek(request->node, &record, &seconds);
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

/* Nobody waits for the answer to a dying process's close: it is freed now, the work goes on. */
static void committed_alone(struct request *request, int error)
{
	if (error)
		log_error(&request->call, error);
	handle_committed(request->handle, request->turn, error, 0);
	handle_put(request->handle);
}

/* Send what HANDLE holds. SIZE: of the write that completed it, 0 for a flush or fsync. */
static void start_commit(struct fs *fs, fuse_req_t req, struct handle *handle, size_t size,
			 bool alone)
{
	struct request *request = request_new(fs, req, handle->node);
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
	if (handle->node->kind == NODE_STATUS)
		request->word = status_word(text, request->length);
	handle_hold(handle);
	if (alone) {
		fuse_reply_err(req, 0);
		request_work_alone(request, commit, committed_alone);
	} else {
		request_work(request, commit, committed);
	}
}

static void write_scratch(struct fs *fs, fuse_req_t req, const struct handle *handle,
			  const char *data, size_t size, off_t offset)
{
	off_t at = handle->append ? -1 : offset;
	int error = mistyped_write(req, handle, data, size, at);

	if (error) {
		fuse_reply_err(req, -error);
		return;
	}
	error = scratch_text_write(fs->scratches, node_scratch(handle->node), data, size, at);
	if (error)
		fuse_reply_err(req, -request_refuse(req, handle->node->path, error,
						    error == -EPERM
							? "its text has become a record's: "
							  "write there"
							: "the file can't be kept in memory: see "
							  "scratch_limit"));
	else
		fuse_reply_write(req, size);
}

/*
 * A draft keeps what was written to it, also when that is not yet, or will never be, a document;
 * DATA, of SIZE bytes, is the piece that showed it.
 */
static void keep_draft(struct fs *fs, struct handle *handle, const char *data, size_t size)
{
	struct scratch *scratch = node_scratch(handle->node);
	size_t length;
	char *text = handle_text(handle, &length, NULL);

	if (!text)
		return;
	if (!scratch_text_set_text(fs->scratches, scratch, text, length) && size)
		scratch_text_write(fs->scratches, scratch, data, size, (off_t)length);
	explicit_bzero(text, length);
	free(text);
}

/*
 * What HANDLE holds, and DATA behind it, is refused with ERROR for the first time: WHY. What a
 * write or the vendor has refused before has been told, and is kept, already.
 */
static void refuse_text(struct fs *fs, fuse_req_t req, struct handle *handle, int error,
			const char *why, const char *data, size_t size)
{
	if (handle->node->kind == NODE_DRAFT)
		keep_draft(fs, handle, data, size);
	request_refuse_write(req, handle->node, error, why);
}

static void write_command(struct fs *fs, fuse_req_t req, const struct node *node, const char *data,
			  size_t size)
{
	const char *words;
	char *done;
	int error = control_write(fs, node->kind, data, size, &words, &done);

	if (done)
		request_note(req, node->path, done);
	free(done);
	if (error)
		fuse_reply_err(req, -request_refuse(req, node->path, error, words));
	else
		fuse_reply_write(req, size);
}

void file_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_WRITE);
	struct handle *handle = handle_of(fi);
	struct node *node = handle->node;
	const char *why;
	int action;

	view_written(handle, ino);
	if (!size) {
		fuse_reply_write(req, 0);
		return;
	}
	if (node->kind == NODE_SCRATCH) {
		write_scratch(fs, req, handle, data, size, offset);
		return;
	}
	if (node_is_command(node)) {
		write_command(fs, req, node, data, size);
		return;
	}
	if (node->kind == NODE_TRANSACTION) {
		query_file_write(fs, req, handle, data, size);
		return;
	}
	if (!node_is_record(node) && node->kind != NODE_DRAFT) {
		fuse_reply_err(req, -request_refuse(req, node->path, -EPERM,
						    "this file can only be read"));
		return;
	}
	action = handle_write(handle, data, size, offset, &why);
	if (action < 0 && why)
		refuse_text(fs, req, handle, action, why, data, action == -EINVAL ? size : 0);
	if (action < 0)
		fuse_reply_err(req, -action);
	else if (action == HANDLE_COMMIT)
		start_commit(fs, req, handle, size, false);
	else
		fuse_reply_write(req, size);
}

static void flush_or_sync(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, bool alone)
{
	struct fs *fs = fs_of(req);
	struct node *node = handle_of(fi)->node;
	const char *why;
	int action;

	(void)ino;
	atomic_store(&handle_of(fi)->used, true);
	if (node->kind == NODE_TRANSACTION) {
		action = query_file_flush(handle_of(fi), &why);
		if (action && why)
			request_refuse(req, node->path, action, why);
		fuse_reply_err(req, -action);
		return;
	}
	if ((!node_is_record(node) && node->kind != NODE_DRAFT) || !handle_of(fi)->writable) {
		fuse_reply_err(req, 0);
		return;
	}
	emptied_close(handle_of(fi), req);
	action = handle_flush(handle_of(fi), &why);
	if (action < 0 && why)
		refuse_text(fs, req, handle_of(fi), action, why, NULL, 0);
	if (action == HANDLE_COMMIT)
		start_commit(fs, req, handle_of(fi), 0, alone);
	else
		fuse_reply_err(req, -action);
}

void file_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fs_asked(req, ASKED_FLUSH);
	/* The kernel waits for this answer even when the process has been killed. */
	flush_or_sync(req, ino, fi, process_is_exiting(fuse_req_ctx(req)->pid));
}

void file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)datasync;
	fs_asked(req, ASKED_FSYNC);
	flush_or_sync(req, ino, fi, false);
}

int file_truncate(fuse_req_t req, struct handle *handle, off_t length)
{
	const char *why;
	int error;

	atomic_store(&handle->used, true);
	if (handle->node->kind == NODE_SCRATCH)
		return scratch_text_truncate(fs_of(req)->scratches, node_scratch(handle->node),
					     length);
	error = handle_truncate(handle, length, &why);
	if (error)
		request_refuse(req, handle->node->path, error, why);
	return error;
}
