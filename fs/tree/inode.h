/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inode.h - the table of nodes, and which node each number that the kernel holds stands for.
 *
 * References are counted: the kernel's by lookups, ours by holders. A node whose path another node
 * has taken lives on in a second table, without a name, until it is no longer needed. nodes_lock
 * protects both tables; nothing here waits.
 */
#ifndef ROSTERFS_INODE_H
#define ROSTERFS_INODE_H

#include "fs/tree/node.h"

/* Make the tables, and the root with the operations ROOT. Return 0 or -ENOMEM. */
int inode_init(struct fs *fs, const struct node_ops *root);

/* Free all nodes. */
void inode_exit(struct fs *fs);

/* Return the node that the kernel's INO stands for now, borrowed: it is valid until the kernel's
 * request is answered. */
struct node *inode_node(struct fs *fs, fuse_ino_t ino);

/* Return the number by which the kernel knows NODE. */
fuse_ino_t inode_of(struct fs *fs, struct node *node);

/* Give a reference to NODE to the kernel, as a lookup. Return the node's number. */
fuse_ino_t inode_to_kernel(struct fs *fs, struct node *node);

/* Take COUNT of the kernel's references to INO back. */
void inode_forget(struct fs *fs, fuse_ino_t ino, uint64_t count);

/*
 * Exchange the inodes of A and B: the kernel has renamed A's inode to where B stands. Both nodes
 * stay for 10 seconds, for requests that have just looked at them.
 */
void inode_swap(struct fs *fs, struct node *a, struct node *b);

/*
 * Let the name of NODE, a record's file, lead to another node, with another number. NODE keeps the
 * number that it has, without a name. Do nothing if that is so already, or without memory.
 */
void inode_renew(struct fs *fs, struct node *node);

/* Return true if NODE's inode has been swapped, so that the kernel may know it by another name. */
bool inode_is_lasting(struct fs *fs, struct node *node);

/*
 * Return a reference to the node of NAME in DIRECTORY, which is made if need be, or NULL: no
 * memory. RECORD_DIR and ID (copied) may be NULL. A node with other operations that stands there
 * gives way: it lives on without a name.
 */
struct node *inode_take(struct fs *fs, const struct node_ops *ops, const struct node *directory,
			const char *name, struct record_dir *record_dir, const char *id);

/* As inode_take, for a node that owns OWNED (ops->hold). A node that owns something else gives way
 * too.
 */
struct node *inode_take_owner(struct fs *fs, const struct node_ops *ops,
			      const struct node *directory, const char *name,
			      struct record_dir *record_dir, void *owned);

/* As inode_take, for FIXED in DIRECTORY. */
struct node *inode_take_fixed(struct fs *fs, const struct node *directory,
			      const struct node_fixed *fixed);

/* Return a reference to the node at PATH, or NULL: there is none. */
struct node *inode_find(struct fs *fs, const char *path);

/* Set the id (copied) of NODE, whose name was cut, unless it is known already. */
void inode_learn(struct fs *fs, struct node *node, const char *id);

/* Return how many nodes there are, without the root: those that the kernel knows or a reference is
 * held to. */
size_t inode_count(struct fs *fs);

/* Take and release a reference. */
void inode_hold(struct fs *fs, struct node *node);
void inode_drop(struct fs *fs, struct node *node);

#endif
