/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_file.h - a record's files: ID.json, its text, and ID.status, its status.
 */
#ifndef ROSTERFS_RECORD_FILE_H
#define ROSTERFS_RECORD_FILE_H

#include "fs/tree/node.h"

extern const struct node_ops record_file_json, record_file_status;

/* The getattr operation of all that needs a record. */
void record_file_getattr(fuse_req_t req, fuse_ino_t ino, struct node *node);

#endif
