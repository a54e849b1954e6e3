/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inode.h - the table of nodes, and which of them stands behind each number that the kernel holds.
 */
#ifndef ROSTERFS_INODE_H
#define ROSTERFS_INODE_H

#include "fs/tree/node.h"

/* Create root and the fixed nodes. 0 or -ENOMEM. */
int inode_init(struct fs *fs);
void inode_exit(struct fs *fs);

/* What stands behind the kernel's INO now; good for as long as the kernel's request. */
struct node *inode_node(struct fs *fs, fuse_ino_t ino);
fuse_ino_t inode_of(struct fs *fs, struct node *node);

/* A reference to NODE goes to the kernel, as a look-up; and COUNT of them come back. */
fuse_ino_t inode_to_kernel(struct fs *fs, struct node *node);
void inode_forget(struct fs *fs, fuse_ino_t ino, uint64_t count);

/*
 * The kernel has renamed A's inode to where B stands: each gets the other's inode. Both stay for a
 * while, for requests that are under way.
 */
void inode_swap(struct fs *fs, struct node *a, struct node *b);

/*
 * The name of NODE, a record's file, leads to another node from now on, with another number: NODE
 * itself keeps the one that it has, without a name. Without memory, and where that is so already,
 * nothing happens.
 */
void inode_renew(struct fs *fs, struct node *node);

/* Has NODE's inode been swapped, so that the kernel may remember it by a name for long? */
bool inode_is_lasting(struct fs *fs, struct node *node);

/*
 * The node of NAME in DIRECTORY, made if need be, with one reference more. SHELF and ID may be
 * NULL. One of another kind that stands there gives way to it: it lives on without a name. NULL: no
 * memory.
 */
struct node *inode_take(struct fs *fs, enum node_kind kind, const struct node *directory,
			const char *name, struct record_dir *record_dir, const char *id);

/* The same for the scratch file or draft that stands there now, or NULL: there is none. */
struct node *inode_take_scratch(struct fs *fs, const struct node *directory, const char *name);

/* The node there is at PATH, with one reference more, or NULL. */
struct node *inode_find(struct fs *fs, const char *path);

/* A cut name's record has been found: its id is ID from now on. */
void inode_learn(struct fs *fs, struct node *node, const char *id);

void inode_hold(struct fs *fs, struct node *node);
void inode_drop(struct fs *fs, struct node *node);

#endif
