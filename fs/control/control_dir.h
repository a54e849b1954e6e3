/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_dir.h - .rosterfs: what the mount knows about itself, for people and for machines, and
 * what can be set.
 */
#ifndef ROSTERFS_CONTROL_DIR_H
#define ROSTERFS_CONTROL_DIR_H

#include "fs/tree/node.h"

extern const struct node_ops control_dir;

#endif
