/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.h - the table of the FUSE operations.
 *
 * Each operation answers its request exactly once, or parks it (request.h). An operation that the
 * kernel sends with a directory locked (LOOKUP, CREATE, READDIR...) does not wait for a vendor,
 * except one that changes links or drafts, or looks a link up.
 */
#ifndef ROSTERFS_OPS_H
#define ROSTERFS_OPS_H

#include "fs/fs.h"

extern const struct fuse_lowlevel_ops ops_table;

#endif
