/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remove.h - the FUSE operations that remove names: files in memory, and records that the vendor
 * deletes.
 */
#ifndef ROSTERFS_REMOVE_H
#define ROSTERFS_REMOVE_H

#include "fs/fs.h"

void remove_file(fuse_req_t req, fuse_ino_t parent, const char *name);
void remove_directory(fuse_req_t req, fuse_ino_t parent, const char *name);

#endif
