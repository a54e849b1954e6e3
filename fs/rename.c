/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rename.c - renames: a save, a backup, or nothing to do with any vendor.
 *
 * A file in memory that is renamed onto a record's name is a whole new text for the record, and the
 * rename is answered when the vendor has accepted it. A record that is renamed to another name
 * leaves a backup in memory, and stays what and where it is; only the process that renamed it finds
 * its name free for a while. Everything else that concerns records or links is refused.
 *
 * The kernel moves its inode with the name. It looks a file in memory up again, so that matters
 * only for an inode that is, or was, a record's (inode_swap).
 */
#include "fs/rename.h"

#include "cache/access/status.h"
#include "cache/access/status_refusal.h"
#include "cache/record/record.h"
#include "fs/memory/backup.h"
#include "fs/memory/draft.h"
#include "fs/memory/mistyped.h"
#include "fs/memory/scratch.h"
#include "fs/memory/scratch_open.h"
#include "fs/memory/scratch_text.h"
#include "fs/memory/vacancy.h"
#include "fs/records/record_lookup.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/node_record.h"
#include "fs/tree/path.h"
#include "fs/tree/request.h"
#include "fs/tree/save.h"
#include "vendors/base/call.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef RENAME_NOREPLACE /* musl has no renameat2 */
#define RENAME_NOREPLACE (1 << 0)
#endif

/* One rename, as the kernel asks for it. */
struct renaming {
	struct fs *fs;
	fuse_req_t req;
	struct node *from, *to; /* the directories */
	struct path_name name, new_name;
	char path[NODE_PATH_MAX], new_path[NODE_PATH_MAX];
	bool replaces; /* what stands at the new name may go */
};

static void refuse_rename(const struct renaming *renaming, int error, const char *words)
{
	fuse_reply_err(renaming->req, -request_refuse(renaming->req, renaming->path, error, words));
}

/* As refuse_rename, for the new name, which the caller wanted to change. */
static void rename_refuse_target(const struct renaming *renaming, int error, const char *words)
{
	fuse_reply_err(renaming->req,
		       -request_refuse(renaming->req, renaming->new_path, error, words));
}

/* Return true if NAME in DIRECTORY is a record's file. *FIXED: the name always exists there. */
static bool is_record_name(const struct node *directory, const struct path_name *name, bool *fixed)
{
	struct node_fixed known;

	*fixed = node_find_fixed(directory, name->text, &known);
	if (*fixed)
		return known.ops->is_record;
	*fixed = node_is_foreign(directory, name->text);
	return !directory->ops->holds_drafts && name->reserved;
}

/* ---- a save ---- */

/* Make REQUEST's text the record of REQUEST's node. */
static int save_record(struct request *request)
{
	int error = request->node->ops->commit(request);

	if (error == -ENOENT && !request->node->ops->shows_status)
		error = call_fail(&request->call, CALL_UNSUPPORTED,
				  "no such record, and a rename does not create one");
	return error;
}

/* The file in memory at FROM has become NODE's record: the kernel moves its inode there. */
static void take_over(struct fs *fs, struct node *node, const char *from)
{
	struct node *scratch = inode_find(fs, from);

	if (scratch && node_owned(scratch))
		scratch_text_spend(node_owned(scratch));
	if (scratch && inode_is_lasting(fs, scratch))
		inode_swap(fs, scratch, node);
	if (scratch)
		inode_drop(fs, scratch);
	scratch_remove(fs->scratches, from);
	vacancy_end_backup(fs->vacancies, from);
}

static void record_saved(struct request *request, int error)
{
	struct fs *fs = request->fs;

	/* accepted or refused: the name is the record's again */
	vacancy_end(fs->vacancies, request->node->path, request->call.pid);
	if (error) {
		request_fail(request, error);
	} else if (request_claim(request)) {
		/* only then: for a caller that was interrupted, the kernel has renamed nothing */
		take_over(fs, request->node, request->from);
		fuse_reply_err(request->req, 0);
	}
}

/* Copy the text of SCRATCH to REQUEST. Return 0, or a negative errno and *WHY. */
static int take_text(struct request *request, struct scratch *scratch, const char **why)
{
	*why = "no memory";
	request->text = scratch_text_copy(scratch, &request->length);
	if (!request->text)
		return -ENOMEM;
	*why = "the file is empty, or a write to it has failed; nothing was sent";
	if (!request->length || scratch_text_is_spoilt(scratch))
		return -EINVAL;
	if (!request->node->ops->shows_status || status_word(request->text, request->length))
		return 0;
	*why = status_refusal(request->text, request->length);
	return -EINVAL;
}

/* Return a reference to the record's node at the new name, or NULL: it can be no record's. */
static struct node *target_node(const struct renaming *renaming)
{
	struct node *node = inode_find(renaming->fs, renaming->new_path);
	struct node_fixed fixed;

