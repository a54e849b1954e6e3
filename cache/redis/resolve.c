/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.c - see resolve.h.
 */
#include "cache/redis/resolve.h"

#include "cache/redis/ready.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define STACK_BYTES (1u << 20)

/* Of two: who asks, and the thread. */
struct search {
	atomic_uint users;
	int done_fd; /* readable when the thread has set what follows */
	int error;   /* of getaddrinfo */
	struct addrinfo *list;
	char port[8];
	char host[];
};

static void search_drop(struct search *search)
{
	if (atomic_fetch_sub(&search->users, 1) > 1)
		return;
	if (search->list)
		freeaddrinfo(search->list);
	close(search->done_fd);
	free(search);
}

static int search_addresses(const char *host, const char *port, int flags, struct addrinfo **list)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};

	hints.ai_flags = flags;
	return getaddrinfo(host, port, &hints, list);
}

static void *search_main(void *arg)
{
	struct search *search = arg;
	const uint64_t one = 1;

	search->error = search_addresses(search->host, search->port, AI_ADDRCONFIG, &search->list);
	/* AI_ADDRCONFIG finds nothing on a machine that has its loopback only */
	if (search->error)
		search->error = search_addresses(search->host, search->port, 0, &search->list);
	/* a counter of 0 takes 1 without a wait */
	while (write(search->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	search_drop(search);
	return NULL;
}

static struct search *search_new(const char *host, const char *port)
{
	struct search *search = calloc(1, sizeof(*search) + strlen(host) + 1);

	if (!search)
		return NULL;
	atomic_init(&search->users, 1);
	memcpy(search->host, host, strlen(host) + 1);
	snprintf(search->port, sizeof(search->port), "%s", port);
	search->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (search->done_fd < 0) {
		free(search);
		return NULL;
	}
	return search;
}

static int search_start(struct search *search)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	atomic_fetch_add(&search->users, 1);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&thread, &attr, search_main, search);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (error)
		atomic_fetch_sub(&search->users, 1);
	return -error;
}

int resolve(const char *host, unsigned port, int stop_fd, int64_t deadline, struct addrinfo **list,
	    const char **why)
{
	struct search *search;
	char text[8];
	int error;

	snprintf(text, sizeof(text), "%u", port % 65536);
	*list = NULL;
	if (search_addresses(host, text, AI_NUMERICHOST, list) == 0)
		return 0;
	search = search_new(host, text);
	if (!search)
		return -ENOMEM;
	error = search_start(search);
	if (!error)
		error = ready_wait(search->done_fd, POLLIN, stop_fd, deadline);
	if (error == -ETIMEDOUT)
		*why = "no name server answers";
	if (!error && search->error) {
		error = -EHOSTUNREACH;
		*why = gai_strerror(search->error);
	} else if (!error) {
		*list = search->list;
		search->list = NULL;
	}
	search_drop(search);
	return error;
}
