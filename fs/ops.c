/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.c - attributes and links, and the FUSE table.
 *
 * An inode may be one on trial (lookup.c): whoever asks for its attributes waits until a vendor has
 * told whether it is there, and what it shows.
 */
#include "fs/ops.h"

#include "cache/record/record.h"
#include "cache/roster/known.h"
#include "cache/roster/wait.h"
#include "cache/roster/roster.h"
#include "fs/control/history_dir.h"
#include "fs/create_remove.h"
#include "fs/dir.h"
#include "fs/file.h"
#include "fs/listing.h"
#include "fs/lookup.h"
#include "fs/memory/scratch.h"
#include "fs/memory/scratch_text.h"
#include "fs/open.h"
#include "fs/people/email_dir.h"
#include "fs/rename.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/pages.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

static void reply_attr(struct fs *fs, fuse_req_t req, struct node *node,
		       const struct record *record, double seconds)
{
	struct stat attr;
	double keep = entry_attr(fs, node, record, seconds, &attr);

	fuse_reply_attr(req, &attr, keep);
}

/* The same for what is asked about by the number INO, which others may have open. */
static void reply_opened_attr(struct fs *fs, fuse_req_t req, fuse_ino_t ino, struct node *node,
			      const struct record *record, double seconds)
{
	struct handle *shown;
	struct stat attr;
	int error = view_attr(fs, req, ino, node, record, &shown);

	if (error) {
		fuse_reply_err(req, -error);
	} else if (shown) {
		node_attr(fs, shown->node, shown->record, &attr);
		fuse_reply_attr(req, &attr, 0);
		handle_put(shown);
	} else {
		reply_attr(fs, req, node, record, seconds);
	}
}

