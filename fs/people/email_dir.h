/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_dir.h - by-email, at the root and below each vendor with users: what the kernel is
 * answered.
 *
 * Read-only directories of links. A look-up is answered at once, on trial where a vendor would have
 * to be asked; attributes, links and opens wait for all vendors that they are a statement about.
 *
 * Listing all people, or a vendor's own, fails while one vendor that it is about can't be read. One
 * person's directory is there if a vendor that can be read has the person; the others are waited
 * for 5 s at the most, and have ordinary files there that can't be opened, so that `tee *.status`
 * ends what can be ended and reports the rest.
 */
#ifndef ROSTERFS_EMAIL_DIR_H
#define ROSTERFS_EMAIL_DIR_H

#include "fs/fs.h"

/* Is DIRECTORY one of these? */
bool email_dir_holds(const struct node *directory);

/* Look NAME up in it. */
void email_dir_lookup(fuse_req_t req, struct node *directory, const char *name);

/* For a NODE that node_is_person. One that the name does not lead to any more, because a vendor
 * can't be read, or can be again, fails with ESTALE: the kernel then looks the name up again. */
void email_dir_getattr(fuse_req_t req, struct node *node);
void email_dir_readlink(fuse_req_t req, struct node *node);

/* Open a directory: dir_reply_open follows. Opening a person's asks each vendor that has failed
 * again. */
void email_dir_open(fuse_req_t req, struct node *node, struct fuse_file_info *fi);

/* Open SIMILAR.MANUAL, a NODE_SIMILAR: open_text follows. */
void email_dir_open_text(fuse_req_t req, struct node *node, struct fuse_file_info *fi);

#endif
