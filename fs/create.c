/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create.c - see create.h.
 */
#include "fs/create.h"

#include "cache/record/record.h"
#include "fs/memory/memory_dir.h"
#include "fs/memory/vacancy.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/node_record.h"
#include "fs/tree/open.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"
#include "vendors/base/process.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Refuse to make NAME, which is no draft's and no file's in memory, in DIRECTORY. */
static void refuse_new(fuse_req_t req, const struct node *directory, const struct path_name *name)
{
	enum path_kind kind = node_record_dir(directory) ? name->kind : PATH_OTHER;
	bool forgot_id = strcmp(name->text, ".status") == 0 && directory->ops->holds_files;
	const char *why = node_branch(directory)
			      ? node_branch(directory)->account->vendor->creation_refused
			      : NULL;
	int error = -EOPNOTSUPP;
	const char *words;

	if (kind == PATH_STATUS || forgot_id) {
		error = -ENOENT;
		words = "no such user";
	} else if (kind == PATH_JSON && node_is_account(directory) && why &&
		   !record_dir_creates(node_record_dir(directory))) {
		words = why;
	} else if (kind == PATH_JSON && record_dir_creates(node_record_dir(directory))) {
		words = "no such record; create one with a file in new/";
	} else if (kind == PATH_JSON) {
		words = "no such record, and a new file does not create one";
	} else {
		error = -EPERM;
		words = why && strcmp(name->text, "new") == 0
			    ? why
			    : "only the vendor's files can exist here";
	}
	request_refuse_name(req, directory, name->text, error, words);
}

/* ---- files ---- */

/* Return the record's file that REQ's caller has renamed away and now writes anew, with a
 * reference, or NULL. */
static struct node *take_vacant(fuse_req_t req, const struct node *directory, const char *name)
{
	pid_t thread = fuse_req_ctx(req)->pid;
	struct fs *fs = fs_of(req);
	char path[NODE_PATH_MAX];
	struct node *node;

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

/* Others may read the new node as well by then, but not every time. */
#define RENEWED_MAX 3

/*
 * Return a handle that writes *NODE from its start, or NULL: no memory. If others read by the
 * number of *NODE, it is the node that then gets the name: *NODE's reference is exchanged for that
 * node's.
 */
static struct handle *new_handle(fuse_req_t req, struct node **node, int flags)
{
	struct fs *fs = fs_of(req);
	struct record *record = NULL;
	struct handle *handle;
	struct node *renewed;
	double seconds = 0;

	for (int turn = 0;; turn++) {
		node_record_peek(*node, &record, &seconds);
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

/* Answer REQ: NODE, a new file in memory, or a record's file that the caller has renamed away, is
 * open and written from its start. Takes the reference to NODE. */
static void open_new(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct handle *handle = new_handle(req, &node, fi->flags | O_TRUNC);
	struct fuse_entry_param entry;

	if (!handle) {
		inode_drop(fs, node);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	entry_fill(fs, node, handle->record, 0, &entry);
	view_opened(handle, req, entry.ino);
	fi->direct_io = !node->ops->is_cached;
	fi->fh = (uint64_t)(uintptr_t)handle;
	if (fuse_reply_create(req, &entry, fi) == -ENOENT) {
		open_end(handle);
		inode_forget(fs, entry.ino, 1);
	}
}

void create_file(fuse_req_t req, fuse_ino_t parent, const char *text, mode_t mode,
		 struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_CREATE);
	struct node *directory = inode_node(fs, parent);
	struct node *node = take_vacant(req, directory, text);
	struct path_name name;
	int error;

	(void)mode;
	if (node) {
		open_new(req, node, fi);
		return;
	}
	path_parse(text, &name);
	if (!memory_dir_may_have(directory, &name)) {
		refuse_new(req, directory, &name);
		return;
	}
	node = memory_dir_make(fs, directory, &name, NULL, &error);
	if (node)
		open_new(req, node, fi);
	else if (error == -ENAMETOOLONG)
		fuse_reply_err(req, -error);
	else
		request_refuse_name(req, directory, text, error,
				    "the file does not fit in memory; raise scratch_limit");
}

void create_node(fuse_req_t req, fuse_ino_t parent, const char *text, mode_t mode, dev_t device)
{
	struct fs *fs = fs_asked(req, ASKED_MKNOD);
	struct path_name name;

	(void)mode;
	(void)device;
	path_parse(text, &name);
	refuse_new(req, inode_node(fs, parent), &name);
}

void create_directory(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct fs *fs = fs_asked(req, ASKED_MKDIR);

	(void)mode;
	request_refuse_name(req, inode_node(fs, parent), name, -EPERM,
			    "directories can't be created here");
}

/* ---- links ---- */

void create_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *text)
{
	struct fs *fs = fs_asked(req, ASKED_SYMLINK);
	struct node *directory = inode_node(fs, parent);
	struct path_name name;
	struct node *node;
	int error;

	path_parse(text, &name);
	/* editors' locks are links that lead nowhere */
	if (memory_dir_may_have(directory, &name) && name.kind != PATH_JSON) {
		node = memory_dir_make(fs, directory, &name, target, &error);
		if (node)
			entry_reply(req, node, NULL, 0);
		else
			fuse_reply_err(req, -error);
	} else if (directory->ops->symlink) {
		directory->ops->symlink(req, directory, &name, target);
	} else {
		request_refuse_name(req, directory, text, -EPERM, "links can't be created here");
	}
}

void create_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fs_asked(req, ASKED_LINK);

	(void)ino;
	request_refuse_name(req, inode_node(fs, parent), name, -EPERM,
			    "only symbolic links can be created, and only in members/");
}
