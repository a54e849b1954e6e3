/*
 * ops.c - names and attributes, and the FUSE table.
 *
 * A name is answered at once, from what is known: an id that nobody has asked for yet gets an inode
 * on trial, with no time to live, and getattr and open find out. So nothing that holds a directory
 * ever waits for a vendor.
 */
#include "fs/ops.h"

#include "cache/roster.h"
#include "fs/handle.h"
#include "fs/entry.h"
#include "fs/node.h"
#include "fs/path.h"
#include "fs/request.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

static void reply_attr(struct fs *fs, fuse_req_t req, struct node *node,
		       const struct record *record, double seconds)
{
	struct stat attr;
	double keep = entry_attr(fs, node, record, seconds, &attr);

	fuse_reply_attr(req, &attr, keep);
}

/* ---- lookup ---- */

static void reply_entry(struct fs *fs, fuse_req_t req, struct node *node,
			const struct record *record, double seconds)
{
	struct fuse_entry_param entry;

	if (!node) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	entry_fill(fs, node, record, seconds, &entry);
	if (fuse_reply_entry(req, &entry) == -ENOENT)
		node_drop(fs, node, 1);
}

/* A cut name tells no id: what the newest roster says, fresh or not, must do. */
static char *id_of_cut(struct branch *branch, const char *stem)
{
	double seconds;
	struct snapshot *snapshot = roster_snapshot(branch->roster, &seconds);
	const struct record *record = snapshot ? entry_find_cut(snapshot, stem) : NULL;
	char *id = record ? strdup(record->id) : NULL;

	snapshot_put(snapshot);
	return id;
}

static void lookup_record(struct fs *fs, fuse_req_t req, struct branch *branch, const char *name)
{
	char stem[PATH_STEM_MAX + 1], id[PATH_STEM_MAX + 1];
	enum path_kind kind = path_parse(name, stem);
	enum node_kind node_kind = kind == PATH_STATUS ? NODE_STATUS : NODE_JSON;
	enum roster_knows knows = ROSTER_UNKNOWN;
	struct record *record = NULL;
	double seconds = 0;
	struct node *node;
	char *found = NULL;

	if (kind == PATH_OTHER || (!path_is_cut(stem) && !path_id(stem, id))) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	if (path_is_cut(stem))
		found = id_of_cut(branch, stem);
	else
		found = strdup(id);
	node = node_take(fs, node_kind, branch, name, found);
	if (node)
		knows = entry_peek(node, &record, &seconds);
	if (node && knows == ROSTER_ABSENT) {
		node_drop(fs, node, 1);
		fuse_reply_err(req, ENOENT);
	} else {
		reply_entry(fs, req, node, record, knows == ROSTER_FRESH ? seconds : 0);
	}
	record_put(record);
	free(found);
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fs *fs = fs_of(req);
	struct node *directory = node_of(fs, parent);
	struct branch *branch = directory->kind == NODE_ROOT ? fs_branch(fs, name) : NULL;

	if (branch) {
		node_hold(fs, branch->node);
		reply_entry(fs, req, branch->node, NULL, 0);
		return;
	}
	for (const struct node_fixed *fixed = node_fixed(directory); fixed->name; fixed++) {
		if (strcmp(fixed->name, name) == 0) {
			reply_entry(fs, req,
				    node_take(fs, fixed->kind, directory->branch, name, NULL), NULL,
				    0);
			return;
		}
	}
	if (directory->kind == NODE_BRANCH && directory->branch->roster)
		lookup_record(fs, req, directory->branch, name);
	else
		fuse_reply_err(req, ENOENT);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
	struct fs *fs = fs_of(req);

	node_drop(fs, node_of(fs, ino), count);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	struct fs *fs = fs_of(req);

	for (size_t i = 0; i < count; i++)
		node_drop(fs, node_of(fs, forgets[i].ino), forgets[i].nlookup);
	fuse_reply_none(req);
}

/* ---- getattr, setattr ---- */