/* ---- names that the kernel holds ---- */

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
	struct fs *fs = fs_asked(req, ASKED_FORGET);

	inode_forget(fs, ino, count);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	struct fs *fs = fs_asked(req, ASKED_FORGET);

	for (size_t i = 0; i < count; i++)
		inode_forget(fs, forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

/* ---- getattr, setattr ---- */

/* Is NODE's name made of its id, so that it is not there without its record? */
static bool goes_by_id(const struct node *node)
{
	char name[SHELF_NAME_MAX];

	if (!node->id || roster_collection(node->record_dir->roster)->single)
		return false;
	record_dir_name(node->record_dir, node->id, node->kind == NODE_STATUS ? ".status" : ".json",
			name);
	return strcmp(name, node_name(node)) == 0;
}

static void got_attr(struct request *request, int error)
{
	struct node *node = request->node;
	struct record *record, *held = NULL;
	double seconds = 0;

	if (entry_again(request, error))
		return;
	error = entry_found(request, error, &record);
	if (error == -ENOENT && goes_by_id(node) && !atomic_load(&node->writers) &&
	    !pages_has_readers(request->fs, request->ino)) {
		/* Nobody has it open, so that was a question by name: the kernel looks that up
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
	entry_peek(node, &held, &seconds);
	record_put(held);
	if (request_claim(request))
		reply_opened_attr(request->fs, request->req, request->ino, node, record, seconds);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_GETATTR);
	struct node *node = inode_node(fs, ino);
	enum known knows = KNOWN_NOTHING;
	struct record *record = NULL;
	struct request *request;
	double seconds = 0;
	struct stat attr;

	/* A read near the end of an open file: it ends where that version ends. */
	if (fi && view_pages(handle_of(fi))) {
		/* by its own node: a rename may have brought the number elsewhere */
		node_attr(fs, handle_of(fi)->node, view_pages(handle_of(fi)), &attr);
		fuse_reply_attr(req, &attr, 0);
		return;
	}
	if (node_is_person(node)) {
		email_dir_getattr(req, node);
		return;
	}
	if (!node_needs_record(node)) {
		reply_opened_attr(fs, req, ino, node, NULL, 0);
		return;
	}
	knows = entry_peek(node, &record, &seconds);
	/* While somebody fetches the roster, a known record's attributes are those known. */
	if (knows == KNOWN_FRESH || knows == KNOWN_FETCHING) {
		reply_opened_attr(fs, req, ino, node, record, seconds);
		record_put(record);
		return;
	}
	record_put(record);
	request = request_new(fs, req, node);
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->ino = ino;
	entry_ask(request, got_attr);
}

/* NODE is neither a record's file nor one in memory. */
static void set_nothing(struct fs *fs, fuse_req_t req, struct node *node, int what)
{
	/* a shell's > truncates what is then asked by a write */
	bool asks = node_is_command(node) || node->kind == NODE_TRANSACTION;
	int error = 0;

	if (node->branch && !node->branch->users)
		error = -EROFS;
	else if (history_dir_is(node) || ((what & FUSE_SET_ATTR_SIZE) && !asks))
		error = -EPERM;
	if (error)
		fuse_reply_err(req, -request_refuse(req, node->path, error,
						    "this can't be changed here"));
	else if (node_is_person(node))
		email_dir_getattr(req, node); /* which many vendors may have to tell */
	else
		reply_attr(fs, req, node, NULL, 0);
}

/*
 * NODE, behind INO, gets LENGTH. A size counts only for an open file: a path alone is truncated to
 * nothing that could be sent. 0 or a negative errno.
 */
static int set_size(struct fs *fs, fuse_req_t req, fuse_ino_t ino, const struct node *node,
		    off_t length, struct fuse_file_info *fi)
{
	struct handle *handle = NULL;
	int error;

	if (fi)
		return file_truncate(req, handle_of(fi), length);
	/* whatever it has been renamed to meanwhile */
	if (length == 0)
		handle = view_truncated(fs, req, ino);
	if (handle) {
		error = file_truncate(req, handle, 0);
		handle_put(handle);
		return error;
	}
	if (node_scratch(node))
		return scratch_text_truncate(fs->scratches, node_scratch(node), length);
	return request_refuse(req, node->path, -EINVAL,
			      "a file that is not open can't be truncated: nothing was sent");
}

/* Tools set modes, owners and times when they save, and must not hear that they can't. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int what,
		       struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_SETATTR);
	struct node *node = inode_node(fs, ino);
	struct record *record = NULL;
	double seconds;
	int error = 0;

	if (!node_is_record(node) && !node_scratch(node)) {
		set_nothing(fs, req, node, what);
		return;
	}
	if (what & FUSE_SET_ATTR_SIZE)
		error = set_size(fs, req, ino, node, attr->st_size, fi);
	if (error) {
		fuse_reply_err(req, -error);
		return;
	}
	if (!node_scratch(node))
		entry_peek(node, &record, &seconds);
	reply_opened_attr(fs, req, ino, node, record, 0);
	record_put(record);
}

/* ---- links ---- */

static void got_self(struct request *request, int error)
{
	char stem[PATH_STEM_MAX + 1], target[PATH_NAME_MAX + 16];

	if (error == -ENODATA)
		error =
		    call_fail(&request->call, CALL_MISSING,
			      "the vendor does not tell which user the keys in section [%s] belong "
			      "to: set self_id there",
			      request->node->branch->account->name);
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
	struct fs *fs = fs_asked(req, ASKED_READLINK);
	struct node *node = inode_node(fs, ino);
	struct request *request;
	char target[NODE_PATH_MAX];

	if (!node_is_link(node)) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	if (node_is_person(node)) {
		email_dir_readlink(req, node);
		return;
	}
	if (node->kind != NODE_SELF) {
		node_target(node, target);
		fuse_reply_readlink(req, target);
		return;
	}
	request = request_new(fs, req, node);
	if (!request)
		fuse_reply_err(req, ENOMEM);
	else
		request_ask(request, node->record_dir->roster, WAIT_SELF, NULL, got_self);
}

/* ---- the whole ---- */

/* Small, so that a small scratch_limit is some of them too. */
#define BLOCK 512u

/*
 * Only files in memory take room, and records none, however many there are: a monitor that counts
 * them would raise an alarm, and without any room tools do not even try to save.
 */
static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fs_asked(req, ASKED_STATFS);
	struct scratch_room room;
	struct statvfs stat = {.f_bsize = BLOCK, .f_frsize = BLOCK, .f_namemax = 255};

	(void)ino;
	scratch_look(fs->scratches, &room);
	/* Not all zero: df hides such a mount. */
	stat.f_blocks = room.bytes / BLOCK ? room.bytes / BLOCK : 1;
	stat.f_bfree = stat.f_bavail = room.bytes_left / BLOCK;
	stat.f_files = room.files;
	stat.f_ffree = stat.f_favail = room.files_left;
	fuse_reply_statfs(req, &stat);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct fs *fs = userdata;

	/*
	 * Attributes with the names as long as somebody looks at them: one request then does the
	 * work of thousands. Else names alone, which is four times as many of them in a request.
	 */
	conn->want |= conn->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
	/* Pages are dropped when a new version is opened (open.c), not when a size looks new. */
	conn->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
	/* A write must fail where it is made. */
	conn->want &= ~(unsigned)FUSE_CAP_WRITEBACK_CACHE;
	/*
	 * A > truncates what it has opened in a request of its own, whose answer tells the size:
	 * else the kernel takes it for empty, and so do readers at that moment.
	 */
	conn->want &= ~(unsigned)FUSE_CAP_ATOMIC_O_TRUNC;
	if (fs->greeted)
		fs->greeted(fs->greeted_arg);
}

/* No xattr operations: libfuse then answers ENOSYS, and the kernel stops asking (five times on ls
 * -l). */
const struct fuse_lowlevel_ops ops_table = {
    .init = op_init,
    .lookup = lookup_entry,
    .forget = op_forget,
    .forget_multi = op_forget_multi,
    .getattr = op_getattr,
    .setattr = op_setattr,
    .readlink = op_readlink,
    .mknod = create_node,
    .mkdir = create_directory,
    .unlink = remove_file,
    .rmdir = remove_directory,
    .symlink = create_symlink,
    .rename = rename_entry,
    .link = create_link,
    .create = create_file,
    .open = open_file,
    .read = file_read,
    .write = file_write,
    .flush = file_flush,
    .release = file_release,
    .fsync = file_fsync,
    .opendir = dir_open,
    .readdir = listing_read,
    .readdirplus = listing_read_plus,
    .releasedir = dir_release,
    .fsyncdir = dir_fsync,
    .statfs = op_statfs,
};
