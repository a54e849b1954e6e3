/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first_line.c - see first_line.h.
 */
#include "mount/config/first_line.h"

#include <string.h>
#include <unistd.h>

ssize_t first_line_read(struct first_line *line, int fd)
{
	char rest[512];
	char *at = line->text + line->length;
	bool keep = !line->whole && !line->too_long;
	ssize_t count = keep ? read(fd, at, sizeof(line->text) - line->length)
			     : read(fd, rest, sizeof(rest));

	if (!keep) {
		explicit_bzero(rest, sizeof(rest));
		return count;
	}
	if (count > 0) {
		char *newline = memchr(at, '\n', (size_t)count);

		line->whole = newline != NULL;
		line->length += newline ? (size_t)(newline - at) : (size_t)count;
		line->too_long = line->length > FIRST_LINE_MAX;
	}
	return count;
}
