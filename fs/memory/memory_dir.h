/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_dir.h - the files in memory of a directory that holds such files (node.h): names that are
 * looked up, listed, made and removed.
 */
#ifndef ROSTERFS_MEMORY_DIR_H
#define ROSTERFS_MEMORY_DIR_H

#include "fs/fs.h"

struct filler;
struct node;
struct path_name;

/* Return true if a file in memory can have NAME in DIRECTORY. */
bool memory_dir_may_have(const struct node *directory, const struct path_name *name);

/* Return a reference to the node of the file or link in memory, or the draft, that has NAME in
 * DIRECTORY now, or NULL: there is none. */
struct node *memory_dir_take(struct fs *fs, const struct node *directory,
			     const struct path_name *name);

/* Answer REQ, a lookup of NAME, with that, or with ENOENT. */
void memory_dir_lookup(fuse_req_t req, const struct node *directory, const struct path_name *name);

/* Add file number INDEX of the open directory to FILLER, as the list operation. */
int memory_dir_list(struct filler *filler, size_t index, off_t next);

/* Make a file, or a link to TARGET. Return a reference to its node, or NULL and a negative errno in
 * *ERROR. */
struct node *memory_dir_make(struct fs *fs, const struct node *directory,
			     const struct path_name *name, const char *target, int *error);

/* Remove NAME. Return false if there is no such file in memory. */
bool memory_dir_remove(struct fs *fs, const struct node *directory, const char *name);

/* Return true if REQ's caller has renamed the record's file NAME away, to write it anew. */
bool memory_dir_is_vacant(fuse_req_t req, const struct node *directory, const char *name);

#endif
