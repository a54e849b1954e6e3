/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dir.h - an open directory: what the open got, and what the kernel caches of it.
 *
 * The kernel caches the names of a roster that is fresh, until some process turns out to want more
 * than names.
 */
#ifndef ROSTERFS_DIR_H
#define ROSTERFS_DIR_H

#include "fs/fs.h"

#include <stdint.h>

struct snapshot;
struct wait;

struct dir {
	struct dir *prev, *next; /* in fs->dirs */
	struct fs *fs;
	struct node *node;         /* a reference */
	fuse_ino_t ino;            /* by which the kernel opened it */
	struct snapshot *snapshot; /* a reference; NULL: there is no roster here */
	uint64_t generation;       /* of the roster that the snapshot shows */
	void *shown;               /* what else the open got; node->ops->closedir frees it */
	bool paged;                /* the kernel caches the names that are read through it */
	bool drops;                /* the kernel drops old ones first; pages.h */
};

static inline struct dir *dir_of(const struct fuse_file_info *fi)
{
	return (struct dir *)(uintptr_t)fi->fh;
}

/* Return the open directory of NODE, or NULL: no memory, and REQ has been answered. */
struct dir *dir_new(fuse_req_t req, struct node *node);

/*
 * Decide whether the kernel may cache the names that DIR shows, of VERSION, and tell it in FI. A
 * process that lists them again then asks for nothing but the open. Do not call it if the kernel
 * may cache what the names stand for only for 0 SECONDS: it would ask for each of them alone.
 */
void dir_choose_pages(struct dir *dir, uint64_t version, double seconds, struct fuse_file_info *fi);

/* Answer REQ: DIR is open. */
void dir_reply(fuse_req_t req, struct dir *dir, struct fuse_file_info *fi);

/*
 * Answer REQ: NODE is open. WHOLE is the answered question for its roster, NULL: there is none.
 * EXTRA: a number that never gets smaller, and grows when names go that are no records'.
 */
void dir_reply_whole(fuse_req_t req, struct node *node, const struct wait *whole, uint64_t extra,
		     struct fuse_file_info *fi);

/* Free DIR. */
void dir_close(struct dir *dir);

/* Note that the kernel looks up a single name in the directory NODE. */
void dir_asked(struct fs *fs, const struct node *node);

/* Free the open directories whose release the kernel did not send, at the end. */
void dir_exit(struct fs *fs);

#endif
