/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored_file.h - small files in a directory that is known by a descriptor.
 *
 * Links are not followed. Functions block on the disk, and keep no state; any thread.
 */
#ifndef ROSTERFS_STORED_FILE_H
#define ROSTERFS_STORED_FILE_H

#include <stddef.h>

/* A file that is to be made. */
struct stored_file {
	const char *name; /* static */
	const char *text;
	size_t length;
};

/* Make MADE (0600) in DIRECTORY. Returns 0 when it is on the disk, or a negative errno; there may
 * then be a part of it. */
int stored_file_put(int directory, const struct stored_file *made);

/*
 * Read the file at PATH, below DIRECTORY, into *TEXT, NUL-terminated, which the caller frees, and
 * its length into *LENGTH. Returns 0 or a negative errno: -EFBIG, it has more than MAX bytes;
 * -EINVAL, it is no plain file.
 */
int stored_file_read(int directory, const char *path, size_t max, char **text, size_t *length);

/* Remove the directory NAME in DIRECTORY, and the files in it. Errors are ignored. */
void stored_file_remove_all(int directory, const char *name);

#endif
