/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h - what an open record's file shows to readers while others write.
 *
 * The kernel has one size and one set of pages for an inode, no matter which process opened it. A
 * write that goes past the end changes that size, as does each answer about attributes, and a read
 * through the pages ends where the size then is, or has zeros behind its text. So an inode that
 * a process reads through its pages shows one version, and no process writes to it:
 *
 *   An open for writing, of another version, or for reading while a process writes fails with
 * ESTALE. The kernel then looks the name up again, finds another inode there, and opens that. The
 * process sees none of this.
 *
 *   Attributes are those of the version that is read, for the processes that have it open. For
 *   others, the request fails with ESTALE likewise.
 *
 * A shell's > is an open and then a SETATTR without the open file (op_init in ops.c). It belongs to
 * what its thread has opened last. Nothing here waits.
 */
#ifndef ROSTERFS_VIEW_H
#define ROSTERFS_VIEW_H

#include "fs/fs.h"

#include <sys/stat.h>

struct handle;
struct node;
struct record;

/*
 * Decide how HANDLE, which REQ opens by the number INO, is read and written, and tell it in FI.
 * Return false if it can't be by this number: then the name leads to another one, and the answer is
 * ESTALE.
 */
bool view_open(struct handle *handle, fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

/*
 * As view_open, for HANDLE on a new file, or on a record that seems to be one: it is written by the
 * number of its node. Return false if it can't be, unless ANYWAY: then the name leads to another
 * node.
 */
bool view_create(struct handle *handle, fuse_req_t req, bool anyway);

/* Return the node that REQ gets for the name of NODE: NODE, or the one that is kept for its thread
 * there. Takes a reference to NODE, and returns one. */
struct node *view_take(struct fs *fs, fuse_req_t req, struct node *node);

/* Drop what is kept for threads that were told ESTALE, at the end: none comes back any more. */
void view_exit(struct fs *fs);

/* Note that REQ's caller has opened HANDLE by the number INO, for a file that has no pages of ours.
 */
void view_opened(struct handle *handle, fuse_req_t req, fuse_ino_t ino);

/* Release the pages of HANDLE, which is no longer open. */
void view_close(struct handle *handle);

/* Return the record that HANDLE reads, borrowed, if its size is the inode's; else NULL. */
struct record *view_pages(const struct handle *handle);

/* Note that a process writes to HANDLE, whose number is INO: the kernel may assume another size. */
void view_written(struct handle *handle, fuse_ino_t ino);

/*
 * Return a reference to the open file that REQ, which truncates INO to nothing, belongs to: what
 * its thread has opened last for writing, and not used yet. NULL: INO is truncated by its name.
 */
struct handle *view_truncated(struct fs *fs, fuse_req_t req, fuse_ino_t ino);

/*
 * Find the open file whose version REQ, which asks for the attributes of INO, gets in place of that
 * of NODE. NODE stands behind INO and shows RECORD (NULL: it is no record's). Store a reference to
 * it in *SHOWN, or NULL. Return 0, or -ESTALE: the name leads elsewhere now.
 */
int view_attr(struct fs *fs, fuse_req_t req, fuse_ino_t ino, struct node *node,
	      const struct record *record, struct handle **shown);

/*
 * ATTR are about to be told of INO, a file in memory. A rename may have brought the number there
 * while others read a record through its pages: then set the size to that of the version that they
 * read.
 */
void view_keep_size(struct fs *fs, fuse_ino_t ino, struct stat *attr);

#endif
