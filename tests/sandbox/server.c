/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: HTTP in and out, and all that goes wrong on the way.
 *
 * A request is read whole, entered in the journal, delayed, handed to its vendor, and answered; a
 * fault that was ordered for it is carried out before or after the vendor has handled it. Vendors
 * thus stay plain functions from a request to an answer. libmicrohttpd does the protocol; only
 * this file and request.c know it.
 *
 * It must not know what any vendor's paths or bodies mean.
 */
#include "server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "changes.h"
#include "control.h"
#include "errand.h"

#define BODY_MOST (4U << 20)
#define CONNECTIONS_MOST 4096U

struct server {
	struct server_parts parts;
	atomic_long admitted; /* vendor requests in flight that were not refused as too many */
	struct MHD_Daemon *daemon;
};

/* One request on its way through. */
struct exchange {
	struct request request;
	struct reply reply;
	struct fault fault;
	struct fault companions[FAULT_COMPANIONS];
	size_t companions_used;
	unsigned ticket;
	unsigned long number; /* in the journal */
	bool started;
	bool limited; /* refused by the limiter */
};

/* The library shows the URL as it was sent only here, before it takes it apart. */
static void *exchange_new(void *self, const char *uri, struct MHD_Connection *connection)
{
	(void)self;
	struct exchange *exchange = text_alloc(1, sizeof *exchange);
	size_t path = strcspn(uri, "?");
	exchange->request.connection = connection;
	exchange->request.path = text_copy(uri, path);
	exchange->request.sent_path = text_copy(uri, path);
	exchange->request.query = text_copy(uri + path + (uri[path] ? 1 : 0),
					    strlen(uri + path) - (uri[path] ? 1 : 0));
	request_decode(exchange->request.path);
	return exchange;
}

static void exchange_free(void *self, struct MHD_Connection *connection, void **state,
			  enum MHD_RequestTerminationCode code)
{
	(void)self;
	(void)connection;
	(void)code;
	struct exchange *exchange = *state;
	*state = NULL;
	if (!exchange)
		return;
	request_clear(&exchange->request);
	reply_free(&exchange->reply);
	fault_free(&exchange->fault);
	for (size_t i = 0; i < exchange->companions_used; i++)
		fault_free(&exchange->companions[i]);
	free(exchange);
}

static void plain_error(struct reply *reply, unsigned status, const char *words)
{
	char type[16];
	snprintf(type, sizeof type, "%u", status);
	reply_json(reply, status,
		   json_pack("{s:{s:s,s:s}}", "error", "message", words, "type", type));
}

/* An error in the shape of the vendor whose path it is. */
static void shaped_error(const struct vendor_run *run, struct reply *reply, unsigned status,
			 const char *words)
{
	if (run && run->vendor->error)
		run->vendor->error(run->self, reply, status, words);
	else
		plain_error(reply, status, words);
}

static void reply_ordered(const struct vendor_run *run, struct reply *reply,
			  const struct fault *fault)
{
	reply->headers = 0;
	if (!fault->body)
		shaped_error(run, reply, fault->status, "Ordered by a test.");
	else
		reply_raw(reply, fault->status,
			  fault->body[0] == '<' ? "text/html; charset=utf-8" : "application/json",
			  fault->body);
	if (fault->retry_after)
		reply_header(reply, "Retry-After", "%s", fault->retry_after);
	if (fault->limit_retry_after)
		reply_header(reply, "X-RateLimit-Retry-After", "%s", fault->limit_retry_after);
	if (fault->limit_remaining)
		reply_header(reply, "X-RateLimit-Remaining", "%s", fault->limit_remaining);
	if (fault->limit_reset)
		reply_header(reply, "X-RateLimit-Reset", "%s", fault->limit_reset);
}

