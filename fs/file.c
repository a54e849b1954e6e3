/*
 * file.c - open, read, write, flush.
 *
 * The way of a file request: the node says what is shown, a handle says when what was written is
 * complete, and a complete text or status goes through the one door, cache/update, on a thread of
 * the pool while the request is parked. Nothing here knows JSON or vendors.
 */
#include "fs/ops.h"

#include "cache/record.h"
#include "cache/update.h"
#include "fs/control.h"
#include "fs/draft.h"
#include "fs/entry.h"
#include "fs/handle.h"
#include "fs/node.h"
#include "fs/notify.h"
#include "fs/past.h"
#include "fs/request.h"
#include "fs/scratch.h"
#include "fs/shelf.h"
#include "fs/transaction.h"
#include "vendors/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct handle *handle_of(const struct fuse_file_info *fi)
{
	return (struct handle *)(uintptr_t)fi->fh;
}

/* ---- opening ---- */

/*
 * How the kernel may read HANDLE. Its pages belong to the inode, not to the open file: they are
 * used when they hold this version, dropped when nobody reads another version through them, and
 * otherwise this handle reads past them.
 */
static void choose_pages(struct handle *handle, struct fuse_file_info *fi)
{
	struct node *node = handle->node;
	uint64_t version = handle->record ? handle->record->version : 1;

	fi->noflush = !handle->writable;
	if (handle->writable || (!handle->record && !node_text(node))) {
		fi->direct_io = 1;
		return;
	}
	pthread_mutex_lock(&node->lock);
	fi->keep_cache = node->page_version == version;
	if (!fi->keep_cache && node->page_opens) {
		fi->direct_io = 1;
	} else {
		node->page_version = version;
		node->page_opens++;
		handle->paged = true;
	}
	pthread_mutex_unlock(&node->lock);
}

/* The kernel reads as far as it thinks the file goes: it must not think of another version. */
static void tell_version(struct fs *fs, struct node *node, const struct record *record)
{
	bool old;

	pthread_mutex_lock(&node->lock);
	old = node->told_version != record->version;
	node->told_version = record->version;
	pthread_mutex_unlock(&node->lock);
	if (old)
		notify_attributes(fs, node);
}

struct record *file_pages(const struct fuse_file_info *fi)
{
	return handle_of(fi)->paged ? handle_of(fi)->record : NULL;
}

static void release_handle(struct handle *handle)
{
	struct node *node = handle->node;

	if (handle->paged) {
		pthread_mutex_lock(&node->lock);
		node->page_opens--;
		pthread_mutex_unlock(&node->lock);
	}
	handle_put(handle);
}

static void reply_open(fuse_req_t req, struct handle *handle, struct fuse_file_info *fi)
{
	choose_pages(handle, fi);
	fi->fh = (uint64_t)(uintptr_t)handle;
	/* Interrupted on its way: no release will come. */
	if (fuse_reply_open(req, fi) == -ENOENT)
		release_handle(handle);
}

/* Open NODE, which shows RECORD (takes its reference). */
static void open_record(struct fs *fs, fuse_req_t req, struct node *node, struct record *record,
			struct fuse_file_info *fi)
{
	struct handle *handle;

