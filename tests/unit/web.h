/* SPDX-License-Identifier: Apache-2.0 */
/*
 * web.h - a tiny web server on loopback for test_http.c, in threads of the test itself.
 *
 * What it answers stands in the path: /ok, /echo, /big, /slow (50 ms, and once as many as
 * web_together was told have been there at a time, or 10 s), /stall (until web_stop),
 * /drop (takes the request, then closes), /short (an answer cut in the middle), /fail (the next
 * `fails` requests get `status`, then 200). It counts.
 */
#ifndef TESTS_UNIT_WEB_H
#define TESTS_UNIT_WEB_H

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WEB_BIG (1u << 20)

struct web {
	struct MHD_Daemon *daemon;
	unsigned short port;
	char url[64];

	pthread_mutex_t lock;
	pthread_cond_t release;
	bool stopping;
	int requests, connections, running, most_running, together;
	/* what /fail does */
	int fails;
	unsigned status;
	const char *retry_header, *retry_value;
};

/* One request's body as it comes in. */
struct web_body {
	char *text;
	size_t length;
};

static inline void web_connection(void *arg, struct MHD_Connection *connection, void **socket,
				  enum MHD_ConnectionNotificationCode code)
{
	struct web *web = arg;

	(void)connection;
	(void)socket;
	if (code != MHD_CONNECTION_NOTIFY_STARTED)
		return;
	pthread_mutex_lock(&web->lock);
	web->connections++;
	pthread_mutex_unlock(&web->lock);
}

static inline enum MHD_Result web_text(struct MHD_Connection *connection, unsigned status,
				       const char *text, size_t length, const char *header,
				       const char *value)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(length,
									(void *)(size_t)text,
									MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	MHD_add_response_header(response, "ETag", "\"tag\"");
	if (header)
		MHD_add_response_header(response, header, value);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static inline ssize_t web_half(void *arg, uint64_t position, char *buffer, size_t most)
{
	(void)arg;
	if (position)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	memset(buffer, 'x', most < 100 ? most : 100);
	return 100;
}

static inline enum MHD_Result web_short(struct MHD_Connection *connection)
{
	struct MHD_Response *response = MHD_create_response_from_callback(1000, 100, web_half, NULL,
									  NULL);
	enum MHD_Result result = MHD_queue_response(connection, 200, response);

	MHD_destroy_response(response);
	return result;
}

static inline enum MHD_Result web_echo(struct MHD_Connection *connection, const char *method,
				       const struct web_body *body)
{
	const char *names[] = {"Authorization", "X-Key",      "Content-Type",
			       "Expect",        "User-Agent", "Accept-Encoding"};
	char text[1024];
	int length = snprintf(text, sizeof(text), "%s %zu\n", method, body->length);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
								names[i]);

		length += snprintf(text + length, sizeof(text) - (size_t)length, "%s=%s\n",
				   names[i], value ? value : "-");
	}
	return web_text(connection, 200, text, (size_t)length, NULL, NULL);
}

static inline enum MHD_Result web_big(struct MHD_Connection *connection)
{
	char *text = malloc(WEB_BIG);
	enum MHD_Result result;

	memset(text, 'b', WEB_BIG);
	result = web_text(connection, 200, text, WEB_BIG, NULL, NULL);
	free(text);
	return result;
}

static inline enum MHD_Result web_fail(struct web *web, struct MHD_Connection *connection)
{
	bool fail;

	pthread_mutex_lock(&web->lock);
	fail = web->fails > 0;
	web->fails -= fail;
	pthread_mutex_unlock(&web->lock);
	if (fail)
		return web_text(connection, web->status, "no", 2, web->retry_header,
				web->retry_value);
	return web_text(connection, 200, "hello", 5, NULL, NULL);
}

static inline void web_slow(struct web *web)
{
	bool there;

	for (int turn = 0; turn < 200; turn++) {
		usleep(50000);
		pthread_mutex_lock(&web->lock);
		there = web->most_running >= web->together;
		pthread_mutex_unlock(&web->lock);
		if (there)
			break;
	}
}

