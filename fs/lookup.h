/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.h - which node stands at a name.
 */
#ifndef ROSTERFS_LOOKUP_H
#define ROSTERFS_LOOKUP_H

#include "fs/fs.h"

void lookup_entry(fuse_req_t req, fuse_ino_t parent, const char *name);

#endif
