/* SPDX-License-Identifier: Apache-2.0 */
/*
 * save.h - the operations of files whose text is collected in a handle and committed when it is
 * complete: records' texts and statuses, and drafts.
 */
#ifndef ROSTERFS_SAVE_H
#define ROSTERFS_SAVE_H

#include "fs/fs.h"

/* The write, flush and truncate operations of such files. */
void save_write(fuse_req_t req, struct handle *handle, const char *data, size_t size, off_t offset);
void save_flush(fuse_req_t req, struct handle *handle, bool alone);
int save_truncate(fuse_req_t req, struct handle *handle, off_t length);

/* Log that what was written to NODE was refused with ERROR, in its kind's way. Return ERROR. */
int save_refuse(fuse_req_t req, const struct node *node, int error, const char *words);

#endif
