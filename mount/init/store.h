/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - write what --init has asked for: the config, and the files that it names.
 *
 * For the main thread. Blocks on the disk.
 */
#ifndef ROSTERFS_STORE_H
#define ROSTERFS_STORE_H

#include <stdbool.h>
#include <stddef.h>

struct answers;

/* Create the folder of the file at PATH, and those above it, with mode 0700, and check that files
 * can be created there. Returns 0 or a negative errno. */
int store_folder(const char *path);

/*
 * Write the files of the COUNT sections at LIST, mode 0600, next to the config FILE, under names
 * that are free, and then FILE: at once, with mode 0600. If it exists (ADD), the sections are
 * appended, and its mode and owner stay; else it must not exist by now. Returns 0, or a negative
 * errno and one line in WHY; then nothing of this was written.
 */
int store_write(const char *file, bool add, struct answers *list, size_t count, char *why,
		size_t why_size);

#endif