static void got_attr(struct request *request, int error)
{
	struct node *node = request->node;
	struct record *record, *held = NULL;
	double seconds = 0;

	if (entry_again(request, error))
		return;
	error = entry_found(request, error, &record);
	if (error) {
		request_fail(request, error);
		return;
	}
	entry_peek(node, &held, &seconds);
	record_put(held);
	if (request_claim(request))
		reply_attr(request->fs, request->req, node, record, seconds);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct node *node = node_of(fs, ino);
	enum roster_knows knows = ROSTER_UNKNOWN;
	struct record *record = NULL;
	struct request *request;
	double seconds = 0;

	/* A read near the end of an open file: it ends where that version ends. */
	if (fi && file_pages(fi)) {
		reply_attr(fs, req, node, file_pages(fi), 0);
		return;
	}
	if (!node_is_record(node)) {
		reply_attr(fs, req, node, NULL, 0);
		return;
	}
	knows = entry_peek(node, &record, &seconds);
	/* While somebody fetches the roster, a known record's attributes are those known. */
	if (knows == ROSTER_FRESH || knows == ROSTER_FETCHING) {
		reply_attr(fs, req, node, record, seconds);
		record_put(record);
		return;
	}
	record_put(record);
	request = request_new(fs, req, node);
	if (!request)
		fuse_reply_err(req, ENOMEM);
	else
		entry_ask(request, got_attr);
}

/*
 * Tools set modes, owners and times when they save, and must not hear that they can't. A size
 * counts only for an open file: a path alone is truncated to nothing that could be sent.
 */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int what,
		       struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct node *node = node_of(fs, ino);
	struct record *record = NULL;
	double seconds;
	int error = 0;

	if (node->kind == NODE_CONTROL_REFRESH) {
		reply_attr(fs, req, node, NULL, 0); /* echo truncates it */
		return;
	}
	if (!node_is_record(node)) {
		bool by_hand = node->branch && !node->branch->roster;

		fuse_reply_err(req, -request_refuse(req, node->path, by_hand ? -EROFS : -EPERM,
						    "this can't be changed here"));
		return;
	}
	if ((what & FUSE_SET_ATTR_SIZE) && fi)
		error = file_truncate(req, fi, attr->st_size);
	else if (what & FUSE_SET_ATTR_SIZE)
		error =
		    request_refuse(req, node->path, -EINVAL,
				   "a file that is not open can't be truncated: nothing was sent");
	if (error) {
		fuse_reply_err(req, -error);
		return;
	}
	entry_peek(node, &record, &seconds);
	reply_attr(fs, req, node, record, 0);
	record_put(record);
}

/* ---- self ---- */

static void got_self(struct request *request, int error)
{
	char stem[PATH_STEM_MAX + 1], target[PATH_NAME_MAX + 16];

	if (error == -ENODATA)
		error =
		    call_fail(&request->call, ENOENT,
			      "the vendor does not tell which user our key belongs to: set self_id "
			      "in the config");
	if (error) {
		request_fail(request, error);
		return;
	}
	path_stem(request->wait.self, stem);
	snprintf(target, sizeof(target), "%s.json", stem);
	if (request_claim(request))
		fuse_reply_readlink(request->req, target);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fs_of(req);
	struct node *node = node_of(fs, ino);
	struct request *request;

	if (node->kind != NODE_SELF) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	request = request_new(fs, req, node);
	if (!request)
		fuse_reply_err(req, ENOMEM);
	else
		request_ask(request, node->branch->roster, WAIT_SELF, NULL, got_self);
}

/* ---- what is not done ---- */

