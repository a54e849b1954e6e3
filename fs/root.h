/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root.h - the root of the mount: README, by-email, .rosterfs, and one directory for each account.
 */
#ifndef ROSTERFS_ROOT_H
#define ROSTERFS_ROOT_H

#include "fs/tree/node.h"

extern const struct node_ops root_dir;

/* Return the text of README, with an account of FS in its examples, which the caller frees; or NULL
 * without memory. */
char *root_readme(const struct fs *fs);

#endif
