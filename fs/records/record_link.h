/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_link.h - a record that is a link to a user: a membership.
 */
#ifndef ROSTERFS_RECORD_LINK_H
#define ROSTERFS_RECORD_LINK_H

#include "fs/tree/node.h"

extern const struct node_ops record_link;

/* The symlink operation of a directory of such links. */
void record_link_make(fuse_req_t req, struct node *directory, const struct path_name *name,
		      const char *target);

#endif
