/* SPDX-License-Identifier: Apache-2.0 */
/*
 * branch.h - what a mount has for one account (struct branch in fs.h).
 */
#ifndef ROSTERFS_BRANCH_H
#define ROSTERFS_BRANCH_H

#include "fs/fs.h"

/* Fill BRANCH, one of FS's, for ACCOUNT (borrowed), with at most THREADS. Return 0 or -ENOMEM. */
int branch_init(struct fs *fs, struct branch *branch, struct account *account, unsigned threads);

/* Free what BRANCH has, after its record directories have stopped. */
void branch_free(struct branch *branch);

/* Return the branch whose directory is called NAME, or NULL. */
struct branch *branch_find(struct fs *fs, const char *name);

#endif
