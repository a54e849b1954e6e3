/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_text.h - a whole file as a text.
 */
#ifndef ROSTERFS_FILE_TEXT_H
#define ROSTERFS_FILE_TEXT_H

#include <stddef.h>

struct stat;

/*
 * Read FILE into *TEXT, NUL-terminated, which the caller frees, its length into *LENGTH, and what
 * fstat says into *STATUS (may be NULL). Returns 0 or a negative errno; -EFBIG: it has more than
 * MAX bytes. May block if FILE is a pipe.
 */
int file_text(const char *file, size_t max, char **text, size_t *length, struct stat *status);

#endif
