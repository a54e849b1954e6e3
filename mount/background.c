/* SPDX-License-Identifier: Apache-2.0 */
/*
 * background.c - see background.h.
 *
 * The child reports through a pipe: one byte is the exit status; the end of the pipe without a byte
 * means that the child died. Until then the child keeps stderr, so that its message can be read.
 */
#include "mount/background.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int report = -1;

int background_fork(void)
{
	int ends[2];
	pid_t child;
	char byte = 1;
	ssize_t count;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	child = fork();
	if (child < 0) {
		int error = errno;

		close(ends[0]);
		close(ends[1]);
		return -error;
	}
	if (child == 0) {
		close(ends[0]);
		report = ends[1];
		setsid();
		return 0;
	}
	close(ends[1]);
	do {
		count = read(ends[0], &byte, 1);
	} while (count < 0 && errno == EINTR);
	_exit(count == 1 ? byte : 1);
}

static void background_tell(char status)
{
	if (report < 0)
		return;
	while (write(report, &status, 1) < 0 && errno == EINTR) {
	}
	close(report);
	report = -1;
}

void background_ready(void)
{
	int null;

	if (report < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (null > STDERR_FILENO)
			close(null);
	}
	background_tell(0);
}

void background_failed(int status)
{
	background_tell((char)status);
}
