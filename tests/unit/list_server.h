/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_server.h - a web server on loopback with many lists, for test_list.c.
 *
 * /lists/N?page=..&count=.. (or offset, limit) is list N of `rows[N]` rows with the ids "N-0",
 * "N-1"...; /whole is list 0. A struct mishap is a page that is answered in another way. The server
 * counts its requests. Each response takes `delay` milliseconds, and then waits until `together`
 * requests have arrived at the same time, or 10 s.
 */
#ifndef ROSTERFS_TEST_LIST_SERVER_H
#define ROSTERFS_TEST_LIST_SERVER_H

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

struct list_server {
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

static inline size_t list_server_number(struct MHD_Connection *connection, const char *name)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);

	return text ? strtoul(text, NULL, 10) : 0;
}

/* {"rows": [{"id": "3-0"}, ...], "total": N} */
static inline char *list_server_body(const struct list_server *server, size_t list, size_t start,
				     size_t size)
{
	size_t rows = server->rows[list];
	char *body = malloc(64 + size * 40), *end = body;

	end += sprintf(end, "{\"rows\": [");
	for (size_t i = start; i < start + size && i < rows; i++)
		end += sprintf(end, "%s{\"id\": \"%zu-%zu\"}", i == start ? "" : ", ", list, i);
	end += sprintf(end, "]");
	if (server->total)
		end += sprintf(end, ", \"total\": %zu", rows);
	sprintf(end, "}");
	return body;
}

/* Return the status that the mishap gives this page, or 0; 200 means the rows of page 0. */
static inline unsigned list_server_mishap_locked(struct list_server *server, size_t list,
						 size_t start)
{
	struct mishap *mishap = &server->mishap;

	if (!mishap->times || mishap->list != (int)list ||
	    (mishap->beyond ? start <= mishap->start : start != mishap->start))
		return 0;
	mishap->times--;
	return mishap->status ? mishap->status : 200;
}

static inline void list_server_delay(struct list_server *server)
{
	bool there;

	for (int turn = 0; turn < 5000; turn++) {
		usleep(turn ? 20000 : server->delay * 1000);
		pthread_mutex_lock(&server->lock);
		there = server->most_running >= server->together;
		pthread_mutex_unlock(&server->lock);
		if (there)
			break;
	}
}

static inline enum MHD_Result list_server_answer(void *arg, struct MHD_Connection *connection,
						 const char *path, const char *method,
						 const char *version, const char *data,
						 size_t *length, void **state)
{
	struct list_server *server = arg;
	size_t size = list_server_number(connection, "count") +
		      list_server_number(connection, "limit");
	size_t page = list_server_number(connection, "page");
	size_t start = page ? (page - 1) * size : list_server_number(connection, "offset");
	size_t list = strncmp(path, "/lists/", 7) == 0 ? strtoul(path + 7, NULL, 10) : 0;
	unsigned status;
	char *body;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)method, (void)version, (void)data, (void)length, (void)state;
	pthread_mutex_lock(&server->lock);
	server->requests++;
	server->asked[list]++;
	server->running++;
	if (server->running > server->most_running)
		server->most_running = server->running;
	status = list_server_mishap_locked(server, list, start);
	pthread_mutex_unlock(&server->lock);
	/* what is refused is refused at once */
	if (status <= 200)
		list_server_delay(server);
	body = status > 200 ? strdup("{}")
			    : list_server_body(server, list, status ? 0 : start, size);
	response = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_FREE);
	pthread_mutex_lock(&server->lock);
	server->running--;
	pthread_mutex_unlock(&server->lock);
	result = MHD_queue_response(connection, status ? status : 200, response);
	MHD_destroy_response(response);
	return result;
}

static inline int list_server_count(struct list_server *server, const int *counter)
{
	int count;

	pthread_mutex_lock(&server->lock);
	count = *counter;
	pthread_mutex_unlock(&server->lock);
	return count;
}

/* Count anew; from now on MISHAP (NULL: none) goes wrong. */
static inline void list_server_order(struct list_server *server, const struct mishap *mishap)
{
	const struct mishap none = {0};

	pthread_mutex_lock(&server->lock);
	server->mishap = mishap ? *mishap : none;
	server->requests = server->most_running = 0;
	pthread_mutex_unlock(&server->lock);
}

static inline bool list_server_start(struct list_server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	pthread_mutex_init(&server->lock, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
					      MHD_USE_THREAD_PER_CONNECTION,
					  0, NULL, NULL, list_server_answer, server,
					  MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
	if (!server->daemon)
		return false;
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	return true;
}

static inline void list_server_stop(struct list_server *server)
{
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	pthread_mutex_destroy(&server->lock);
}

#endif