/* Refuse to change DIRECTORY's NAME. */
static void refuse(fuse_req_t req, fuse_ino_t parent, const char *name, int error,
		   const char *words)
{
	struct fs *fs = fs_of(req);
	const struct node *directory = node_of(fs, parent);
	char path[CALL_PATH_MAX];

	snprintf(path, sizeof(path), "%s%s%.255s", directory->path, directory->path[0] ? "/" : "",
		 name);
	if (directory->branch && !directory->branch->roster) {
		error = -EROFS;
		words = "this vendor's users are kept by hand: see MANUAL";
	}
	fuse_reply_err(req, -request_refuse(req, path, error, words));
}

/* A mistyped id must not look like a deactivation, nor a new file like a new user. */
static void refuse_new(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	char stem[PATH_STEM_MAX + 1];
	const struct node *directory = node_of(fs_of(req), parent);
	enum path_kind kind = directory->kind == NODE_BRANCH ? path_parse(name, stem) : PATH_OTHER;

	if (kind == PATH_STATUS)
		refuse(req, parent, name, -ENOENT, "there is no such user");
	else if (kind == PATH_JSON)
		refuse(req, parent, name, -EOPNOTSUPP,
		       "there is no such user, and a new file does not make one");
	else
		refuse(req, parent, name, -EPERM,
		       "other files than the vendor's can't be made here");
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	(void)mode;
	(void)fi;
	refuse_new(req, parent, name);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device)
{
	(void)mode;
	(void)device;
	refuse_new(req, parent, name);
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	(void)mode;
	refuse(req, parent, name, -EPERM, "directories can't be made here");
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	(void)target;
	refuse(req, parent, name, -EPERM, "links can't be made here");
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	(void)ino;
	refuse(req, parent, name, -EPERM, "links can't be made here");
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	refuse(req, parent, name, -EPERM,
	       "nothing is removed by rm: to end a user's access write inactive to the .status");
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	refuse(req, parent, name, -EPERM, "directories can't be removed");
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		      const char *new_name, unsigned flags)
{
	(void)new_parent;
	(void)new_name;
	(void)flags;
	refuse(req, parent, name, -EPERM, "names can't be changed here");
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fs_of(req);
	/* Not all zero: df hides such a mount. */
	struct statvfs stat = {.f_bsize = 4096, .f_frsize = 4096, .f_blocks = 1, .f_namemax = 255};

	(void)ino;
	for (size_t i = 0; i < fs->branch_count; i++) {
		struct roster_info info;

		if (!fs->branches[i].roster)
			continue;
		roster_info(fs->branches[i].roster, &info);
		stat.f_files += 2 * info.users;
	}
	fuse_reply_statfs(req, &stat);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct fs *fs = userdata;

	/* Attributes with every name, always: one request then does the work of thousands. */
	if (conn->capable & FUSE_CAP_READDIRPLUS)
		conn->want |= FUSE_CAP_READDIRPLUS;
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
	/* Pages are dropped when a new version is opened (file.c), not when a size looks new. */
	conn->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
	/* A write must fail where it is made. */
	conn->want &= ~(unsigned)FUSE_CAP_WRITEBACK_CACHE;
	if (fs->ready)
		fs->ready(fs->ready_arg);
}

/* No xattr operations: libfuse then answers ENOSYS, and the kernel stops asking (five times on ls
 * -l). */
const struct fuse_lowlevel_ops fs_operations = {
    .init = op_init,
    .lookup = op_lookup,
    .forget = op_forget,
    .forget_multi = op_forget_multi,
    .getattr = op_getattr,
    .setattr = op_setattr,
    .readlink = op_readlink,
    .mknod = op_mknod,
    .mkdir = op_mkdir,
    .unlink = op_unlink,
    .rmdir = op_rmdir,
    .symlink = op_symlink,
    .rename = op_rename,
    .link = op_link,
    .create = op_create,
    .open = file_open,
    .read = file_read,
    .write = file_write,
    .flush = file_flush,
    .release = file_release,
    .fsync = file_fsync,
    .opendir = dir_open,
    .readdir = dir_read,
    .readdirplus = dir_read_plus,
    .releasedir = dir_release,
    .fsyncdir = dir_fsync,
    .statfs = op_statfs,
};
