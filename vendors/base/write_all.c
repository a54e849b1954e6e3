/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write_all.c - see write_all.h.
 */
#include "vendors/base/write_all.h"

#include <errno.h>
#include <unistd.h>

int write_all(int file, const char *text, size_t length, size_t *written)
{
	size_t done = 0;
	int error = 0;

	while (done < length && !error) {
		ssize_t count = write(file, text + done, length - done);

		if (count > 0)
			done += (size_t)count;
		else if (count == 0)
			error = -EIO;
		else if (errno != EINTR)
			error = -errno;
	}
	if (written)
		*written = done;
	return error;
}
