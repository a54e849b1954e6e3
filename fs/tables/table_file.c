/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_file.c - see table_file.h.
 *
 * It answers the kernel. Which version a node shows is edition.c's business.
 */
#include "fs/tables/table_file.h"

#include "cache/record/snapshot.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/roster/whole.h"
#include "fs/tables/edition.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/libfuse.h"
#include "fs/tree/open.h"
#include "fs/tree/request.h"
#include "vendors/base/call.h"
#include "vendors/base/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Seconds for which a text that was made to tell its size is kept for the open that follows. */
#define KEPT_SECONDS 1.0

/* The most records that an open asks for by id, because each costs a request. */
#define UNSETTLED_MAX 100

static struct edition *edition_of(const struct node *node)
{
	return node_owned(node);
}

/* ---- lifetime ---- */

static void hold_edition(struct fs *fs, void *owned)
{
	(void)fs;
	edition_get(owned);
}

static void release_edition(struct fs *fs, void *owned)
{
	(void)fs;
	edition_put(owned);
}

static void count_open(struct node *node, int count)
{
	if (count > 0)
		edition_use(edition_of(node));
	else
		edition_unuse(edition_of(node));
}

/* ---- attributes ---- */

/* All of it is set here, because the edition may get its version at any moment. */
static double table_seconds(struct fs *fs, struct node *node, const struct record *record,
			    double seconds, struct stat *attr)
{
	bool lasting = edition_attr(edition_of(node), attr);

	(void)fs;
	(void)record;
	(void)seconds;
	attr->st_blocks = (attr->st_size + 511) / 512;
	attr->st_atim = attr->st_ctim = attr->st_mtim;
	return lasting ? ENTRY_FIXED_SECONDS : 0;
}

/* Return why FILE cannot be made of PARTS, a message, or NULL: it can. */
static const char *refusal(const struct table_file *file, const struct edition_part *parts)
{
	return parts && file->source.refuse ? file->source.refuse(file, parts[0].snapshot) : NULL;
}

/* Return true if each record in PARTS of FILE can be read, so that an open asks for no record. */
static bool is_settled(const struct table_file *file, const struct edition_part *parts)
{
	bool settled = true;
	char *id;

	for (size_t i = 0; settled && i < file->source.count; i++) {
		settled = whole_unsettled(file->source.rosters[i], parts[i].snapshot, &id) == 0 &&
			  !id;
		free(id);
	}
	return settled;
}

/* A GETATTR that needs a text to be made, which takes a while. */
struct sizing {
	fuse_req_t req;
	struct node *node; /* a reference */
	struct edition_part *parts;
};

static void unuse_edition(void *arg, bool ending)
{
	(void)ending;
	edition_unuse(arg);
	edition_put(arg);
}

/* Make the text for SIZING, and keep it for a moment. Without memory the size is not known. */
static void size_edition(void *arg)
{
	struct sizing *sizing = arg;
	struct edition *edition = edition_get(edition_of(sizing->node));
	struct fs *fs = edition_file(edition)->fs;

	edition_use(edition);
	if (is_settled(edition_file(edition), sizing->parts) &&
	    !refusal(edition_file(edition), sizing->parts))
		edition_show(edition, sizing->parts, false);
	else
		edition_parts_free(edition_file(edition), sizing->parts);
	entry_reply_attr(sizing->req, sizing->node, NULL, 0);
	if (pool_after(fs->pool, KEPT_SECONDS, unuse_edition, edition))
		unuse_edition(edition, true);
	inode_drop(fs, sizing->node);
	free(sizing);
}

static void table_getattr(fuse_req_t req, fuse_ino_t ino, struct node *node)
{
	struct table_file *file = edition_file(edition_of(node));
	struct edition_part *parts = NULL;
	struct fs *fs = fs_of(req);
	struct sizing *sizing;
	struct stat attr;
	bool fresh;

	(void)ino;
	if (!edition_attr(edition_of(node), &attr))
		parts = edition_look(file, &fresh);
	sizing = parts ? calloc(1, sizeof(*sizing)) : NULL;
	if (!sizing) {
		edition_parts_free(file, parts);
		entry_reply_attr(req, node, NULL, 0);
		return;
	}
	*sizing = (struct sizing){req, node, parts};
	inode_hold(fs, node);
	/* not on this thread: others would wait for a free one */
	if (pool_run(fs->pool, size_edition, sizing))
		size_edition(sizing);
}

/* ---- open ---- */

/* Answer REQ: NODE is open and shows what its edition shows. */
static void reply_open(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	struct handle *handle = handle_new(fs_of(req), node, NULL, fi->flags);

	if (!handle) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	/* there is one version for good behind the number */
	fi->keep_cache = 1;
	libfuse_omit_flush(fi, true);
	open_answer(req, handle, fi);
}

/* Ask ROSTER for KIND and ID, in REQUEST's name, and put the answer into *WAIT. Return 0 or a
 * negative errno. */
static int ask_now(struct request *request, struct roster *roster, enum wait_kind kind,
		   const char *id, struct wait *wait)
{
	*wait = (struct wait){.kind = kind, .id = id, .call = &request->call};
	return wait_sync(roster, wait);
}

