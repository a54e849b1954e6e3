/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_server.h - a small web server on loopback for test_http.c, in threads of the test itself.
 *
 * The path selects the response: /ok, /echo, /big, /slow (50 ms, and then until as many requests
 * as http_server_together was told have arrived at the same time, or 100 s), /stall (until
 * http_server_stop), /drop (takes the request, then closes), /short (a response cut in the middle),
 * /fail (the next `fails` requests get `status`, then 200). The server counts its requests. What a
 * test's own `script` answers comes first.
 */
#ifndef TESTS_UNIT_HTTP_SERVER_H
#define TESTS_UNIT_HTTP_SERVER_H

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HTTP_SERVER_BIG (1u << 20)

struct http_server {
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
	/* Set by a test before its first request. Returns the response, or NULL: by the path. */
	struct MHD_Response *(*script)(void *arg, struct MHD_Connection *connection,
				       const char *method, const char *path, const char *body,
				       unsigned *status);
	void *script_arg;
};

/* One request's body as it comes in. */
struct http_server_body {
	char *text;
	size_t length;
};

static inline void http_server_connection(void *arg, struct MHD_Connection *connection,
					  void **socket, enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = arg;

	(void)connection;
	(void)socket;
	if (code != MHD_CONNECTION_NOTIFY_STARTED)
		return;
	pthread_mutex_lock(&server->lock);
	server->connections++;
	pthread_mutex_unlock(&server->lock);
}

static inline enum MHD_Result http_server_text(struct MHD_Connection *connection, unsigned status,
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

static inline ssize_t http_server_half(void *arg, uint64_t position, char *buffer, size_t most)
{
	(void)arg;
	if (position)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	memset(buffer, 'x', most < 100 ? most : 100);
	return 100;
}

static inline enum MHD_Result http_server_short(struct MHD_Connection *connection)
{
	struct MHD_Response *response = MHD_create_response_from_callback(1000, 100,
									  http_server_half, NULL,
									  NULL);
	enum MHD_Result result = MHD_queue_response(connection, 200, response);

	MHD_destroy_response(response);
	return result;
}

static inline enum MHD_Result http_server_echo(struct MHD_Connection *connection,
					       const char *method,
					       const struct http_server_body *body)
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
	return http_server_text(connection, 200, text, (size_t)length, NULL, NULL);
}

static inline enum MHD_Result http_server_big(struct MHD_Connection *connection)
{
	char *text = malloc(HTTP_SERVER_BIG);
	enum MHD_Result result;

	memset(text, 'b', HTTP_SERVER_BIG);
	result = http_server_text(connection, 200, text, HTTP_SERVER_BIG, NULL, NULL);
	free(text);
	return result;
}

static inline enum MHD_Result http_server_fail(struct http_server *server,
					       struct MHD_Connection *connection)
{
	bool fail;

	pthread_mutex_lock(&server->lock);
	fail = server->fails > 0;
	server->fails -= fail;
	pthread_mutex_unlock(&server->lock);
	if (fail)
		return http_server_text(connection, server->status, "no", 2, server->retry_header,
					server->retry_value);
	return http_server_text(connection, 200, "hello", 5, NULL, NULL);
}

static inline void http_server_slow(struct http_server *server)
{
	bool there;

	for (int turn = 0; turn < 2000; turn++) {
		usleep(50000);
		pthread_mutex_lock(&server->lock);
		there = server->most_running >= server->together;
		pthread_mutex_unlock(&server->lock);
		if (there)
			break;
	}
}

