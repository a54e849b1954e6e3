/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_node.h - the nodes of files and links in memory, and what drafts share with them.
 */
#ifndef ROSTERFS_SCRATCH_NODE_H
#define ROSTERFS_SCRATCH_NODE_H

#include "fs/tree/node.h"

struct scratch;

extern const struct node_ops scratch_node_file, scratch_node_link;

/* Return the file in memory that NODE, of a kind below fs/memory, stands for, borrowed. */
static inline struct scratch *scratch_node_of(const struct node *node)
{
	return node->owned;
}

/* Operations of all nodes of files in memory. */
void scratch_node_hold(struct fs *fs, void *scratch);
void scratch_node_release(struct fs *fs, void *scratch);
void scratch_node_attr(struct fs *fs, struct node *node, const struct record *record,
		       struct stat *attr);
void scratch_node_count_open(struct node *node, int count);
int scratch_node_truncate_name(struct fs *fs, struct node *node, off_t length);

/* The operations that the nodes of scratch files, scratch links and drafts have alike. */
#define SCRATCH_NODE_OPERATIONS                                                                    \
	.hold = scratch_node_hold, .release = scratch_node_release, .attr_seconds = entry_never,   \
	.name_seconds = entry_name_never, .adjust = view_keep_size,                                \
	.truncate_name = scratch_node_truncate_name, .count_open = scratch_node_count_open

/* Return true if NODE may be opened with FLAGS. Else the kernel must look the name up again: a
 * record may have stood there when it looked. */
bool scratch_node_may_open(struct fs *fs, struct node *node, int flags);

#endif
