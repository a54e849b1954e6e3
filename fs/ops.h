/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.h - the FUSE operations, spread over ops.c (attributes), lookup.c, create_remove.c, dir.c, listing.c,
 * open.c and file.c.
 *
 * Each answers its request exactly once, or parks it (request.h). An operation that the kernel
 * sends with a directory held (lookup, create, readdir...) does not wait for a vendor, but for what
 * changes links and drafts, and looks for a link.
 */
#ifndef ROSTERFS_OPS_H
#define ROSTERFS_OPS_H

#include "fs/fs.h"

struct email_index;

/* ---- lookup.c ---- */
void lookup_name(fuse_req_t req, fuse_ino_t parent, const char *name);

/* ---- dir.c ---- */
void dir_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void dir_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void dir_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);

/* The kernel asks for a single name in the directory NODE, or for the attributes of NODE alone. */
void dir_asked(struct fs *fs, const struct node *node);

/* Answer REQ: NODE, a directory of by-email, is open and shows PEOPLE, which is taken. */
void dir_reply_open(fuse_req_t req, struct node *node, struct email_index *people,
		    struct fuse_file_info *fi);

/* At the end: free the open directories whose release the kernel did not send any more. */
void dir_exit(struct fs *fs);

/* ---- listing.c ---- */
void listing_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		  struct fuse_file_info *fi);
void listing_read_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi);

/* ---- create_remove.c ---- */
void names_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		  struct fuse_file_info *fi);
void names_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device);
void names_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void names_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void names_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void names_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name);
void names_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void names_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		  const char *new_name, unsigned flags);

/* ---- open.c ---- */
void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

/* Answer REQ, a create: NODE, a file in memory or a record that is written anew, is open. Its
 * reference goes to the kernel. */
void open_new(struct fs *fs, fuse_req_t req, struct node *node, struct fuse_file_info *fi);

/* Answer REQ: NODE, which can only be read, is open and shows TEXT (copied). */
void open_text(struct fs *fs, fuse_req_t req, struct node *node, const char *text,
	       struct fuse_file_info *fi);

/* HANDLE is open no more. */
void open_end(struct handle *handle);

/* ---- file.c ---- */
void file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	       struct fuse_file_info *fi);
void file_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		struct fuse_file_info *fi);
void file_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
void file_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

/*
 * Work for request_work: REQUEST's word, or else its text, is to be the record of its node. 0 or a
 * negative errno with words in the call.
 */
int file_save(struct request *request);

/* ftruncate on an open file; answers nothing. 0 or a negative errno. */
int file_truncate(fuse_req_t req, struct handle *handle, off_t length);

#endif