	if (node->kind == NODE_JSON && (fi->flags & O_ACCMODE) != O_WRONLY)
		atomic_store(&record->shown, true);
	tell_version(fs, node, record);
	handle = handle_new(fs, node, record, fi->flags);
	if (!handle) {
		record_put(record);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	reply_open(req, handle, fi);
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
		open_record(request->fs, request->req, request->node, record_get(record),
			    &request->fi);
}

/* README, MANUAL and .rosterfs: what is read is what there was at the open. */
static void open_fixed(struct fs *fs, fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	struct handle *handle = handle_new(fs, node, NULL, fi->flags);

	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (node_text(node)) {
		handle->fixed = strdup(node_text(node));
		handle->fixed_length = strlen(node_text(node));
	} else if (past_is(node)) {
		handle->fixed = past_text(fs, node, &handle->fixed_length);
	} else {
		handle->fixed = control_text(fs, node->kind, &handle->fixed_length);
	}
	reply_open(req, handle, fi);
}

/* What HANDLE, on a draft or a record, reads at first. False: no memory. */
static bool load_draft(struct handle *handle)
{
	handle->fixed = scratch_text(handle->node->scratch, &handle->fixed_length);
	return handle->fixed;
}

/*
 * A new file in memory, or the record's file whose owner has renamed it away: it is written from
 * its start.
 */
void file_create(struct fs *fs, fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	struct handle *handle;
	struct record *record = NULL;
	struct fuse_entry_param entry;
	double seconds = 0;

	if (node_is_record(node))
		entry_peek(node, &record, &seconds);
	handle = handle_new(fs, node, record ? record_get(record) : NULL, fi->flags | O_TRUNC);
	if (!handle) {
		record_put(record);
		record_put(record);
		node_drop(fs, node);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	entry_fill(fs, node, record, 0, &entry);
	record_put(record);
	fi->direct_io = node->kind != NODE_SCRATCH;
	fi->fh = (uint64_t)(uintptr_t)handle;
	if (fuse_reply_create(req, &entry, fi) == -ENOENT) {
		release_handle(handle);
		node_forget(fs, entry.ino, 1);
	}
}

/* A file in memory. */
static void open_scratch(struct fs *fs, fuse_req_t req, struct node *node,
			 struct fuse_file_info *fi)
{
	struct handle *handle;

	/* It may stand where a record was when the kernel looked: then it looks again. */
	if (scratch_is_gone(fs->scratches, node->scratch)) {
		fuse_reply_err(req, ESTALE);
		return;
	}
	handle = handle_new(fs, node, NULL, fi->flags);
	if (handle && node->kind == NODE_DRAFT && !load_draft(handle)) {
		release_handle(handle);
		handle = NULL;
	}
	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if ((fi->flags & O_TRUNC) && node->kind == NODE_SCRATCH)
		scratch_truncate(fs->scratches, node->scratch, 0);
	if (node->kind == NODE_DRAFT) {
		reply_open(req, handle, fi);
		return;
	}
	fi->fh = (uint64_t)(uintptr_t)handle;
	if (fuse_reply_open(req, fi) == -ENOENT)
		release_handle(handle);
}

/* What is no record's. */
static void open_other(struct fs *fs, fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	bool writes = (fi->flags & O_ACCMODE) != O_RDONLY;
	const char *why = "this text can only be read";
	int error = 0;

	if (node_text(node) && writes)
		error = node->kind == NODE_MANUAL ? -EROFS : -EPERM;
	else if (node->kind == NODE_TRANSACTION)
		error = transaction_open(fi->flags, &why);
	if (error)
		fuse_reply_err(req, -request_refuse(req, node->path, error, why));
	else if (node->scratch)
		open_scratch(fs, req, node, fi);
	else
		open_fixed(fs, req, node, fi);
}

void file_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct node *node = node_of(fs, ino);
	struct record *record = NULL;
	struct request *request;
	double seconds;

	if (!node_is_record(node)) {
		open_other(fs, req, node, fi);
		return;
	}
	if (entry_peek(node, &record, &seconds) == ROSTER_FRESH) {
		open_record(fs, req, node, record, fi);
		return;
	}
	record_put(record);
	request = request_new(fs, req, node);
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->fi = *fi;
	entry_ask(request, opened);
}

void file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	const struct node *node;
	char *data;
	ssize_t count;

	(void)ino;
	/* what the handle was opened for: a rename may have put another node behind the number */
	node = handle_of(fi)->node;
	if (node->kind == NODE_SCRATCH)
		count = scratch_read(node->scratch, offset, size, &data);
	else if (node->kind == NODE_TRANSACTION)
		count = transaction_read(handle_of(fi), offset, size, &data);
	else
		count = handle_read(handle_of(fi), offset, size, &data);
	if (count < 0)
		fuse_reply_err(req, (int)-count);
	else
		fuse_reply_buf(req, data, (size_t)count);
	free(data);
}

void file_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	release_handle(handle_of(fi));
	fuse_reply_err(req, 0);
}

/* ---- committing ---- */

