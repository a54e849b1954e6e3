/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_text.c - see file_text.h.
 */
#include "vendors/ini/file_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_text(const char *file, enum trusted_rule rule, size_t max, char **text, size_t *length,
	      struct stat *status, char *why)
{
	size_t got = 0;
	ssize_t count = 0;
	char *buffer = NULL;
	int result = 0;
	int fd = trusted_open(file, rule, status, why);

	if (fd < 0)
		return fd;
	/* one buffer that never moves: realloc would leave copies of secrets behind */
	buffer = malloc(max + 1);
	if (!buffer) {
		result = -ENOMEM;
		goto out;
	}
	do {
		count = read(fd, buffer + got, max + 1 - got);
		if (count > 0)
			got += (size_t)count;
	} while ((count > 0 && got <= max) || (count < 0 && errno == EINTR));
	if (count < 0 || got > max) {
		result = count < 0 ? -errno : -EFBIG;
		explicit_bzero(buffer, got);
		goto out;
	}
	buffer[got] = '\0';
	*text = buffer;
	buffer = NULL;
	*length = got;
out:
	if (result)
		(void)snprintf(why, TRUSTED_WORDS, "%s", strerror(-result));
	free(buffer);
	(void)close(fd);
	return result;
}
