/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.h - the addresses of a host, within a deadline.
 *
 * getaddrinfo(3) has none, and waits for half a minute where no name server answers. It runs on a
 * thread of its own, which is left to itself when the deadline is over.
 */
#ifndef ROSTERFS_RESOLVE_H
#define ROSTERFS_RESOLVE_H

#include <stdint.h>

struct addrinfo;

/*
 * Find the addresses of HOST, for TCP to PORT. Returns 0 and *LIST, for freeaddrinfo; or
 * -ETIMEDOUT, -ECANCELED (STOP_FD is readable), -EHOSTUNREACH with *WHY, static words, or -ENOMEM
 * or -EMFILE.
 */
int resolve(const char *host, unsigned port, int stop_fd, int64_t deadline, struct addrinfo **list,
	    const char **why);

#endif
