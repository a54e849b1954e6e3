/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.h - a record that somebody renames: a copy in memory.
 *
 * The record stays what and where it is, and no vendor hears of it. The copy gets the kernel's
 * inode of the record, which goes with the name, and the record's name seems free to whoever did it
 * (vacancy.h).
 */
#ifndef ROSTERFS_BACKUP_H
#define ROSTERFS_BACKUP_H

#include "fs/fs.h"

/*
 * Answer REQ, a rename of NODE, a record's file in DIRECTORY, to NEW_NAME there. Waits, parked, if
 * nobody has asked for the record before.
 */
void backup_make(struct fs *fs, fuse_req_t req, struct node *node, const struct node *directory,
		 const char *new_name);

#endif