	if (node && node_is_record(node) && node->id)
		return node;
	if (node)
		inode_drop(renaming->fs, node);
	if (node_find_fixed(renaming->to, renaming->new_name.text, &fixed) && fixed.ops->is_record)
		return inode_take_fixed(renaming->fs, renaming->to, &fixed);
	return record_lookup_take_file(renaming->fs, renaming->to, &renaming->new_name);
}

/* Return true if TEXT is what NODE shows: a backup that is put back changes nothing, so no vendor
 * is asked. */
static bool shows_same(const struct node *node, const char *text, size_t length)
{
	struct record *record = NULL;
	double seconds;
	bool same;

	if (node->ops->shows_status)
		return false;
	node_record_peek(node, &record, &seconds);
	same = record && record->length == length && memcmp(record_text(record), text, length) == 0;
	record_put(record);
	return same;
}

/* The save needs no request: answer at once. */
static void put_back(const struct renaming *renaming, struct request *request)
{
	vacancy_end(renaming->fs->vacancies, renaming->new_path, request->call.pid);
	take_over(renaming->fs, request->node, renaming->path);
	request_free(request);
	fuse_reply_err(renaming->req, 0);
}

/* A process that renames what it has just written takes the file's time for the record's. */
#define JUST_SECONDS 10

static void take_time(struct request *request, struct scratch *scratch)
{
	struct stat attr;

	scratch_text_attr(scratch, &attr);
	if (time(NULL) - attr.st_mtim.tv_sec <= JUST_SECONDS)
		request->call.written = attr.st_mtim;
}

static void start_save(const struct renaming *renaming, struct scratch *scratch)
{
	struct fs *fs = renaming->fs;
	struct node *node = target_node(renaming);
	struct request *request = NULL;
	const char *why = node ? "no memory" : "no such record";
	int error = node ? -ENOMEM : -ENOENT;

	if (node)
		request = request_new(fs, renaming->req, node);
	if (request)
		error = take_text(request, scratch, &why);
	if (request && !error) {
		request->from = strdup(renaming->path);
		error = request->from ? 0 : -ENOMEM;
	}
	if (!error)
		take_time(request, scratch);
	if (!error && shows_same(node, request->text, request->length)) {
		put_back(renaming, request);
	} else if (!error) {
		request_work(request, save_record, record_saved);
	} else {
		if (request)
			vacancy_end(fs->vacancies, renaming->new_path, request->call.pid);
		if (request)
			request_free(request);
		if (node)
			fuse_reply_err(renaming->req,
				       -save_refuse(renaming->req, node, error, why));
		else
			rename_refuse_target(renaming, error, why);
	}
	if (node)
		inode_drop(fs, node);
}

/* ---- a draft ---- */

static int post_draft(struct request *request)
{
	struct scratch *scratch = scratch_get(request->fs->scratches, request->from);
	int error = scratch ? draft_post(request, scratch)
			    : call_fail(&request->call, CALL_MISSING, "the file no longer exists");

	scratch_put(request->fs->scratches, scratch);
	return error;
}

static void draft_posted(struct request *request, int error)
{
	struct fs *fs = request->fs;
	struct scratch *scratch = scratch_get(fs->scratches, request->from);
	char *id = scratch ? scratch_text_id(scratch) : NULL;

	/* refused: both names stay as they were */
	if (scratch && (id || !error)) {
		scratch_rename(fs->scratches, request->from, request->call.path);
		scratch_open_keep(scratch);
	}
	scratch_put(fs->scratches, scratch);
	free(id);
	if (error)
		request_fail(request, error);
	else if (request_claim(request))
		fuse_reply_err(request->req, 0);
}

static void start_post(const struct renaming *renaming, struct scratch *scratch)
{
	struct request *request = request_new(renaming->fs, renaming->req, renaming->to);
	const char *why = "no memory";
	int error = request ? take_text(request, scratch, &why) : -ENOMEM;

	if (!error) {
		request->from = strdup(renaming->path);
		error = request->from ? 0 : -ENOMEM;
	}
	if (!error) {
		snprintf(request->call.path, sizeof(request->call.path), "%s", renaming->new_path);
		request_work(request, post_draft, draft_posted);
		return;
	}
	if (request)
		request_free(request);
	rename_refuse_target(renaming, error, why);
}

/* ---- files in memory ---- */

/* Return true if something stands at the new name that can't be replaced. */
static bool is_taken(const struct renaming *renaming)
{
	struct scratch *there = scratch_get(renaming->fs->scratches, renaming->new_path);
	char *id = there ? scratch_text_id(there) : NULL;
	bool taken = id || (there && !renaming->replaces);

	scratch_put(renaming->fs->scratches, there);
	free(id);
	return taken;
}

/* Return true if the new name looks like a mistyped name of a record's file, and the text like that
 * file's. It has been logged then. */
