/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unread.h - the files in a person's directory that stand for a vendor which can't be read.
 *
 * They have the names of the links that would be there if the vendor knew one such person, so that
 * `tee *.status` and `cat *.json` come to them and fail with that vendor's errno. Nothing here
 * waits. Where a file does not stand for its vendor any more, it fails with ESTALE: the kernel then
 * looks the name up again.
 */
#ifndef ROSTERFS_UNREAD_H
#define ROSTERFS_UNREAD_H

#include "fs/tree/node.h"

/* Open NODE, a NODE_PERSON_UNREAD, with FLAGS: fails at once, with a line in the log. */
void unread_open(fuse_req_t req, const struct node *node, int flags);

void unread_getattr(fuse_req_t req, struct node *node);

#endif
