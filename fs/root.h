/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root.h - the root of the mount: README, by-email, .rosterfs, and one directory for each account.
 */
#ifndef ROSTERFS_ROOT_H
#define ROSTERFS_ROOT_H

#include "fs/tree/node.h"

extern const struct node_ops root_dir;

#endif
