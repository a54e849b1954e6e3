/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_text.h - a whole file as a text.
 */
#ifndef ROSTERFS_FILE_TEXT_H
#define ROSTERFS_FILE_TEXT_H

#include "vendors/base/trusted.h"

#include <stddef.h>

struct stat;

/*
 * Read FILE, of which RULE must be true, into *TEXT, NUL-terminated, which the caller frees, its
 * length into *LENGTH, and what fstat says into *STATUS (may be NULL). Returns 0, or a negative
 * errno and words in WHY, of TRUSTED_WORDS bytes, as trusted_open; -EFBIG: it has more than MAX
 * bytes. Waits for the disk only.
 */
int file_text(const char *file, enum trusted_rule rule, size_t max, char **text, size_t *length,
	      struct stat *status, char *why);

#endif