static inline enum MHD_Result http_server_answer(struct http_server *server,
						 struct MHD_Connection *connection,
						 const char *path, const char *method,
						 const struct http_server_body *body)
{
	if (server->script) {
		unsigned status = 200;
		struct MHD_Response *response;
		enum MHD_Result result;
		char *text = calloc(1, body->length + 1);

		if (text && body->length)
			memcpy(text, body->text, body->length);
		response = server->script(server->script_arg, connection, method, path, text,
					  &status);
		free(text);
		if (response) {
			result = MHD_queue_response(connection, status, response);
			MHD_destroy_response(response);
			return result;
		}
	}
	if (strcmp(path, "/slow") == 0)
		http_server_slow(server);
	if (strcmp(path, "/stall") == 0) {
		pthread_mutex_lock(&server->lock);
		while (!server->stopping)
			pthread_cond_wait(&server->release, &server->lock);
		pthread_mutex_unlock(&server->lock);
	}
	if (strcmp(path, "/drop") == 0)
		return MHD_NO;
	if (strcmp(path, "/short") == 0)
		return http_server_short(connection);
	if (strcmp(path, "/big") == 0)
		return http_server_big(connection);
	if (strcmp(path, "/echo") == 0)
		return http_server_echo(connection, method, body);
	if (strcmp(path, "/fail") == 0)
		return http_server_fail(server, connection);
	return http_server_text(connection, 200, "hello", 5, NULL, NULL);
}

static inline enum MHD_Result http_server_request(void *arg, struct MHD_Connection *connection,
						  const char *path, const char *method,
						  const char *version, const char *data,
						  size_t *length, void **state)
{
	struct http_server *server = arg;
	struct http_server_body *body = *state;
	enum MHD_Result result;

	(void)version;
	if (!body) {
		*state = calloc(1, sizeof(struct http_server_body));
		return MHD_YES;
	}
	if (*length) {
		body->text = realloc(body->text, body->length + *length);
		memcpy(body->text + body->length, data, *length);
		body->length += *length;
		*length = 0;
		return MHD_YES;
	}
	pthread_mutex_lock(&server->lock);
	server->requests++;
	server->running++;
	if (server->running > server->most_running)
		server->most_running = server->running;
	pthread_mutex_unlock(&server->lock);
	result = http_server_answer(server, connection, path, method, body);
	pthread_mutex_lock(&server->lock);
	server->running--;
	pthread_mutex_unlock(&server->lock);
	return result;
}

static inline void http_server_done(void *arg, struct MHD_Connection *connection, void **state,
				    enum MHD_RequestTerminationCode code)
{
	struct http_server_body *body = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (body)
		free(body->text);
	free(body);
	*state = NULL;
}

/* A port at which nobody listens, and which no other process is given. */
struct http_reserved {
	unsigned short number;
	int socket; /* close it in the end */
};

static inline bool http_server_reserve(struct http_reserved *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int yes = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	port->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (port->socket < 0 ||
	    setsockopt(port->socket, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) ||
	    bind(port->socket, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(port->socket, (struct sockaddr *)&address, &length))
		return false;
	port->number = ntohs(address.sin_port);
	return true;
}

/* Start on PORT, which may be reserved, 0: any. */
static inline bool http_server_start(struct http_server *server, unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	memset(server, 0, sizeof(*server));
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->release, NULL);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
					      MHD_USE_THREAD_PER_CONNECTION,
					  port, NULL, NULL, http_server_request, server,
					  MHD_OPTION_SOCK_ADDR, &address,
					  MHD_OPTION_NOTIFY_COMPLETED, http_server_done, server,
					  MHD_OPTION_NOTIFY_CONNECTION, http_server_connection,
					  server, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
					  MHD_OPTION_END);
	if (!server->daemon)
		return false;
	server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%u", server->port);
	return true;
}

static inline int http_server_count(struct http_server *server, const int *counter)
{
	int count;

	pthread_mutex_lock(&server->lock);
	count = *counter;
	pthread_mutex_unlock(&server->lock);
	return count;
}

/* What /fail does from now on. */
static inline void http_server_order(struct http_server *server, int fails, unsigned status,
				     const char *header, const char *value)
{
	pthread_mutex_lock(&server->lock);
	server->fails = fails;
	server->status = status;
	server->retry_header = header;
	server->retry_value = value;
	pthread_mutex_unlock(&server->lock);
}

/* How many /slow must have been there at a time before one of them is answered. */
static inline void http_server_together(struct http_server *server, int count)
{
	pthread_mutex_lock(&server->lock);
	server->together = count;
	pthread_mutex_unlock(&server->lock);
}

static inline void http_server_stop(struct http_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	pthread_cond_broadcast(&server->release);
	pthread_mutex_unlock(&server->lock);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	pthread_mutex_destroy(&server->lock);
	pthread_cond_destroy(&server->release);
}

#endif
