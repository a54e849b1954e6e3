/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inode.h - the table of nodes, and which of them stands behind each number that the kernel holds.
 */
#ifndef ROSTERFS_INODE_H
#define ROSTERFS_INODE_H

#include "fs/tree/node.h"

/* Make the tables, and the root with the operations ROOT. Return 0 or -ENOMEM. */
int inode_init(struct fs *fs, const struct node_ops *root);
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
 * Return a reference to the node of NAME in DIRECTORY, which is made if need be, or NULL: no
 * memory. RECORD_DIR and ID (copied) may be NULL. A node with other operations that stands there
 * gives way: it lives on without a name.
 */
struct node *inode_take(struct fs *fs, const struct node_ops *ops, const struct node *directory,
			const char *name, struct record_dir *record_dir, const char *id);

/* The same for a node that owns OWNED (ops->hold). So does a node with another owned. */
struct node *inode_take_owner(struct fs *fs, const struct node_ops *ops,
			      const struct node *directory, const char *name,
			      struct record_dir *record_dir, void *owned);

/* The same for FIXED in DIRECTORY. */
struct node *inode_take_fixed(struct fs *fs, const struct node *directory,
			      const struct node_fixed *fixed);

/* The node there is at PATH, with one reference more, or NULL. */
struct node *inode_find(struct fs *fs, const char *path);

/* A cut name's record has been found: its id is ID from now on. */
void inode_learn(struct fs *fs, struct node *node, const char *id);

void inode_hold(struct fs *fs, struct node *node);
void inode_drop(struct fs *fs, struct node *node);

#endif
