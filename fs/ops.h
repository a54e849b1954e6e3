/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.h - the table of the FUSE operations.
 *
 * Each answers its request exactly once, or parks it (request.h). An operation that the kernel
 * sends with a directory held (lookup, create, readdir...) does not wait for a vendor, but for what
 * changes links and drafts, and looks for a link.
 */
#ifndef ROSTERFS_OPS_H
#define ROSTERFS_OPS_H

#include "fs/fs.h"

extern const struct fuse_lowlevel_ops ops_table;

#endif
