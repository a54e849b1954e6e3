/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people_source.h - the table of all people: which rosters it is made of.
 */
#ifndef ROSTERFS_PEOPLE_SOURCE_H
#define ROSTERFS_PEOPLE_SOURCE_H

#include "fs/fs.h"

/* Add the tables of all people to those of FS. Return 0 or -ENOMEM. Only before the mount starts.
 */
int people_source_add(struct fs *fs);

#endif
