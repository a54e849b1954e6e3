/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountpoint.h - the directory to mount at.
 */
#ifndef ROSTERFS_MOUNTPOINT_H
#define ROSTERFS_MOUNTPOINT_H

#include <limits.h>
#include <stddef.h>

struct options;

/*
 * Put the absolute path of OPTIONS' mount point into REAL. Returns 0, or a negative errno and one
 * line in WHY that says what to do: there is no such directory, it belongs to another user, it is
 * not empty (unless nonempty), rosterfs is mounted there, or a mount there is stale. With
 * clean_stale, what a rosterfs that was killed has left there is unmounted; nothing else ever is.
 * Blocks on the file system. Before there are threads.
 */
int mountpoint_find(const struct options *options, char real[PATH_MAX], char *why, size_t why_size);

#endif
