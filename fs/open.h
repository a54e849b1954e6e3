/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open.h - open files: what they show.
 */
#ifndef ROSTERFS_OPEN_H
#define ROSTERFS_OPEN_H

#include "fs/fs.h"

void open_file(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

/* Answer REQ, a create: NODE, a file in memory or a record that is written anew, is open. Its
 * reference goes to the kernel. */
void open_new(struct fs *fs, fuse_req_t req, struct node *node, struct fuse_file_info *fi);

/* Answer REQ: NODE, which can only be read, is open and shows TEXT (copied). */
void open_text(struct fs *fs, fuse_req_t req, struct node *node, const char *text,
	       struct fuse_file_info *fi);

/* HANDLE is open no more. */
void open_end(struct handle *handle);

#endif