static int client_socket(const struct request *request)
{
	const union MHD_ConnectionInfo
	    *info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

/* What goes wrong on the way. False: no answer at all. The vendor's own faults do nothing here. */
static bool carry_out(const struct server_parts *parts, const struct vendor_run *run,
		      struct exchange *exchange)
{
	const struct fault *fault = &exchange->fault;
	struct reply *reply = &exchange->reply;
	switch (fault->kind) {
	case FAULT_STATUS:
		reply_ordered(run, reply, fault);
		return true;
	case FAULT_STALL:
		journal_hold(parts->journal, exchange->number);
		if (!gate_hold(parts->gate, exchange->ticket, client_socket(&exchange->request)))
			return false;
		if (fault->status)
			reply_ordered(run, reply, fault);
		return true;
	case FAULT_LATE:
		errand_late(parts, run, &exchange->request, exchange->number, fault->ms);
		journal_hold(parts->journal, exchange->number);
		if (!fault->body || strcmp(fault->body, "drop") != 0)
			gate_hold(parts->gate, exchange->ticket, client_socket(&exchange->request));
		return false;
	case FAULT_SLOW:
		return gate_sleep(parts->gate, gate_now() + fault->ms);
	case FAULT_DROP:
		return false;
	case FAULT_HTML:
		reply_raw(reply, fault->status ? fault->status : 200, "text/html; charset=utf-8",
			  fault->body
			      ? fault->body
			      : "<!DOCTYPE html><title>Sign in</title><p>Please sign in.</p>\n");
		return true;
	case FAULT_NOT_JSON:
		reply_raw(reply, fault->status ? fault->status : 200, "application/json",
			  fault->body ? fault->body : "{\"users\":[{\"user_id\":\"1\", oops");
		return true;
	case FAULT_NO_BODY:
		reply_raw(reply, fault->status ? fault->status : 200, "application/json", "");
		return true;
	case FAULT_EXPIRE_TOKENS:
		settings_expire_tokens(parts->settings);
		return true;
	default:
		return true;
	}
}

static void refuse_as_too_many(const struct server_parts *parts, const struct vendor_run *run,
			       struct exchange *exchange)
{
	shaped_error(run, &exchange->reply, 429, "Too many requests.");
	struct settings_values settings = settings_get(parts->settings);
	if (exchange->limited && settings.limit_retry_after[0])
		reply_header(&exchange->reply, "Retry-After", "%s", settings.limit_retry_after);
}

/* From a request that may be handled to an answer in exchange->reply; false: the connection is to
 * be closed without. */
static bool handle(const struct server_parts *parts, const struct vendor_run *run,
		   struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	struct reply *reply = &exchange->reply;
	bool after = exchange->fault.after;
	bool goes_on = after || carry_out(parts, run, exchange);
	errand_colleagues(parts, exchange->number, exchange->companions, exchange->companions_used,
			  false);
	if (!goes_on || reply->status)
		after = false;
	else if (request->too_large)
		shaped_error(run, reply, 413, "The body is too large.");
	else if (run) {
		changes_by(exchange->number);
		run->vendor->answer(run->self, request, &exchange->fault, reply);
		changes_by(0);
	} else {
		plain_error(reply, 404, "There is nothing at this path.");
	}
	errand_colleagues(parts, exchange->number, exchange->companions, exchange->companions_used,
			  true);
	return goes_on && (!after || carry_out(parts, run, exchange));
}

/* The same from a whole request. */
static bool answer_vendor(const struct server_parts *parts, const struct vendor_run *run,
			  struct exchange *exchange, bool refused)
{
	long latency = settings_get(parts->settings).latency_ms;
	if (latency && !gate_sleep(parts->gate, exchange->request.arrived / 1000 + latency))
		return false;
	if (refused)
		refuse_as_too_many(parts, run, exchange);
	return handle(parts, run, exchange);
}

/* The vendor whose path it is, NULL if it is none's; enters the request in the journal. */
static const struct vendor_run *find_vendor(const struct server_parts *parts,
					    struct exchange *exchange)
{
	const struct request *request = &exchange->request;
	const struct vendor_run *run = NULL;
	const char *route = NULL;
	for (unsigned i = 0; i < parts->vendors && !route; i++) {
		run = &parts->vendor[i];
		route = run->vendor->route(run->self, request);
	}
	if (!route)
		run = NULL;
	bool leak = false;
	for (unsigned i = 0; i < parts->vendors; i++)
		leak = leak || parts->vendor[i].vendor->leaks(parts->vendor[i].self, request);
	exchange->number = journal_begin(parts->journal, request, route ? route : "other", leak,
					 run && run->vendor->key
					     ? run->vendor->key(run->self, request)
					     : NULL);
	return run;
}

static bool serve_vendor(struct server *server, struct exchange *exchange)
{
	const struct server_parts *parts = &server->parts;
	const struct request *request = &exchange->request;
	const struct vendor_run *run = find_vendor(parts, exchange);
	struct settings_values settings = settings_get(parts->settings);
	bool unlimited = run && run->vendor->unlimited &&
			 run->vendor->unlimited(run->self, request);
	exchange->limited = !unlimited && !limiter_admit(parts->limiter, &settings);
	bool refused = exchange->limited;
	if (!refused && atomic_fetch_add(&server->admitted, 1) >= settings.max_parallel &&
	    settings.max_parallel) {
		atomic_fetch_sub(&server->admitted, 1);
		refused = true;
	}
	if (!refused) {
		exchange->ticket = gate_ticket(parts->gate);
		exchange->fault = faults_take(parts->faults, request);
	}
	exchange->companions_used = faults_take_companions(parts->faults, request,
							   exchange->companions);
	bool answered = answer_vendor(parts, run, exchange, refused);
	if (!refused)
		atomic_fetch_sub(&server->admitted, 1);
	journal_end(parts->journal, exchange->number, answered ? exchange->reply.status : 0,
		    exchange->fault.name);
	return answered;
}

struct cut {
	char *data;
	size_t len;
};

static ssize_t cut_read(void *self, uint64_t at, char *room, size_t most)
{
	const struct cut *cut = self;
	size_t left = at < cut->len ? cut->len - (size_t)at : 0;
	if (left == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (left > most)
		left = most;
	memcpy(room, cut->data + at, left);
	return (ssize_t)left;
}

static void cut_free(void *self)
{
	struct cut *cut = self;
	free(cut->data);
	free(cut);
}

/* Takes the body over. */
static struct MHD_Response *make_response(struct exchange *exchange)
{
	struct text body = exchange->reply.body;
	exchange->reply.body = (struct text){0};
	if (exchange->fault.kind != FAULT_TRUNCATE || body.len == 0) {
		if (body.data)
			return MHD_create_response_from_buffer(body.len, body.data,
							       MHD_RESPMEM_MUST_FREE);
		static char nothing[1];
		return MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
	}
	struct cut *cut = text_alloc(1, sizeof *cut);
	cut->data = body.data;
	cut->len = body.len / 2;
	bool chunked = exchange->fault.body && strcmp(exchange->fault.body, "chunked") == 0;
	return MHD_create_response_from_callback(chunked ? MHD_SIZE_UNKNOWN : body.len, 4096,
						 cut_read, cut, cut_free);
}

/* The library refuses a tab, which a broken vendor sends. */
static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	static const char stand_in = '\x1f';
	char sent[sizeof((struct reply *)0)->header[0].value];
	snprintf(sent, sizeof sent, "%s", value);
	char *tab = strchr(sent, '\t');
	if (tab)
		*tab = stand_in;
	MHD_add_response_header(response, name, sent);
	const char *held = tab ? MHD_get_response_header(response, name) : NULL;
	if (held && held[tab - sent] == stand_in)
		((char *)(uintptr_t)held)[tab - sent] = '\t';
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
	const struct reply *reply = &exchange->reply;
	unsigned status = reply->status ? reply->status : 500;
	struct MHD_Response *response = make_response(exchange);
	if (!response)
		return MHD_NO;
	if (reply->type)
		MHD_add_response_header(response, "Content-Type", reply->type);
	for (unsigned i = 0; i < reply->headers; i++)
		add_header(response, reply->header[i].name, reply->header[i].value);
	enum MHD_Result result = MHD_queue_response(exchange->request.connection, status, response);
	MHD_destroy_response(response);
	return result;
}

/* Counts a connection at its first vendor request: the tests' own connections are not of interest.
 */
static void count_connection(const struct server *server, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo
	    *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	bool *counted = info ? info->socket_context : NULL;
	if (counted && !*counted) {
		*counted = true;
		journal_connection(server->parts.journal);
	}
}

static void watch_connection(void *self, struct MHD_Connection *connection, void **context,
			     enum MHD_ConnectionNotificationCode code)
{
	(void)self;
	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = text_alloc(1, sizeof(bool));
	} else {
		free(*context);
		*context = NULL;
	}
}

