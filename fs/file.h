/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - the FUSE operations on open files: each is handed to the file's kind (node.h).
 */
#ifndef ROSTERFS_FILE_H
#define ROSTERFS_FILE_H

#include "fs/fs.h"

void file_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	       struct fuse_file_info *fi);
void file_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		struct fuse_file_info *fi);
void file_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
void file_poll(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi,
	       struct fuse_pollhandle *waiter);
void file_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

#endif
