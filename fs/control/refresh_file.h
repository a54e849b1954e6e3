/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refresh_file.h - .rosterfs/refresh: counts what is known of an account as old.
 */
#ifndef ROSTERFS_REFRESH_FILE_H
#define ROSTERFS_REFRESH_FILE_H

struct branch;

/* Do what the name of BRANCH does when it is written to .rosterfs/refresh: also ask its vendor at
 * once, although it has asked to wait. Any thread; does not wait. */
void refresh_file_branch(struct branch *branch);

#endif
