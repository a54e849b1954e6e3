/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_file.c - see record_file.h.
 *
 * A name may be looked up before it is known whether its record exists: getattr and open then
 * ask for the record while the request is parked. A complete text or status goes through the one
 * entry point for writes, cache/update.
 */
#include "fs/records/record_file.h"

#include "cache/access/status.h"
#include "cache/history/trust.h"
#include "cache/record/record.h"
#include "cache/roster/known.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/update/update.h"
#include "fs/memory/vacancy.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/node_record.h"
#include "fs/tree/notify.h"
#include "fs/tree/open.h"
#include "fs/tree/pages.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/save.h"
#include "fs/tree/view.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ---- attributes ---- */

static void attr_of_text(struct fs *fs, struct node *node, const struct record *record,
			 struct stat *attr)
{
	const struct account *account = node_branch(node)->account;
	const struct collection *collection = roster_collection(node_record_roster(node));
	const struct rule_update *update = collection->update;

	(void)fs;
	attr->st_size = record ? (off_t)record->length : 0;
	if (!trust_is_given(account, update ? &update->request : NULL) ||
	    (collection->listing && !update && !collection->put))
		attr->st_mode &= ~(mode_t)0222;
}

static void attr_of_status(struct fs *fs, struct node *node, const struct record *record,
			   struct stat *attr)
{
	(void)fs;
	attr->st_size = record ? (off_t)strlen(record_status(record)) + 1 : 0;
	if (!trust_is_given(node_branch(node)->account, NULL))
		attr->st_mode &= ~(mode_t)0222;
}

/* A name that is vacant for one process must be looked up each time. */
static double name_seconds(struct fs *fs, const struct node *node, const struct record *record,
			   double seconds)
{
	return vacancy_exists(fs->vacancies, node->path)
		   ? 0
		   : entry_name_record(fs, node, record, seconds);
}

/* Return true if NODE's name is made of its id, so that it does not exist without its record. */
static bool goes_by_id(const struct node *node)
{
	char name[RECORD_DIR_NAME_MAX];

	if (!node->id || roster_collection(node_record_dir(node)->roster)->single)
		return false;
	record_dir_name(node_record_dir(node), node->id, node->ops->suffix, name);
	return strcmp(name, node_name(node)) == 0;
}

static void record_got_attr(struct request *request, int error)
{
	struct node *node = request->node;
	struct record *record, *held = NULL;
	double seconds = 0;

	if (node_record_again(request, error))
		return;
	error = node_record_found(request, error, &record);
	if (error == -ENOENT && goes_by_id(node) && !atomic_load(&node->writers) &&
	    !pages_has_readers(request->fs, request->ino)) {
		/* No process has it open, so the caller asked by name: the kernel looks that up
		 * again, and finds or creates nothing. */
		log_error(&request->call, error);
		if (request_claim(request))
			fuse_reply_err(request->req, ESTALE);
		return;
	}
	if (error) {
		request_fail(request, error);
		return;
	}
	node_record_peek(node, &held, &seconds);
	record_put(held);
	if (request_claim(request))
		entry_reply_opened_attr(request->req, request->ino, node, record, seconds);
}

void record_file_getattr(fuse_req_t req, fuse_ino_t ino, struct node *node)
{
	struct record *record = NULL;
	struct request *request;
	double seconds = 0;
	enum known knows = node_record_peek(node, &record, &seconds);

	/* while a process fetches the roster, a known record's attributes are those known */
	if (knows == KNOWN_FRESH || knows == KNOWN_FETCHING) {
		entry_reply_opened_attr(req, ino, node, record, seconds);
		record_put(record);
		return;
	}
	record_put(record);
	request = request_new(fs_of(req), req, node);
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->ino = ino;
	node_record_ask(request, record_got_attr);
}

/* ---- open ---- */

/* Return a newer record than HANDLE's, with a reference, or NULL: it shows the newest. */
static struct record *find_newer(struct handle *handle)
{
	struct record *newest;
	double seconds;

	node_record_peek(handle->node, &newest, &seconds);
	if (newest && (newest->version == handle->record->version ||
		       node_record_needs_get(handle->node, newest))) {
		record_put(newest);
		return NULL;
	}
	return newest;
}

