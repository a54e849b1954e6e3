/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.h - the FUSE operations on open directories.
 */
#ifndef ROSTERFS_LISTING_H
#define ROSTERFS_LISTING_H

#include "fs/fs.h"

void listing_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void listing_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		  struct fuse_file_info *fi);
void listing_read_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi);
void listing_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void listing_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);

#endif
