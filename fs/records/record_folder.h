/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_folder.h - directories of records: an account's users, the places below, and the directory
 * of one record.
 */
#ifndef ROSTERFS_RECORD_FOLDER_H
#define ROSTERFS_RECORD_FOLDER_H

#include "fs/tree/node.h"

/* The kind of a directory that lists records. */
struct record_folder {
	struct node_ops node; /* its operations in general */
	/* Answer a lookup of NAME, which could be a record's. */
	void (*lookup_record)(fuse_req_t req, struct node *directory, const struct path_name *name);
	const struct node_ops *shows[2]; /* the names of each record, in this order */
	size_t names;                    /* how many of them */
};

/* Operations of such directories, for an account's. */
void record_folder_lookup(fuse_req_t req, struct node *directory, const struct path_name *name);
void record_folder_open(fuse_req_t req, struct node *node, struct fuse_file_info *fi);
void record_folder_begin_list(struct filler *filler);
int record_folder_list(struct filler *filler, size_t index, off_t next);
void record_folder_attr(struct fs *fs, struct node *node, const struct record *record,
			struct stat *attr);
struct node *record_folder_take_fixed(struct fs *fs, const struct node *directory,
				      const struct node_fixed *fixed);

/* Store number INDEX of the fixed names that DIRECTORY has by its record_dir in *FIXED, then those
 * of PLACES (of vendor.h; NULL: none). Return false if there are no more. */
bool record_folder_fixed(const struct node *directory, const struct place *places, size_t index,
			 struct node_fixed *fixed);

#endif
