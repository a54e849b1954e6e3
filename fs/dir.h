/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dir.h - an open directory: what dir.c opens and listing.c reads.
 */
#ifndef ROSTERFS_DIR_H
#define ROSTERFS_DIR_H

#include "fs/fs.h"

#include <stdint.h>

struct email_index;

struct dir {
	struct dir *prev, *next;    /* in fs->dirs */
	struct node *node;          /* held */
	fuse_ino_t ino;             /* by which the kernel opened it */
	struct snapshot *snapshot;  /* NULL: no roster here */
	uint64_t generation;        /* of the roster, that the snapshot shows */
	struct email_index *people; /* in by-email, else NULL */
	bool paged;                 /* the kernel keeps the names that are read through it */
	bool drops;                 /* the kernel drops old ones first; node.h */
};

static inline struct dir *dir_of(const struct fuse_file_info *fi)
{
	return (struct dir *)(uintptr_t)fi->fh;
}

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

#endif