/* Ask for the record ID of ROSTER, and then put the whole roster as it is then into PART. */
static int settle_record(struct request *request, struct roster *roster, const char *id,
			 struct edition_part *part)
{
	struct wait wait;
	int error = ask_now(request, roster, WAIT_RECORD, id, &wait);

	wait_clear(&wait);
	if (error && error != -ENOENT)
		return error;
	call_clear(&request->call);
	error = ask_now(request, roster, WAIT_WHOLE, NULL, &wait);
	if (!error) {
		snapshot_put(part->snapshot);
		part->snapshot = snapshot_get(wait.snapshot);
		part->generation = wait.generation;
	}
	wait_clear(&wait);
	return error;
}

/*
 * Ask for each record of ROSTER that PART may not show as the vendor has it, as reading its file
 * would. Return 0, or a negative errno with its message in the call.
 */
static int settle(struct request *request, struct roster *roster, struct edition_part *part)
{
	char *id = NULL, *last = NULL;
	int error = 0;

	for (unsigned count = 0; !error; count++) {
		free(last);
		last = id;
		if (whole_unsettled(roster, part->snapshot, &id))
			error = call_no_memory(&request->call);
		else if (!id)
			break;
		else if ((last && strcmp(id, last) == 0) || count == UNSETTLED_MAX)
			error = call_fail(
			    &request->call, CALL_MALFORMED,
			    "record %s in the list can't be read, so the table would be short", id);
		else
			error = settle_record(request, roster, id, part);
	}
	free(last);
	free(id);
	return error;
}

/* Give the node's edition what came. Return 0 or -ESTALE: then the finish ends this use of it. */
static int show_answers(struct request *request)
{
	struct edition *edition = edition_of(request->node);
	const struct table_file *file = edition_file(edition);
	struct edition_part *parts = edition_parts_new(file);
	int error = 0;

	if (!parts)
		return call_no_memory(&request->call);
	for (size_t i = 0; !error && i < file->source.count; i++) {
		const struct wait *wait = &request->questions[i].wait;

		parts[i].snapshot = snapshot_get(wait->snapshot);
		parts[i].generation = wait->generation;
		error = settle(request, file->source.rosters[i], &parts[i]);
	}
	if (!error && refusal(file, parts))
		error = call_fail(&request->call, CALL_UNSUPPORTED, "%s", refusal(file, parts));
	if (error) {
		edition_parts_free(file, parts);
		return error;
	}
	edition_use(edition);
	error = edition_show(edition, parts, true);
	if (error != -ENOMEM)
		return error;
	edition_unuse(edition);
	return call_no_memory(&request->call);
}

static void table_opened(struct request *request, int error)
{
	struct edition *edition = edition_of(request->node);

	if (error && error != -ESTALE) {
		request_fail(request, error);
		return;
	}
	if (request_claim(request)) {
		if (error && edition_move(edition, fuse_req_ctx(request->req)->pid))
			fuse_reply_err(request->req, ESTALE);
		else
			reply_open(request->req, request->node, &request->fi);
	}
	edition_unuse(edition);
}

static void table_answered(struct request *request, int error)
{
	if (error)
		request_fail(request, error);
	else
		request_go_on(request, show_answers, table_opened);
}

static void table_open(fuse_req_t req, fuse_ino_t ino, struct node *node, struct fuse_file_info *fi)
{
	struct edition *edition = edition_of(node);
	const struct table_source *source = &edition_file(edition)->source;
	const struct wait asked = {.kind = WAIT_WHOLE};
	struct edition_part *parts;
	struct request *request;
	bool fresh;

	(void)ino;
	if (open_writes(fi->flags)) {
		fuse_reply_err(req,
			       -request_refuse(req, node->path, -EROFS, request_read_only(node)));
		return;
	}
	edition_use(edition);
	parts = edition_look(edition_file(edition), &fresh);
	if (!fresh)
		edition_parts_free(edition_file(edition), parts);
	if (parts && fresh && edition_reopen(edition, parts)) {
		reply_open(req, node, fi);
		edition_unuse(edition);
		return;
	}
	edition_unuse(edition);
	request = request_new(fs_of(req), req, node);
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->fi = *fi;
	request_ask_all(request, source->rosters, source->count, &asked, table_answered);
}

/* ---- read ---- */

static ssize_t table_read(struct handle *handle, off_t offset, size_t size, char **data)
{
	const struct table_text *text = edition_text(edition_of(handle->node));
	ssize_t count = -ENOMEM;

	*data = text ? malloc(size) : NULL;
	if (*data)
		count = table_text_read(text, (uint64_t)offset, *data, size);
	return count;
}

const struct node_ops table_file = {
    .mode = S_IFREG | 0444,
    .umask = NODE_UMASK_ALWAYS,
    .is_read_only = true,
    .hold = hold_edition,
    .release = release_edition,
    .attr_seconds = table_seconds,
    .name_seconds = entry_name_never,
    .getattr = table_getattr,
    .open = table_open,
    .count_open = count_open,
    .read = table_read,
};
