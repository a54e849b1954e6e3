/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place_source.h - the tables of what a vendor has besides users: accounts, groups, memberships.
 *
 * Only what one list shows is a table: the records of a place in the account's directory, and the
 * memberships that stand in such records, or in those of the users' statuses. Nothing that takes
 * one request for each group.
 */
#ifndef ROSTERFS_PLACE_SOURCE_H
#define ROSTERFS_PLACE_SOURCE_H

#include "fs/fs.h"

/* Add these tables of BRANCH to those of FS. Return 0 or -ENOMEM. Only before the mount starts. */
int place_source_add(struct fs *fs, struct branch *branch);

#endif
