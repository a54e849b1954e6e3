/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create.h - the FUSE operations that make names.
 *
 * Most are refused, with a message: a mistyped id must not look like a deactivation, nor a new file
 * like a new user. What can be made: files in memory beside the records, drafts in new/, and links
 * that are memberships.
 */
#ifndef ROSTERFS_CREATE_H
#define ROSTERFS_CREATE_H

#include "fs/fs.h"

void create_file(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		 struct fuse_file_info *fi);
void create_node(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device);
void create_directory(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void create_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void create_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name);

#endif