static int commit(struct request *request)
{
	struct node *node = request->node;
	struct shelf *shelf = node->shelf;
	int error;

	if (node->kind == NODE_DRAFT)
		return draft_commit(request);
	if (!request->word)
		return update_document(&request->call, shelf->roster, request->fs->guard, node->id,
				       request->text, request->length);
	error = update_status(&request->call, shelf->statuses, request->fs->guard, node->id,
			      request->word);
	/* part of it may have been done */
	if (shelf->statuses != shelf->roster)
		shelf_refresh_links(node->branch);
	return error;
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
		request->word = update_status_word(text, request->length);
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
	int error = scratch_write(fs->scratches, handle->node->scratch, data, size,
				  handle->append ? -1 : offset);

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

void file_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct handle *handle = handle_of(fi);
	struct node *node = handle->node;
	const char *why;
	int action;

	(void)ino;
	if (node->kind == NODE_SCRATCH) {
		write_scratch(fs, req, handle, data, size, offset);
		return;
	}
	if (node->kind == NODE_CONTROL_REFRESH) {
		if (control_refresh(fs, data, size))
			fuse_reply_err(
			    req,
			    -request_refuse(req, node->path, -EINVAL,
					    "neither the name of a vendor's directory nor all"));
		else
			fuse_reply_write(req, size);
		return;
	}
	if (node->kind == NODE_TRANSACTION && size) {
		transaction_write(fs, req, handle, data, size);
		return;
	}
	if (!node_is_record(node) && node->kind != NODE_DRAFT) {
		fuse_reply_err(req, -request_refuse(req, node->path, -EPERM,
						    "this file can only be read"));
		return;
	}
	if (!size) {
		fuse_reply_write(req, 0);
		return;
	}
	action = handle_write(handle, data, size, offset, &why);
	if (action < 0 && why)
		request_refuse(req, node->path, action, why);
	if (action < 0)
		fuse_reply_err(req, -action);
	else if (action == HANDLE_COMMIT)
		start_commit(fs, req, handle, size, false);
	else
		fuse_reply_write(req, size);
}

/* A draft keeps what was written to it, also when that is not yet, or will never be, a document. */
static void keep_half(struct fs *fs, struct handle *handle)
{
	size_t length;
	unsigned turn;
	bool unsent;
	char *text;

	pthread_mutex_lock(&handle->lock);
	unsent = handle->unsent;
	pthread_mutex_unlock(&handle->lock);
	if (!unsent)
		return;
	text = handle_text(handle, &length, &turn);
	if (!text)
		return;
	scratch_set_text(fs->scratches, handle->node->scratch, text, length);
	explicit_bzero(text, length);
	free(text);
}

static void flush_or_sync(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi, bool alone)
{
	struct fs *fs = fs_of(req);
	struct node *node = handle_of(fi)->node;
	const char *why;
	int action;

	(void)ino;
	if (node->kind == NODE_TRANSACTION) {
		action = transaction_flush(handle_of(fi), &why);
		if (action)
			request_refuse(req, node->path, action, why);
		fuse_reply_err(req, -action);
		return;
	}
	if ((!node_is_record(node) && node->kind != NODE_DRAFT) || !handle_of(fi)->writable) {
		fuse_reply_err(req, 0);
		return;
	}
	action = handle_flush(handle_of(fi), &why);
	if (action < 0 && node->kind == NODE_DRAFT)
		keep_half(fs, handle_of(fi));
	if (action < 0 && why)
		request_refuse(req, node->path, action, why);
	if (action == HANDLE_COMMIT)
		start_commit(fs, req, handle_of(fi), 0, alone);
	else
		fuse_reply_err(req, -action);
}

void file_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	/* The kernel waits for this answer even when the process has been killed. */
	flush_or_sync(req, ino, fi, call_thread_exiting(fuse_req_ctx(req)->pid));
}

void file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)datasync;
	flush_or_sync(req, ino, fi, false);
}

int file_truncate(fuse_req_t req, struct fuse_file_info *fi, off_t length)
{
	struct handle *handle = handle_of(fi);
	const char *why;
	int error;

	if (handle->node->kind == NODE_SCRATCH)
		return scratch_truncate(fs_of(req)->scratches, handle->node->scratch, length);
	error = handle_truncate(handle, length, &why);
	if (error)
		request_refuse(req, handle->node->path, error, why);
	return error;
}
