/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_remove.h - names that are made and removed.
 */
#ifndef ROSTERFS_CREATE_REMOVE_H
#define ROSTERFS_CREATE_REMOVE_H

#include "fs/fs.h"

void create_file(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		 struct fuse_file_info *fi);
void create_node(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t device);
void create_directory(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void remove_directory(fuse_req_t req, fuse_ino_t parent, const char *name);
void create_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void create_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name);
void remove_file(fuse_req_t req, fuse_ino_t parent, const char *name);

#endif
