/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first_line.h - the first line of a file or of a command's output, which may be a secret.
 */
#ifndef ROSTERFS_FIRST_LINE_H
#define ROSTERFS_FIRST_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FIRST_LINE_MAX 16384

/* The line, as far as it was read. All zero: nothing was. The owner wipes it. */
struct first_line {
	char text[FIRST_LINE_MAX + 1];
	size_t length;
	bool whole; /* its end was read */
	bool too_long;
};

/* Read once from FD, and keep what belongs to LINE. Returns what read() returns. */
ssize_t first_line_read(struct first_line *line, int fd);

#endif
