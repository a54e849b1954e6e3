/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountpoint.h - the directory to mount at.
 */
#ifndef ROSTERFS_MOUNTPOINT_H
#define ROSTERFS_MOUNTPOINT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Put the absolute path of PATH into REAL. Returns 0, or a negative errno and one line in WHY that
 * says what to do: there is no such directory, it belongs to another user, it is not empty (unless
 * NONEMPTY), rosterfs is mounted there, or a mount there is stale. Blocks on the file system.
 */
int mountpoint_find(const char *path, bool nonempty, char real[PATH_MAX], char *why,
		    size_t why_size);

#endif
