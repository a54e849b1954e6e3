/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h - what an open record's file shows to readers while others write.
 *
 * The kernel has one size and one set of pages for an inode, no matter which process opened it. A
 * write that goes past the end moves that size, as does each answer about attributes, and a read
 * through the pages ends where the size then is, or has zeros behind its text. So an inode that
 * somebody reads through its pages shows one version, and nobody writes to it:
 *
 *   who opens it to write, or to read another version, or to read while somebody writes, is told
 *   ESTALE. The kernel then looks the name up again, and finds another inode there, which it opens.
 *   The process sees none of that.
 *   attributes are those of the version that is read, for the processes that have it open; anybody
 * else is told ESTALE likewise.
 *
 * A shell's > is an open and then a SETATTR without the open file (op_init in ops.c), which
 * belongs to what its thread has opened last. Nothing here waits.
 */
#ifndef ROSTERFS_VIEW_H
#define ROSTERFS_VIEW_H

#include "fs/fs.h"

struct handle;
struct node;
struct record;

/*
 * HANDLE, which REQ opens by the number INO, is to be read and written: decide how, into FI. False:
 * not by this number. Then the name leads to another one, and the answer is ESTALE.
 */
bool view_open(struct handle *handle, fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

/*
 * HANDLE, on a new file or a record that seems to be one, is to be written. False: not by the
 * number of its node, unless it is to ANYWAY. Then the name leads to another node.
 */
bool view_create(struct handle *handle, fuse_req_t req, bool anyway);

/* REQ looks for the name of NODE: that, or what is kept for it there. Takes and gives a
 * reference. */
struct node *view_take(struct fs *fs, fuse_req_t req, struct node *node);

/* At the end: who was told ESTALE does not come back any more. */
void view_exit(struct fs *fs);

/* HANDLE is one of REQ's caller, by the number INO. For what has no pages of ours. */
void view_opened(struct handle *handle, fuse_req_t req, fuse_ino_t ino);

/* HANDLE is open no more: its pages are. */
void view_close(struct handle *handle);

/* The record that HANDLE reads, if its size is the inode's, borrowed, or NULL. */
struct record *view_pages(const struct handle *handle);

/* Somebody writes to HANDLE, whose number is INO: the kernel may think of another size. */
void view_written(struct handle *handle, fuse_ino_t ino);

/*
 * The open file that REQ, which truncates INO to nothing, belongs to: what its thread has opened
 * last, to write, and not used yet. With one reference, or NULL: INO is truncated by its name.
 */
struct handle *view_truncated(struct fs *fs, fuse_req_t req, fuse_ino_t ino);

/*
 * REQ asks for the attributes of INO, behind which NODE stands, which shows RECORD (NULL: it is no
 * record's). *SHOWN gets a reference to the open file whose version they are of instead, or NULL.
 * -ESTALE: the name leads elsewhere now.
 */
int view_attr(struct fs *fs, fuse_req_t req, fuse_ino_t ino, struct node *node,
	      const struct record *record, struct handle **shown);

/*
 * ATTR are to be told of INO, which is a file in memory now. A rename may have brought the number
 * there, and others may read a record through its pages: then the size stays that of the version
 * that they read.
 */
void view_keep_size(struct fs *fs, fuse_ino_t ino, struct stat *attr);

#endif
