/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.c - see dial.h.
 */
#include "cache/redis/dial.h"

#include "cache/redis/ready.h"
#include "cache/redis/resolve.h"
#include "cache/redis/settings.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PAUSE 10 /* milliseconds until a socket whose queue is full is tried again */

/* Finish connect(2), which has returned -1 with errno. */
static int dial_finish(int fd, int stop_fd, int64_t deadline)
{
	socklen_t size = sizeof(int);
	int error, result;

	if (errno != EINPROGRESS && errno != EINTR)
		return -errno;
	error = ready_wait(fd, POLLOUT, stop_fd, deadline);
	if (error)
		return error;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) < 0)
		return -errno;
	return -result;
}

/* Connect one socket. */
static int dial_one(int family, const struct sockaddr *address, socklen_t length, int stop_fd,
		    int64_t deadline)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
	const int on = 1;

	if (fd < 0)
		return -errno;
	if (family != AF_UNIX) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	}
	while (connect(fd, address, length) < 0) {
		/* a Unix socket whose queue is full cannot be waited for */
		error = errno == EAGAIN
			    ? ready_wait(-1, 0, stop_fd,
					 clock_sooner(deadline, clock_milliseconds() + PAUSE))
			    : dial_finish(fd, stop_fd, deadline);
		if (error != -ETIMEDOUT || family != AF_UNIX || clock_milliseconds() >= deadline)
			break;
		error = 0;
	}
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

static int dial_socket(const char *path, int stop_fd, int64_t deadline)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return dial_one(AF_UNIX, (const struct sockaddr *)&address, sizeof(address), stop_fd,
			deadline);
}

int dial(const struct redis_settings *settings, int stop_fd, int64_t deadline, const char **why)
{
	struct addrinfo *list, *each;
	int64_t now, left = 0;
	int result;

	*why = NULL;
	if (settings->socket)
		return dial_socket(settings->socket, stop_fd, deadline);
	result = resolve(settings->host, settings->port, stop_fd, deadline, &list, why);
	if (result)
		return result;
	for (each = list; each; each = each->ai_next)
		left++;
	result = -EHOSTUNREACH;
	/* one that does not answer leaves time for the others */
	for (each = list; each; each = each->ai_next, left--) {
		now = clock_milliseconds();
		result = dial_one(each->ai_family, each->ai_addr, each->ai_addrlen, stop_fd,
				  now + (deadline - now) / left);
		if (result >= 0 || result == -ECANCELED)
			break;
	}
	freeaddrinfo(list);
	return result;
}