static inline enum MHD_Result web_answer(struct web *web, struct MHD_Connection *connection,
					 const char *path, const char *method,
					 const struct web_body *body)
{
	if (strcmp(path, "/slow") == 0)
		web_slow(web);
	if (strcmp(path, "/stall") == 0) {
		pthread_mutex_lock(&web->lock);
		while (!web->stopping)
			pthread_cond_wait(&web->release, &web->lock);
		pthread_mutex_unlock(&web->lock);
	}
	if (strcmp(path, "/drop") == 0)
		return MHD_NO;
	if (strcmp(path, "/short") == 0)
		return web_short(connection);
	if (strcmp(path, "/big") == 0)
		return web_big(connection);
	if (strcmp(path, "/echo") == 0)
		return web_echo(connection, method, body);
	if (strcmp(path, "/fail") == 0)
		return web_fail(web, connection);
	return web_text(connection, 200, "hello", 5, NULL, NULL);
}

static inline enum MHD_Result web_request(void *arg, struct MHD_Connection *connection,
					  const char *path, const char *method, const char *version,
					  const char *data, size_t *length, void **state)
{
	struct web *web = arg;
	struct web_body *body = *state;
	enum MHD_Result result;

	(void)version;
	if (!body) {
		*state = calloc(1, sizeof(struct web_body));
		return MHD_YES;
	}
	if (*length) {
		body->text = realloc(body->text, body->length + *length);
		memcpy(body->text + body->length, data, *length);
		body->length += *length;
		*length = 0;
		return MHD_YES;
	}
	pthread_mutex_lock(&web->lock);
	web->requests++;
	web->running++;
	if (web->running > web->most_running)
		web->most_running = web->running;
	pthread_mutex_unlock(&web->lock);
	result = web_answer(web, connection, path, method, body);
	pthread_mutex_lock(&web->lock);
	web->running--;
	pthread_mutex_unlock(&web->lock);
	return result;
}

static inline void web_done(void *arg, struct MHD_Connection *connection, void **state,
			    enum MHD_RequestTerminationCode code)
{
	struct web_body *body = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (body)
		free(body->text);
	free(body);
	*state = NULL;
}

/* Start on PORT, 0: any. */
static inline bool web_start(struct web *web, unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	memset(web, 0, sizeof(*web));
	pthread_mutex_init(&web->lock, NULL);
	pthread_cond_init(&web->release, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	web->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
					   MHD_USE_THREAD_PER_CONNECTION,
				       port, NULL, NULL, web_request, web, MHD_OPTION_SOCK_ADDR,
				       &address, MHD_OPTION_NOTIFY_COMPLETED, web_done, web,
				       MHD_OPTION_NOTIFY_CONNECTION, web_connection, web,
				       MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
	if (!web->daemon)
		return false;
	web->port = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	snprintf(web->url, sizeof(web->url), "http://127.0.0.1:%u", web->port);
	return true;
}

static inline int web_count(struct web *web, const int *counter)
{
	int count;

	pthread_mutex_lock(&web->lock);
	count = *counter;
	pthread_mutex_unlock(&web->lock);
	return count;
}

/* What /fail does from now on. */
static inline void web_order(struct web *web, int fails, unsigned status, const char *header,
			     const char *value)
{
	pthread_mutex_lock(&web->lock);
	web->fails = fails;
	web->status = status;
	web->retry_header = header;
	web->retry_value = value;
	pthread_mutex_unlock(&web->lock);
}

/* How many /slow must have been there at a time before one of them is answered. */
static inline void web_together(struct web *web, int count)
{
	pthread_mutex_lock(&web->lock);
	web->together = count;
	pthread_mutex_unlock(&web->lock);
}

static inline void web_stop(struct web *web)
{
	pthread_mutex_lock(&web->lock);
	web->stopping = true;
	pthread_cond_broadcast(&web->release);
	pthread_mutex_unlock(&web->lock);
	if (web->daemon)
		MHD_stop_daemon(web->daemon);
	pthread_mutex_destroy(&web->lock);
	pthread_cond_destroy(&web->release);
}

#endif
