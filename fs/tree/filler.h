/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filler.h - one reply to a READDIR or READDIRPLUS, being filled.
 *
 * A name is added with its attributes if the kernel wants them (READDIRPLUS), so that `ls -l` asks
 * for nothing more.
 */
#ifndef ROSTERFS_FILLER_H
#define ROSTERFS_FILLER_H

#include "fs/fs.h"
#include "fs/tree/path.h"

struct record;

struct filler {
	struct fs *fs;
	fuse_req_t req;
	struct dir *dir;
	bool plus;
	char *buffer;
	size_t size, used;
	bool failed;    /* no memory for what would have come next */
	bool current;   /* the snapshot still shows all there is to know */
	double seconds; /* that the kernel may cache what it is told of a record */
	/* record_folder.c: the last record, whose names begin with the stem */
	const struct record *named;
	char stem[PATH_STEM_MAX + 1];
};

/* Each of these adds an entry with the offset NEXT, and returns false if the reply is full. */

/* Add NAME, with a type and an st_ino, but no inode: the kernel asks when it needs one. */
bool filler_add_bare(struct filler *filler, const char *name, mode_t type, ino_t ino, off_t next);

/* Add NAME for NODE (takes its reference; NULL: no memory), RECORD and SECONDS as in entry_fill. */
bool filler_add(struct filler *filler, const char *name, struct node *node,
		const struct record *record, double seconds, off_t next);

/* As filler_add, with SHOWN's size and times; NULL: the node's. */
bool filler_add_shown(struct filler *filler, const char *name, struct node *node, double seconds,
		      const struct stat *shown, off_t next);

#endif
