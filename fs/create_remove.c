/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_remove.c - names that are made and removed.
 *
 * Most are refused, in words: a mistyped id must not look like a deactivation, nor a new file like
 * a new user. What there is: files in memory beside the records, drafts in new/, links that are
 * memberships, records that the vendor deletes. Links and deletions wait for the vendor while the
 * kernel holds the directory; only what queues behind them in that directory waits too.
 */
#include "fs/create_remove.h"

#include "cache/roster/roster.h"
#include "cache/access/link.h"
#include "cache/access/unlink.h"
#include "fs/memory/draft.h"
#include "fs/memory/scratch.h"
#include "fs/memory/vacancy.h"
#include "fs/open.h"
#include "fs/tree/entry.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"
#include "vendors/base/process.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Refuse to change DIRECTORY's NAME. */
static void refuse(fuse_req_t req, fuse_ino_t parent, const char *name, int error,
		   const char *words)
{
	struct fs *fs = fs_of(req);
	const struct node *directory = inode_node(fs, parent);
	char path[NODE_PATH_MAX];

	node_path(directory, name, path);
	if (directory->branch && !directory->branch->users) {
		error = -EROFS;
		words = "this vendor's users are kept by hand: see MANUAL";
	}
	fuse_reply_err(req, -request_refuse(req, path, error, words));
}

/* The id that NAME, "ID.json" in one of a record directory's directories, stands for; the caller
 * frees. */
static char *id_of(const char *name)
{
	char stem[PATH_STEM_MAX + 1], id[PATH_STEM_MAX + 1];

	return path_parse(name, stem) == PATH_JSON && path_id(stem, id) ? strdup(id) : NULL;
}

/* A request about DIRECTORY's NAME, with the id that it stands for as its text. NULL: no memory. */
static struct request *request_for(struct fs *fs, fuse_req_t req, struct node *directory,
				   const char *name, char *id)
{
	struct request *request = request_new(fs, req, directory);
	char path[NODE_PATH_MAX];

	if (!request) {
		free(id);
		return NULL;
	}
	node_path(directory, name, path);
	snprintf(request->call.path, sizeof(request->call.path), "%s", path);
	request->text = id;
	request->length = strlen(id);
	return request;
}

/* ---- files ---- */

/* What to say of a new NAME in DIRECTORY that is no draft. */
static void refuse_new(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	char stem[PATH_STEM_MAX + 1];
	const struct node *directory = inode_node(fs_of(req), parent);
	enum path_kind kind = directory->record_dir ? path_parse(name, stem) : PATH_OTHER;
	bool forgot_id = strcmp(name, ".status") == 0 && node_holds_files(directory);
	const char *why = directory->branch ? directory->branch->account->vendor->creation_refused
					    : NULL;

	if (kind == PATH_STATUS || forgot_id)
		refuse(req, parent, name, -ENOENT, "there is no such user");
	else if (kind == PATH_JSON && directory->kind == NODE_BRANCH && why &&
		 !record_dir_creates(directory->record_dir))
		refuse(req, parent, name, -EOPNOTSUPP, why);
	else if (kind == PATH_JSON && record_dir_creates(directory->record_dir))
		refuse(req, parent, name, -EOPNOTSUPP,
		       "there is no such record; a file in new/ makes one");
	else if (kind == PATH_JSON)
		refuse(req, parent, name, -EOPNOTSUPP,
		       "there is no such record, and a new file does not make one");
	else if (why && strcmp(name, "new") == 0)
		refuse(req, parent, name, -EPERM, why);
	else
		refuse(req, parent, name, -EPERM,
		       "other files than the vendor's can't be made here");
}

/* May a file in memory be made in DIRECTORY under NAME? */
static bool may_be_scratch(const struct node *directory, const char *name)
{
	if (!node_holds_files(directory) || node_is_foreign(directory, name))
		return false;
	return !path_is_reserved(name) || (directory->kind == NODE_NEW && draft_posts(name));
}

/* Make one, or a link to TARGET. A node of it, or NULL and a negative errno in *ERROR. */
static struct node *make_scratch(struct fs *fs, struct node *directory, const char *name,
				 const char *target, int *error)
{
	struct scratch *scratch = NULL;
	char path[NODE_PATH_MAX];
	struct node *node;

	if (strlen(name) > NAME_MAX) {
		*error = -ENAMETOOLONG;
		return NULL;
	}
	node_path(directory, name, path);
	*error = scratch_make(fs->scratches, path, target, &scratch);
	if (*error && (*error != -EEXIST || target))
		return NULL;
	if (scratch && directory->kind == NODE_NEW && draft_posts(name))
		scratch_keep(scratch);
	node = inode_take_scratch(fs, directory, name);
	scratch_put(fs->scratches, scratch);
	*error = node ? 0 : -ENOMEM;
	return node;
}

/* The record's file that its owner has renamed away, and now writes anew. */
static struct node *vacant_node(struct fs *fs, fuse_req_t req, const struct node *directory,
				const char *name)
{
	char path[NODE_PATH_MAX];
	struct node *node;
	pid_t thread = fuse_req_ctx(req)->pid;

	node_path(directory, name, path);
	if (!vacancy_holds(fs->vacancies, path, thread))
		return NULL;
	node = inode_find(fs, path);
	if (node && node_is_record(node)) {
		vacancy_end(fs->vacancies, path, process_of(thread));
		return node;
	}
	if (node)
		inode_drop(fs, node);
	return NULL;
}

