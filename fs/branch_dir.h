/* SPDX-License-Identifier: Apache-2.0 */
/*
 * branch_dir.h - an account's directory: its users, and what else it always has.
 */
#ifndef ROSTERFS_BRANCH_DIR_H
#define ROSTERFS_BRANCH_DIR_H

#include "fs/tree/node.h"

/* Make the node of BRANCH's directory, branch->node. Return 0 or -ENOMEM. */
int branch_dir_make(struct fs *fs, struct branch *branch);

#endif
