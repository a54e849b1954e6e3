/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tables_dir.h - the directory tables at the root: each vendor's records as one file.
 *
 * Looking up and listing ask for nothing, and neither do attributes.
 */
#ifndef ROSTERFS_TABLES_DIR_H
#define ROSTERFS_TABLES_DIR_H

#include "fs/tree/node.h"

extern const struct node_ops tables_dir;

#endif
