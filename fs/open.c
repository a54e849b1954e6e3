/*
 * open.c - opening files: what an open file shows, and how the kernel may read it.
 *
 * A record that nobody knows yet is asked for while the request is parked. What is then read and
 * written through the handle is file.c's business.
 */
#include "fs/ops.h"

#include "cache/record.h"
#include "fs/control.h"
#include "fs/entry.h"
#include "fs/handle.h"
#include "fs/node.h"
#include "fs/notify.h"
#include "fs/past.h"
#include "fs/request.h"
#include "fs/scratch.h"
#include "fs/transaction.h"
#include "vendors/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/*
 * The kernel has no page of HANDLE's file yet: it is given all of them. That saves the read, and
 * the question after it: a read makes the kernel take a file's times for old. Whoever opens it
 * before this open is answered reads past its pages; should he map them, the thread that answered
 * his open is there to unlock them. False: the kernel does not take them.
 */
static bool give_pages(struct handle *handle)
{
	char *text;
	ssize_t length = handle_read(handle, 0, SIZE_MAX, &text);
	bool given = length > 0 && notify_text(handle->fs, handle->ino, text, (size_t)length) == 0;

	if (given)
		node_pages_dropped(handle->fs, handle->ino, &handle->drops);
	free(text);
	return given;
}

/*
 * How the kernel may read HANDLE. Its pages belong to the inode, not to the open file: they are
 * used when they hold this version, dropped when nobody reads another version through them, and
 * otherwise this handle reads past them.
 */
static void choose_pages(struct handle *handle, struct fuse_file_info *fi)
{
	struct node *node = handle->node;
	uint64_t version = handle->record ? handle->record->version : 1;
	enum node_pages pages;

	fi->noflush = !handle->writable;
	/* While somebody writes, the kernel takes the writer's size for the file's. */
	if (handle->writable || atomic_load(&node->writers) ||
	    (!handle->record && !node_text(node))) {
		fi->direct_io = 1;
		return;
	}
	pages = node_open_pages(handle->fs, handle->ino, version);
	handle->paged = pages != NODE_PAGES_PAST;
	handle->drops = handle->paged && pages != NODE_PAGES_KEEP;
	if (pages == NODE_PAGES_NONE && give_pages(handle))
		pages = NODE_PAGES_KEEP;
	fi->direct_io = !handle->paged;
	fi->keep_cache = pages == NODE_PAGES_KEEP;
}

/* The kernel reads as far as it thinks the file goes: it must not think of another version. */
static void tell_version(struct fs *fs, struct node *node, const struct record *record)
{
	bool old;

	pthread_mutex_lock(&fs->versions_lock);
	old = node->told_version != node_version(record->version);
	node->told_version = node_version(record->version);
	pthread_mutex_unlock(&fs->versions_lock);
	if (old)
		notify_attributes(fs, node);
}

struct record *open_pages(const struct fuse_file_info *fi)
{
	return handle_of(fi)->paged ? handle_of(fi)->record : NULL;
}

void open_end(struct handle *handle)
{
	if (handle->paged) {
		node_pages_dropped(handle->fs, handle->ino, &handle->drops);
		node_close_pages(handle->fs, handle->ino);
	}
	handle_put(handle);
}

static void reply_open(fuse_req_t req, struct handle *handle, fuse_ino_t ino,
		       struct fuse_file_info *fi)
{
	handle->ino = ino;
	choose_pages(handle, fi);
	fi->fh = (uint64_t)(uintptr_t)handle;
	/* Interrupted on its way: no release will come. */
	if (fuse_reply_open(req, fi) == -ENOENT)
		open_end(handle);
}

/* Open NODE by its number INO, which shows RECORD (takes its reference). */
static void open_record(struct fs *fs, fuse_req_t req, struct node *node, fuse_ino_t ino,
			struct record *record, struct fuse_file_info *fi)
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
	reply_open(req, handle, ino, fi);
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
	} else if (past_is(node)) {
		handle->fixed = past_text(fs, node, &handle->fixed_length);
	} else {
		handle->fixed = control_text(fs, node->kind, &handle->fixed_length);
	}
	reply_open(req, handle, ino, fi);
}

/* What HANDLE, on a draft or a record, reads at first. False: no memory. */
static bool load_draft(struct handle *handle)
{
	handle->fixed = scratch_text(node_scratch(handle->node), &handle->fixed_length);
	return handle->fixed;
}

/*
 * A new file in memory, or the record's file whose owner has renamed it away: it is written from
 * its start.
 */
void open_new(struct fs *fs, fuse_req_t req, struct node *node, struct fuse_file_info *fi)
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
	handle->ino = entry.ino;
	fi->direct_io = node->kind != NODE_SCRATCH;
	fi->fh = (uint64_t)(uintptr_t)handle;
	if (fuse_reply_create(req, &entry, fi) == -ENOENT) {
		open_end(handle);
		node_forget(fs, entry.ino, 1);
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
	    (writes && !scratch_may_open(node_scratch(node)))) {
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
	if ((fi->flags & O_TRUNC) && node->kind == NODE_SCRATCH)
		scratch_truncate(fs->scratches, node_scratch(node), 0);
	if (node->kind == NODE_DRAFT) {
		reply_open(req, handle, ino, fi);
		return;
	}
	handle->ino = ino;
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

	if (node_text(node) && writes)
		error = node->kind == NODE_MANUAL ? -EROFS : -EPERM;
	else if (node->kind == NODE_TRANSACTION)
		error = transaction_open(fi->flags, &why);
	if (error)
		fuse_reply_err(req, -request_refuse(req, node->path, error, why));
	else if (node_scratch(node))
		open_scratch(fs, req, node, ino, fi);
	else
		open_fixed(fs, req, node, ino, fi);
}

void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_OPEN);
	struct node *node = node_of(fs, ino);
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