static enum MHD_Result serve(void *self, struct MHD_Connection *connection, const char *url,
			     const char *method, const char *version, const char *upload,
			     size_t *upload_size, void **state)
{
	(void)url;
	(void)version;
	struct server *server = self;
	struct exchange *exchange = *state;
	struct request *request = &exchange->request;
	if (!exchange->started) {
		exchange->started = true;
		request->method = text_copy(method, strlen(method));
		request->arrived = gate_now_us();
		return MHD_YES;
	}
	if (*upload_size) {
		if (request->body.len + *upload_size > BODY_MOST)
			request->too_large = true;
		else if (!request->too_large)
			text_add(&request->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (control_owns(request)) {
		control_answer(&server->parts, request, &exchange->reply);
		return send_reply(exchange);
	}
	count_connection(server, connection);
	return serve_vendor(server, exchange) ? send_reply(exchange) : MHD_NO;
}

struct server *server_start(const struct server_parts *parts, unsigned port)
{
	struct server *server = text_alloc(1, sizeof *server);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->parts = *parts;
	server->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION |
					      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL,
					  (uint16_t)port, NULL, NULL, serve, server,
					  MHD_OPTION_SOCK_ADDR, &address,
					  MHD_OPTION_URI_LOG_CALLBACK, exchange_new, server,
					  MHD_OPTION_NOTIFY_COMPLETED, exchange_free, server,
					  MHD_OPTION_NOTIFY_CONNECTION, watch_connection, server,
					  MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,
					  MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024U, MHD_OPTION_END);
	if (server->daemon)
		return server;
	fprintf(stderr, "rosterfs-sandbox: can't listen on 127.0.0.1 port %u\n", port);
	free(server);
	return NULL;
}

unsigned server_port(const struct server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon,
							       MHD_DAEMON_INFO_BIND_PORT);
	return info ? info->port : 0;
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	gate_close(server->parts.gate);
	MHD_stop_daemon(server->daemon);
	later_stop(server->parts.later);
	free(server);
}
