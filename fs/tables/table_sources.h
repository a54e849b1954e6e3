/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_sources.h - which tables a mount has: each vendor's users, all people, and what else a
 * vendor lists.
 */
#ifndef ROSTERFS_TABLE_SOURCES_H
#define ROSTERFS_TABLE_SOURCES_H

#include "fs/fs.h"

/* Add all of them to FS, whose list has been made. Return 0 or -ENOMEM. Only before the mount
 * starts. */
int table_sources_add(struct fs *fs);

#endif
