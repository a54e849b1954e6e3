/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rename.h - renames.
 */
#ifndef ROSTERFS_RENAME_H
#define ROSTERFS_RENAME_H

#include "fs/fs.h"

void rename_entry(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		  const char *new_name, unsigned flags);

#endif