void create_file(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		 struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_CREATE);
	struct node *directory = inode_node(fs, parent);
	struct node *node = vacant_node(fs, req, directory, name);
	int error;

	(void)mode;
	if (node) {
		open_new(fs, req, node, fi);
		return;
	}
	if (!may_be_scratch(directory, name)) {
		refuse_new(req, parent, name);
		return;
	}
	node = make_scratch(fs, directory, name, NULL, &error);
	if (node)
		open_new(fs, req, node, fi);
	else if (error == -ENAMETOOLONG)
		fuse_reply_err(req, -error);
	else
		refuse(req, parent, name, error,
		       "the file can't be kept in memory: see scratch_limit");
}

void create_node(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
	fs_asked(req, ASKED_MKNOD);
	(void)mode;
	(void)device;
	refuse_new(req, parent, name);
}

void create_directory(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	fs_asked(req, ASKED_MKDIR);
	(void)mode;
	refuse(req, parent, name, -EPERM, "directories can't be made here");
}

void remove_directory(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	fs_asked(req, ASKED_RMDIR);
	refuse(req, parent, name, -EPERM, "directories can't be removed");
}

/* ---- links ---- */

static int link_user(struct request *request)
{
	return link_create(&request->call, request->node->record_dir->roster, request->fs->guard,
			   request->text);
}

static void linked(struct request *request, int error)
{
	struct fs *fs = request->fs;
	struct fuse_entry_param entry;
	char name[SHELF_NAME_MAX];
	struct node *node;

	if (error) {
		request_fail(request, error);
		return;
	}
	if (!request_claim(request))
		return;
	record_dir_name(request->node->record_dir, request->text, ".json", name);
	node = inode_take(fs, NODE_LINK, request->node, name, request->node->record_dir,
			  request->text);
	if (!node) {
		fuse_reply_err(request->req, ENOMEM);
		return;
	}
	entry_fill(fs, node, NULL, 0, &entry);
	if (fuse_reply_entry(request->req, &entry) == -ENOENT)
		inode_forget(fs, entry.ino, 1);
}

/* Does TARGET lead from a link in DIRECTORY to the user's file NAME? */
static bool leads_to_user(const struct node *directory, const char *name, const char *target)
{
	for (const char *c = directory->record_dir->path; *c; c++) {
		if (*c != '/')
			continue;
		if (strncmp(target, "../", 3) != 0)
			return false;
		target += 3;
	}
	return strcmp(target, name) == 0;
}

/* Editors' locks are links that lead nowhere. */
static void link_scratch(fuse_req_t req, fuse_ino_t parent, const char *target, const char *name)
{
	struct fs *fs = fs_of(req);
	struct fuse_entry_param entry;
	int error;
	struct node *node = make_scratch(fs, inode_node(fs, parent), name, target, &error);

	if (!node) {
		fuse_reply_err(req, -error);
		return;
	}
	entry_fill(fs, node, NULL, 0, &entry);
	if (fuse_reply_entry(req, &entry) == -ENOENT)
		inode_forget(fs, entry.ino, 1);
}

void create_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fs_asked(req, ASKED_SYMLINK);
	struct node *directory = inode_node(fs, parent);
	struct request *request;
	char *id;

	if (may_be_scratch(directory, name) && !draft_posts(name)) {
		link_scratch(req, parent, target, name);
		return;
	}
	if (directory->kind != NODE_PLACE || !record_dir_has_links(directory->record_dir)) {
		refuse(req, parent, name, -EPERM, "links can't be made here");
		return;
	}
	id = leads_to_user(directory, name, target) ? id_of(name) : NULL;
	if (!id) {
		refuse(req, parent, name, -EPERM,
		       "a link here leads to a user's file of the same name: ln -s "
		       "../../../ID.json .");
		return;
	}
	request = request_for(fs, req, directory, name, id);
	if (!request)
		fuse_reply_err(req, ENOMEM);
	else
		request_work(request, link_user, linked);
}

void create_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	fs_asked(req, ASKED_LINK);
	(void)ino;
	refuse(req, parent, name, -EPERM, "only symbolic links can be made, and only in members/");
}

/* ---- removing ---- */

static int delete_record(struct request *request)
{
	return unlink_record(&request->call, request->node->record_dir->roster, request->fs->guard,
			     request->text);
}

static void deleted(struct request *request, int error)
{
	if (error)
		request_fail(request, error);
	else if (request_claim(request))
		fuse_reply_err(request->req, 0);
}

static bool holds_deletable(const struct node *directory)
{
	return directory->kind == NODE_PLACE && record_dir_lists(directory->record_dir) &&
	       roster_collection(directory->record_dir->roster)->deletes;
}

/* The file in memory at DIRECTORY's NAME goes. False: there is none. */
static bool remove_scratch(struct fs *fs, const struct node *directory, const char *name)
{
	char path[NODE_PATH_MAX];

	node_path(directory, name, path);
	if (scratch_remove(fs->scratches, path))
		return false;
	vacancy_end_backup(fs->vacancies, path);
	return true;
}

void remove_file(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fs_asked(req, ASKED_UNLINK);
	struct node *directory = inode_node(fs, parent);
	struct request *request;
	char *id;

	if (remove_scratch(fs, directory, name)) {
		fuse_reply_err(req, 0);
		return;
	}
	id = holds_deletable(directory) ? id_of(name) : NULL;
	if (!id) {
		refuse(req, parent, name, -EPERM,
		       directory->kind == NODE_BRANCH
			   ? "nothing is removed by rm: to end a user's access write inactive to "
			     "the .status"
			   : "this can't be removed");
		return;
	}
	request = request_for(fs, req, directory, name, id);
	if (!request)
		fuse_reply_err(req, ENOMEM);
	else
		request_work(request, delete_record, deleted);
}