static bool rename_is_mistyped(const struct renaming *renaming)
{
	return mistyped_rename(renaming->req, renaming->to, &renaming->name,
			       renaming->new_name.text);
}

/*
 * The record's name must be free, and it is so only for the process that renamed the record away.
 */
static void rename_refuse_record(const struct renaming *renaming)
{
	struct node *node = target_node(renaming);
	struct record *record = NULL;
	double seconds;

	if (node)
		node_record_peek(node, &record, &seconds);
	if (record)
		rename_refuse_target(renaming, -EEXIST, "the record exists");
	else if (node && node->ops->shows_status)
		rename_refuse_target(renaming, -ENOENT, "no such user");
	else
		rename_refuse_target(renaming, -EOPNOTSUPP,
				     "no such record, and a rename does not create one");
	record_put(record);
	if (node)
		inode_drop(renaming->fs, node);
}

static void rename_scratch(const struct renaming *renaming, struct scratch *scratch)
{
	bool fixed, record = is_record_name(renaming->to, &renaming->new_name, &fixed);
	bool drafts = renaming->to->ops->holds_drafts;
	bool posts_new = renaming->new_name.kind == PATH_JSON;
	char *made = scratch_text_id(scratch);
	bool is_link = made || scratch_text_target(scratch);

	free(made);
	if (renaming->to != renaming->from || (fixed && !record) ||
	    (drafts && !posts_new && renaming->new_name.reserved))
		refuse_rename(renaming, -EPERM, "nothing can be renamed to that name");
	else if (is_link && (made || record || (drafts && posts_new)))
		refuse_rename(renaming, -EPERM, "a link can't be renamed to that name");
	else if (record && !renaming->replaces &&
		 !vacancy_holds(renaming->fs->vacancies, renaming->new_path,
				fuse_req_ctx(renaming->req)->pid))
		rename_refuse_record(renaming);
	else if (record)
		start_save(renaming, scratch);
	else if (is_taken(renaming))
		refuse_rename(renaming, renaming->replaces ? -EPERM : -EEXIST, "the file exists");
	else if (drafts && posts_new && renaming->name.kind != PATH_JSON)
		start_post(renaming, scratch);
	else if (rename_is_mistyped(renaming))
		fuse_reply_err(renaming->req, EINVAL);
	else
		fuse_reply_err(renaming->req, -scratch_rename(renaming->fs->scratches,
							      renaming->path, renaming->new_path));
}

/* ---- a record ---- */

static void rename_record(const struct renaming *renaming)
{
	bool fixed, taken = is_record_name(renaming->to, &renaming->new_name, &fixed);
	struct node *node;

	if (renaming->to != renaming->from || taken || fixed) {
		refuse_rename(
		    renaming, -EPERM,
		    "a record can only be renamed to another name in its directory, which makes a copy");
		return;
	}
	if (is_taken(renaming)) {
		refuse_rename(renaming, -EEXIST, "the file exists");
		return;
	}
	if (rename_is_mistyped(renaming)) {
		fuse_reply_err(renaming->req, EINVAL);
		return;
	}
	node = inode_find(renaming->fs, renaming->path);
	if (node && node_is_record(node))
		backup_make(renaming->fs, renaming->req, node, renaming->to,
			    renaming->new_name.text);
	else
		fuse_reply_err(renaming->req, ENOENT);
	if (node)
		inode_drop(renaming->fs, node);
}

/* ---- all ---- */

void rename_entry(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		  const char *new_name, unsigned flags)
{
	struct fs *fs = fs_asked(req, ASKED_RENAME);
	struct renaming renaming = {
	    .fs = fs,
	    .req = req,
	    .from = inode_node(fs, parent),
	    .to = inode_node(fs, new_parent),
	    .replaces = !(flags & RENAME_NOREPLACE),
	};
	struct scratch *scratch;
	bool fixed;

	path_parse(name, &renaming.name);
	path_parse(new_name, &renaming.new_name);
	node_path(renaming.from, name, renaming.path);
	node_path(renaming.to, new_name, renaming.new_path);
	if (flags & ~(unsigned)RENAME_NOREPLACE || strlen(new_name) > NAME_MAX) {
		fuse_reply_err(req, strlen(new_name) > NAME_MAX ? ENAMETOOLONG : EINVAL);
		return;
	}
	scratch = scratch_get(fs->scratches, renaming.path);
	if (request_read_only(renaming.from))
		refuse_rename(&renaming, -EROFS, request_read_only(renaming.from));
	else if (request_read_only(renaming.to))
		rename_refuse_target(&renaming, -EROFS, request_read_only(renaming.to));
	else if (scratch)
		rename_scratch(&renaming, scratch);
	else if (renaming.from->ops->holds_files &&
		 is_record_name(renaming.from, &renaming.name, &fixed))
		rename_record(&renaming);
	else
		refuse_rename(&renaming, -EPERM, "names can't be changed here");
	scratch_put(fs->scratches, scratch);
}