/*
 * Open NODE by its number INO, which shows RECORD (takes its reference). Once HANDLE counts as a
 * reader, no process is told the size of another version: so look at the version after that.
 */
static void open_record(fuse_req_t req, struct node *node, fuse_ino_t ino, struct record *record,
			struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct handle *handle;

	do {
		if (!node->ops->shows_status && (fi->flags & O_ACCMODE) != O_WRONLY)
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
	/* the kernel reads as far as it thinks the file goes: it must not think of another version
	 */
	if (pages_was_told(fs, node, handle->record->version))
		notify_attributes(fs, node);
	open_answer(req, handle, fi);
}

/*
 * Return true if RECORD, which is known of NODE, must be asked for by a GET before it is opened
 * with FLAGS. A status that is only written is not shown.
 */
static bool asks_detail(const struct node *node, const struct record *record, int flags)
{
	if (node->ops->shows_status && (flags & O_ACCMODE) == O_WRONLY)
		return false;
	return node_record_needs_get(node, record);
}

static void record_opened(struct request *request, int error)
{
	struct record *record;

	if (node_record_again(request, error))
		return;
	error = node_record_found(request, error, &record);
	if (!error && asks_detail(request->node, record, request->fi.flags) &&
	    request->wait.kind != WAIT_DETAIL) {
		node_record_ask_detail(request);
		return;
	}
	if (error == -ENOENT && request->wait.kind != WAIT_DETAIL) {
		/* the kernel looks the name up again, and finds or creates nothing */
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
		open_record(request->req, request->node, request->ino, record_get(record),
			    &request->fi);
}

static void open_record_file(fuse_req_t req, fuse_ino_t ino, struct node *node,
			     struct fuse_file_info *fi)
{
	struct record *record = NULL;
	struct request *request;
	double seconds;

	node_record_peek(node, &record, &seconds);
	if (record && seconds > 0 && !asks_detail(node, record, fi->flags)) {
		open_record(req, node, ino, record, fi);
		return;
	}
	record_put(record);
	request = request_new(fs_of(req), req, node);
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->ino = ino;
	request->fi = *fi;
	node_record_ask(request, record_opened);
}

/* ---- commit ---- */

static int commit_document(struct request *request)
{
	const struct node *node = request->node;

	return update_document(&request->call, node_record_dir(node)->roster, request->fs->guard,
			       node->id, request->text, request->length);
}

static int commit_status(struct request *request)
{
	const struct node *node = request->node;
	struct record_dir *record_dir = node_record_dir(node);
	int error = status_write(&request->call, record_dir->statuses, request->fs->guard, node->id,
				 status_word(request->text, request->length));

	/* part of it may have been done */
	if (record_dir->statuses != record_dir->roster)
		record_dir_refresh_links(node_branch(node));
	return error;
}

/* The audit log is told too. */
static int record_file_refuse(fuse_req_t req, const struct node *node, int error, const char *words)
{
	bool status = node->ops->shows_status;
	struct call call;

	request_begin_refusal(&call, req, node->path, error, words);
	if (node->id)
		update_refused(&call, node_record_roster(node), fs_of(req)->guard,
			       status ? "status" : "update", node->id, error);
	call_destroy(&call);
	return error;
}

/* ---- the kinds ---- */

#define OPERATIONS                                                                                 \
	.mode = S_IFREG | 0666, .umask = NODE_UMASK_ALWAYS, .is_record = true,                     \
	.needs_record = true, .attr_seconds = entry_record, .name_seconds = name_seconds,          \
	.getattr = record_file_getattr, .truncate = save_truncate, .open = open_record_file,       \
	.write = save_write, .flush = save_flush, .refuse = record_file_refuse

const struct node_ops record_file_json = {
    OPERATIONS,
    .suffix = ".json",
    .attr = attr_of_text,
    .commit = commit_document,
};

const struct node_ops record_file_status = {
    OPERATIONS,
    .suffix = ".status",
    .shows_status = true,
    .attr = attr_of_status,
    .commit = commit_status,
};
