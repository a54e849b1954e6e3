/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.c - see ops.h.
 *
 * Each operation is handed to the kind of the node that it is about (node.h). What all kinds do
 * alike is here, and in the files of the table below.
 */
#include "fs/ops.h"

#include "cache/record/record.h"
#include "fs/create.h"
#include "fs/file.h"
#include "fs/listing.h"
#include "fs/memory/scratch.h"
#include "fs/remove.h"
#include "fs/rename.h"
#include "fs/tree/dir.h"
#include "fs/tree/entry.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/libfuse.h"
#include "fs/tree/node.h"
#include "fs/tree/node_record.h"
#include "fs/tree/path.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/statvfs.h>

/* ---- names that the kernel holds ---- */

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *text)
{
	struct fs *fs = fs_asked(req, ASKED_LOOKUP);
	struct node *directory = inode_node(fs, parent);
	struct path_name name;

	dir_asked(fs, directory);
	if (strlen(text) > NAME_MAX) { /* the kernel allows 1,024 bytes */
		fuse_reply_err(req, ENAMETOOLONG);
	} else if (directory->ops->lookup) {
		if (directory->ops->lists_folders)
			path_parse_folder(text, &name);
		else
			path_parse(text, &name);
		directory->ops->lookup(req, directory, &name);
	} else if (!entry_reply_fixed(req, directory, text)) {
		fuse_reply_err(req, ENOENT);
	}
}

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

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_GETATTR);
	struct node *node = inode_node(fs, ino);
	struct stat attr;

	/* for a read near the end of an open file: it ends where that version ends */
	if (fi && view_pages(handle_of(fi))) {
		/* by its own node: a rename may have brought the number elsewhere */
		node_attr(fs, handle_of(fi)->node, view_pages(handle_of(fi)), &attr);
		fuse_reply_attr(req, &attr, 0);
	} else if (node->ops->getattr) {
		node->ops->getattr(req, ino, node);
	} else {
		entry_reply_opened_attr(req, ino, node, NULL, 0);
	}
}

/* Answer a SETATTR of NODE, of a kind whose size can't be set. */
static void op_set_nothing(fuse_req_t req, fuse_ino_t ino, struct node *node, int what)
{
	const char *words = request_read_only(node);
	int error = 0;

	if (words)
		error = -EROFS;
	else if (node->ops->is_unchangeable ||
		 ((what & FUSE_SET_ATTR_SIZE) && !node->ops->ignores_size))
		error = -EPERM;
	if (error)
		fuse_reply_err(req, -request_refuse(req, node->path, error,
						    words ? words : "this can't be changed here"));
	else if (node->ops->is_person)
		node->ops->getattr(req, ino, node); /* many vendors may have to be asked */
	else
		entry_reply_attr(req, node, NULL, 0);
}

/*
 * Set the size of NODE, behind INO, to LENGTH. A size counts only for an open file: one that is not
 * open is truncated to nothing that could be sent. Return 0 or a negative errno.
 */
static int op_set_size(fuse_req_t req, fuse_ino_t ino, struct node *node, off_t length,
		       struct fuse_file_info *fi)
{
	struct fs *fs = fs_of(req);
	struct handle *handle = NULL;
	int error;

	/* by the handle's own node, whatever it has been renamed to meanwhile */
	if (fi) {
		atomic_store(&handle_of(fi)->used, true);
		return handle_of(fi)->node->ops->truncate(req, handle_of(fi), length);
	}
	if (length == 0)
		handle = view_truncated(fs, req, ino);
	if (handle) {
		error = handle->node->ops->truncate(req, handle, 0);
		handle_put(handle);
		return error;
	}
	if (node->ops->truncate_name)
		return node->ops->truncate_name(fs, node, length);
	return request_refuse(req, node->path, -EINVAL,
			      "a file that is not open can't be truncated; nothing was sent");
}

/* Tools set modes, owners and times when they save, and must not be told that they can't. */
static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int what,
		       struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_SETATTR);
	struct node *node = inode_node(fs, ino);
	struct record *record = NULL;
	double seconds;
	int error = 0;

	if (!node->ops->truncate && !node->ops->truncate_name) {
		op_set_nothing(req, ino, node, what);
		return;
	}
	if (what & FUSE_SET_ATTR_SIZE)
		error = op_set_size(req, ino, node, attr->st_size, fi);
	if (error) {
		fuse_reply_err(req, -error);
		return;
	}
	node_record_peek(node, &record, &seconds);
	entry_reply_opened_attr(req, ino, node, record, 0);
	record_put(record);
}

/* ---- links ---- */

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fs_asked(req, ASKED_READLINK);
	struct node *node = inode_node(fs, ino);
	char target[NODE_PATH_MAX];

	if (node->ops->readlink) {
		node->ops->readlink(req, node);
	} else if (node->ops->target) {
		node->ops->target(node, target);
		fuse_reply_readlink(req, target);
	} else {
		fuse_reply_err(req, EINVAL);
	}
}

/* ---- the whole ---- */

/* Small, so that even a small scratch_limit is several blocks. */
#define BLOCK 512u

/* Only files in memory take room. Records take none, however many there are: a monitor that counts
 * them would raise an alarm, and without any free room tools do not even try to save. */
static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct fs *fs = fs_asked(req, ASKED_STATFS);
	struct scratch_room room;
	struct statvfs stat = {.f_bsize = BLOCK, .f_frsize = BLOCK, .f_namemax = 255};

	(void)ino;
	scratch_look(fs->scratches, &room);
	/* not all zero: df hides such a mount */
	stat.f_blocks = room.bytes / BLOCK ? room.bytes / BLOCK : 1;
	stat.f_bfree = stat.f_bavail = room.bytes_left / BLOCK;
	stat.f_files = room.files;
	stat.f_ffree = stat.f_favail = room.files_left;
	fuse_reply_statfs(req, &stat);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct fs *fs = userdata;

	/* READDIRPLUS while processes use the attributes: one request then does the work of
	 * thousands. Else names alone, of which a request holds four times as many. */
	conn->want |= conn->capable & (FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
	/* Pages are dropped when a new version is opened (view.c), not when a size looks new. */
	conn->want &= ~(unsigned)FUSE_CAP_AUTO_INVAL_DATA;
	/* A write must fail in the system call that makes it. */
	conn->want &= ~(unsigned)FUSE_CAP_WRITEBACK_CACHE;
	/*
	 * A shell's > truncates what it has opened in a request of its own, whose answer has the
	 * size. Otherwise the kernel would take the file for empty, and so would readers at that
	 * moment.
	 */
	conn->want &= ~(unsigned)FUSE_CAP_ATOMIC_O_TRUNC;
	libfuse_refuse_io_uring(conn);
	if (fs->greeted)
		fs->greeted(fs->greeted_arg);
}

/* No xattr operations: libfuse then answers ENOSYS, and the kernel stops asking (five times on ls
 * -l). */
const struct fuse_lowlevel_ops ops_table = {
    .init = op_init,
    .lookup = op_lookup,
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
    .open = file_open,
    .read = file_read,
    .write = file_write,
    .flush = file_flush,
    .release = file_release,
    .fsync = file_fsync,
    .poll = file_poll,
    .opendir = listing_open,
    .readdir = listing_read,
    .readdirplus = listing_read_plus,
    .releasedir = listing_release,
    .fsyncdir = listing_fsync,
    .statfs = op_statfs,
};
