/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes_file.h - .rosterfs/changes: who was added, changed and removed, as it happens.
 */
#ifndef ROSTERFS_CHANGES_FILE_H
#define ROSTERFS_CHANGES_FILE_H

/* Wake the processes that poll the file, because it has more lines. ARG: the struct fs. No lock is
 * held. Does not wait. */
void changes_file_wake(void *arg);

#endif
