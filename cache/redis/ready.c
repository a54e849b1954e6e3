/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ready.c - see ready.h.
 */
#include "cache/redis/ready.h"

#include "vendors/base/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

int ready_wait(int fd, short events, int stop_fd, int64_t deadline)
{
	struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = stop_fd, .events = POLLIN}};
	int64_t left;
	int count;

	for (;;) {
		left = deadline - clock_milliseconds();
		count = poll(fds, 2, left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);
		if (count < 0 && errno != EINTR)
			return -errno;
		if (count > 0)
			return fds[1].revents ? -ECANCELED : 0;
		if (count == 0 && left <= 0)
			return -ETIMEDOUT;
	}
}
