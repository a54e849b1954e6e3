/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open.h - the answers to an OPEN that all kinds of files share, and the end of an open file.
 */
#ifndef ROSTERFS_OPEN_H
#define ROSTERFS_OPEN_H

#include "fs/fs.h"

/* Return true if FLAGS, of an OPEN, open a file for writing. */
bool open_writes(int flags);

/*
 * Answer REQ, an open by the number INO: HANDLE is ready, if view_open lets it be read and written
 * by that number. Else fail with ESTALE. Takes the reference to HANDLE.
 */
void open_reply(fuse_req_t req, struct handle *handle, fuse_ino_t ino, struct fuse_file_info *fi);

/* As open_reply, for a HANDLE that view_open has accepted, or that has no pages of ours. */
void open_answer(fuse_req_t req, struct handle *handle, struct fuse_file_info *fi);

/* Answer REQ: NODE, a file that can only be read, is open and shows TEXT (copied). */
void open_text(fuse_req_t req, struct node *node, const char *text, struct fuse_file_info *fi);

/* The open operation of files that can be written and show what there was at the open: a constant,
 * or ops->text. */
void open_plain(fuse_req_t req, fuse_ino_t ino, struct node *node, struct fuse_file_info *fi);

/* The one of files that can't be written: as open_plain, but opening for writing fails with EPERM,
 * or in an account's directory with EROFS. */
void open_read_only(fuse_req_t req, fuse_ino_t ino, struct node *node, struct fuse_file_info *fi);

/* Release the pages and the reference of HANDLE, which is no longer open. */
void open_end(struct handle *handle);

#endif
