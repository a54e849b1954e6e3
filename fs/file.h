/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - read, write, flush: from a FUSE request to a handle, and on to the vendor.
 */
#ifndef ROSTERFS_FILE_H
#define ROSTERFS_FILE_H

#include "fs/fs.h"

void file_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	       struct fuse_file_info *fi);
void file_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
		struct fuse_file_info *fi);
void file_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);
void file_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi);
void file_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi);

/*
 * Work for request_work: REQUEST's word, or else its text, is to be the record of its node. 0 or a
 * negative errno with words in the call.
 */
int file_save(struct request *request);

/* ftruncate on an open file; answers nothing. 0 or a negative errno. */
int file_truncate(fuse_req_t req, struct handle *handle, off_t length);

#endif
