/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.h - what .rosterfs/status says about the mount as a whole, such as a config that has
 * errors.
 */
#ifndef ROSTERFS_NOTICE_H
#define ROSTERFS_NOTICE_H

#include <stdio.h>

struct fs;

/* Show TEXT, lines without a newline after the last, until the next call. NULL: nothing. Any
 * thread.
 */
void notice_set(struct fs *fs, const char *text);

/* Print the text of notice_set to OUT, no line longer than WIDTH columns. */
void notice_print(FILE *out, struct fs *fs, size_t width);

#endif
