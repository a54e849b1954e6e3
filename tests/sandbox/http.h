/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: a request that came in whole, and an answer that is yet to be sent.
 *
 * These two are all that a vendor sees of the network: vendors never include a web server's header.
 * Both belong to the thread that serves the connection.
 */
#ifndef SANDBOX_HTTP_H
#define SANDBOX_HTTP_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct MHD_Connection;
struct kept_value;

struct request {
	struct MHD_Connection
	    *connection;         /* for server.c and request.c alone; NULL if it was kept */
	struct kept_value *kept; /* for request.c alone */
	char *method;
	char *path;       /* percent-decoded, without the query */
	char *sent_path;  /* the path as it was sent, for ids that hold a slash */
	char *query;      /* as it was sent; "" without one */
	struct text body; /* data may be NULL */
	int64_t arrived;  /* gate_now_us() of its first byte */
	bool too_large;   /* the body was longer than any vendor takes; it was dropped */
};

/* The first header of that name in any case, or NULL; lives as long as the request. */
const char *request_header(const struct request *request, const char *name);
/* Takes the %XX out of a string, in place; a %00 stays. */
void request_decode(char *words);
/* The decoded value of a query parameter; NULL if it is not there, "" if it has no value. */
const char *request_arg(const struct request *request, const char *name);

/* A copy that outlives the connection, with all headers; end it with request_clear and free. */
struct request *request_keep(const struct request *request);
/* Frees what it holds. */
void request_clear(struct request *request);

#define REPLY_HEADERS 12

struct reply {
	unsigned status;
	struct text body;
	const char *type; /* a literal; NULL sends no Content-Type */
	unsigned headers;
	struct {
		const char *name; /* a literal */
		char value[1024];
	} header[REPLY_HEADERS];
};

/* Each sets status, type and body anew and leaves the headers. reply_json takes the value over. */
void reply_json(struct reply *reply, unsigned status, json_t *value);
void reply_raw(struct reply *reply, unsigned status, const char *type, const char *body);
void reply_header(struct reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void reply_free(struct reply *reply);

#endif
