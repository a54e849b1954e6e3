/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.h - where files and directories can be made, for --init: the mount point.
 *
 * For the main thread. Each function blocks on the file system.
 */
#ifndef ROSTERFS_PLACE_H
#define ROSTERFS_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Check a directory that is there, as mountpoint_find does. */
typedef int place_find(const char *path, bool nonempty, char real[PATH_MAX], char *why,
		       size_t why_size);

/*
 * Ask for the mount point until there is one that FIND permits, or that can be made. PATH gets it,
 * absolute. Returns false when the input ends.
 */
bool place_ask(place_find *find, char path[PATH_MAX]);

/* Make the directory PATH, and those above it. Returns 0 or a negative errno. */
int place_make(const char *path);

/* Put into PARENT the lowest folder above PATH (absolute) that is there. Returns 0 if files can be
 * made in it, or a negative errno. */
int place_parent(const char *path, char parent[PATH_MAX]);

#endif
