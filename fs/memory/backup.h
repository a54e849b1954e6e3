/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.h - a record's file that is renamed: a copy in memory.
 *
 * The record stays what and where it is, and no vendor is told. The copy gets the record's inode,
 * which the kernel moves with the name, and the record's name appears vacant to the process that
 * renamed it (vacancy.h).
 */
#ifndef ROSTERFS_BACKUP_H
#define ROSTERFS_BACKUP_H

#include "fs/fs.h"

/*
 * Answer REQ, a rename of NODE, a record's file in DIRECTORY, to NEW_NAME there. Waits, parked, if
 * the record is not known yet.
 */
void backup_make(struct fs *fs, fuse_req_t req, struct node *node, const struct node *directory,
		 const char *new_name);

#endif
