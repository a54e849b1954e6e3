/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lister.h - a web server on loopback with many lists, for test_list.c.
 *
 * /lists/N?page=..&count=.. (or offset, limit) is list N of `rows[N]` rows with the ids "N-0",
 * "N-1"...; /whole is list 0. What goes wrong is a struct mishap: a page of a list that is answered
 * in another way. It counts, and takes `delay` milliseconds for each answer, and until as many
 * as `together` have been there at a time, or 10 s.
 */
#ifndef ROSTERFS_TEST_LISTER_H
#define ROSTERFS_TEST_LISTER_H

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LISTS_MAX 64
#define PAGE 100

struct mishap {
	int list;
	size_t start; /* the page that begins with row START, or, BEYOND, any later one */
	bool beyond;
	unsigned status; /* what it is answered with; 0: with the rows of page 0 */
	int times;
};

struct lister {
	struct MHD_Daemon *daemon;
	char url[64];
	size_t rows[LISTS_MAX];
	bool total; /* "total" is told */
	unsigned delay;
	int together;

	pthread_mutex_t lock;
	struct mishap mishap;
	int requests, running, most_running;
	int asked[LISTS_MAX];
};

static inline size_t lister_number(struct MHD_Connection *connection, const char *name)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);

	return text ? strtoul(text, NULL, 10) : 0;
}

/* {"rows": [{"id": "3-0"}, ...], "total": N} */
static inline char *lister_body(const struct lister *lister, size_t list, size_t start, size_t size)
{
	size_t rows = lister->rows[list];
	char *body = malloc(64 + size * 40), *end = body;

	end += sprintf(end, "{\"rows\": [");
	for (size_t i = start; i < start + size && i < rows; i++)
		end += sprintf(end, "%s{\"id\": \"%zu-%zu\"}", i == start ? "" : ", ", list, i);
	end += sprintf(end, "]");
	if (lister->total)
		end += sprintf(end, ", \"total\": %zu", rows);
	sprintf(end, "}");
	return body;
}

/* Has something gone wrong with this page? Then 200 means the rows of page 0. */
static inline unsigned lister_mishap_locked(struct lister *lister, size_t list, size_t start)
{
	struct mishap *mishap = &lister->mishap;

	if (!mishap->times || mishap->list != (int)list ||
	    (mishap->beyond ? start <= mishap->start : start != mishap->start))
		return 0;
	mishap->times--;
	return mishap->status ? mishap->status : 200;
}

static inline void lister_delay(struct lister *lister)
{
	bool there;

	for (int turn = 0; turn < 500; turn++) {
		usleep(turn ? 20000 : lister->delay * 1000);
		pthread_mutex_lock(&lister->lock);
		there = lister->most_running >= lister->together;
		pthread_mutex_unlock(&lister->lock);
		if (there)
			break;
	}
}

static inline enum MHD_Result lister_answer(void *arg, struct MHD_Connection *connection,
					    const char *path, const char *method,
					    const char *version, const char *data, size_t *length,
					    void **state)
{
	struct lister *lister = arg;
	size_t size = lister_number(connection, "count") + lister_number(connection, "limit");
	size_t page = lister_number(connection, "page");
	size_t start = page ? (page - 1) * size : lister_number(connection, "offset");
	size_t list = strncmp(path, "/lists/", 7) == 0 ? strtoul(path + 7, NULL, 10) : 0;
	unsigned status;
	char *body;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)method, (void)version, (void)data, (void)length, (void)state;
	pthread_mutex_lock(&lister->lock);
	lister->requests++;
	lister->asked[list]++;
	lister->running++;
	if (lister->running > lister->most_running)
		lister->most_running = lister->running;
	status = lister_mishap_locked(lister, list, start);
	pthread_mutex_unlock(&lister->lock);
	/* what is refused is refused at once */
	if (status <= 200)
		lister_delay(lister);
	body = status > 200 ? strdup("{}") : lister_body(lister, list, status ? 0 : start, size);
	response = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_FREE);
	pthread_mutex_lock(&lister->lock);
	lister->running--;
	pthread_mutex_unlock(&lister->lock);
	result = MHD_queue_response(connection, status ? status : 200, response);
	MHD_destroy_response(response);
	return result;
}

static inline int lister_count(struct lister *lister, const int *counter)
{
	int count;

	pthread_mutex_lock(&lister->lock);
	count = *counter;
	pthread_mutex_unlock(&lister->lock);
	return count;
}

/* Count anew; from now on MISHAP (NULL: none) goes wrong. */
static inline void lister_order(struct lister *lister, const struct mishap *mishap)
{
	const struct mishap none = {0};

	pthread_mutex_lock(&lister->lock);
	lister->mishap = mishap ? *mishap : none;
	lister->requests = lister->most_running = 0;
	pthread_mutex_unlock(&lister->lock);
}

static inline bool lister_start(struct lister *lister)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	pthread_mutex_init(&lister->lock, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	lister->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
					      MHD_USE_THREAD_PER_CONNECTION,
					  0, NULL, NULL, lister_answer, lister,
					  MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
	if (!lister->daemon)
		return false;
	snprintf(lister->url, sizeof(lister->url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(lister->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	return true;
}

static inline void lister_stop(struct lister *lister)
{
	if (lister->daemon)
		MHD_stop_daemon(lister->daemon);
	pthread_mutex_destroy(&lister->lock);
}

#endif
