/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dir.h - an open directory: what dir.c opens and listing.c reads.
 */
#ifndef ROSTERFS_DIR_H
#define ROSTERFS_DIR_H

#include "fs/fs.h"

#include <stdint.h>

struct dir {
	struct dir *prev, *next;   /* in fs->dirs */
	struct node *node;         /* held */
	fuse_ino_t ino;            /* by which the kernel opened it */
	struct snapshot *snapshot; /* NULL: no roster here */
	uint64_t generation;       /* of the roster, that the snapshot shows */
	struct email_index *people;     /* in by-email, else NULL */
	bool paged;                /* the kernel keeps the names that are read through it */
	bool drops;                /* the kernel drops old ones first; node.h */
};

static inline struct dir *dir_of(const struct fuse_file_info *fi)
{
	return (struct dir *)(uintptr_t)fi->fh;
}

#endif
