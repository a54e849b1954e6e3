/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.c - see transfer.h.
 *
 * The copies of a request and of its response. Everything that may hold a secret (headers, keys,
 * bodies) is wiped before it is freed. It must not know libcurl or queues.
 */
#include "vendors/http/transfer.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/one_line.h"
#include "vendors/base/vault.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/basis.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/http_state.h"
#include "vendors/http/http_url.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_FIRST ((size_t)16 << 10)
/* Up to this, memory for the announced length is allocated at once, so that a body of usual size is
 * never copied. */
#define BODY_BELIEVED ((int64_t)1 << 20)

/* ---- the request ---- */

/* Add "NAME: VALUE". Returns 0, -ENOMEM, or -EINVAL if that would be more than one header. */
static int add_header(struct transfer *transfer, const char *name, const char *value)
{
	char *line = vault_join(name, ": ", value);
	int error = 0;

	if (!line)
		return -ENOMEM;
	for (const char *c = line; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			error = -EINVAL;
	}
	transfer->headers[transfer->header_count++] = line;
	return error;
}

/* Add what HTTP Basic makes of USER and PASSWORD. libcurl would keep both as long as the connection
 * lives. As add_header. */
static int add_basic(struct transfer *transfer, const char *user, const char *password)
{
	static const char
	    digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *pair = vault_join(user, ":", password ? password : "");
	size_t length = pair ? strlen(pair) : 0;
	char *text = pair ? vault_alloc((length + 2) / 3 * 4 + sizeof("Basic ")) : NULL;
	char *end = text ? stpcpy(text, "Basic ") : NULL;
	int error = -ENOMEM;

	for (size_t at = 0; text && at < length; at += 3) {
		size_t left = length - at;
		unsigned bits = (unsigned)(unsigned char)pair[at] << 16;

		bits |= left > 1 ? (unsigned)(unsigned char)pair[at + 1] << 8 : 0;
		bits |= left > 2 ? (unsigned char)pair[at + 2] : 0;
		*end++ = digits[bits >> 18];
		*end++ = digits[bits >> 12 & 63];
		*end++ = (char)(left > 1 ? digits[bits >> 6 & 63] : '=');
		*end++ = (char)(left > 2 ? digits[bits & 63] : '=');
	}
	if (text)
		error = add_header(transfer, "Authorization", text);
	vault_free(pair);
	vault_free(text);
	return error;
}

static int copy_headers(struct transfer *transfer, const struct http_request *request)
{
	int error = 0;

	if (request->header_count > HTTP_HEADERS_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < request->header_count && !error; i++)
		error = add_header(transfer, request->headers[i].name, request->headers[i].value);
	if (!error && request->user)
		error = add_basic(transfer, request->user, request->password);
	if (!error && request->body)
		error = add_header(transfer, "Content-Type",
				   request->content_type ? request->content_type
							 : "application/json");
	return error;
}

bool transfer_add_query(struct transfer *transfer)
{
	char *url;

	if (!transfer->query)
		return true;
	url = vault_join(transfer->url, strchr(transfer->url, '?') ? "&" : "?", transfer->query);
	if (!url)
		return false;
	vault_free(transfer->url);
	transfer->url = url;
	return true;
}

static int copy_request(struct transfer *transfer, const struct http_request *request)
{
	const char *base = transfer->queue->endpoint->base_url;
	size_t length = request->from_origin ? http_url_origin(base) : strlen(base);
	char *prefix;

	transfer->method = strdup(request->method);
	transfer->path = strdup(request->shown ? request->shown : request->path);
	transfer->query = vault_copy(request->query);
	if (!transfer->method || !transfer->path || (request->query && !transfer->query))
		return -ENOMEM;
	prefix = vault_copy_bytes(base, length);
	transfer->url = prefix ? vault_join(prefix, request->path) : NULL;
	vault_free(prefix);
	if (!transfer->url || !transfer_add_query(transfer))
		return -ENOMEM;
	if (request->body) {
		transfer->body = vault_copy_bytes(request->body, request->body_length);
		if (!transfer->body)
			return -ENOMEM;
		transfer->body_length = request->body_length;
	}
	transfer->repeatable = request->repeatable;
	transfer->identity = request->identity;
	transfer->epoch = request->epoch;
	transfer->made = request->made;
	return copy_headers(transfer, request);
}

struct transfer *transfer_new(struct account_queue *queue, const struct http_request *request)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	int error;

	if (!transfer)
		return NULL;
	transfer->http = queue->http;
	transfer->queue = queue;
	transfer->queued = clock_milliseconds();
	error = copy_request(transfer, request);
	if (error == -ENOMEM) {
		transfer_free(transfer);
		return NULL;
	}
	if (error)
		transfer_fail(transfer, CALL_INVALID, "a header of the request is malformed");
	return transfer;
}

struct transfer *transfer_probe(struct account_queue *queue)
{
	struct http_request request = {.method = "CONNECT", .path = "", .repeatable = true};
	struct transfer *transfer = transfer_new(queue, &request);

	if (!transfer)
		return NULL;
	transfer->probe = transfer->dropped = true;
	transfer->limit = transfer->reach = HOLD_REACH_LATE;
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	http_reply_clear(&transfer->reply);
	for (unsigned i = 0; i < transfer->header_count; i++)
		vault_free(transfer->headers[i]);
	vault_free(transfer->body);
	free(transfer->method);
	free(transfer->path);
	vault_free(transfer->url);
	vault_free(transfer->query);
	free(transfer);
}

/* ---- the reply ---- */

void transfer_reset(struct transfer *transfer)
{
	http_reply_clear(&transfer->reply);
	transfer->capacity = 0;
	transfer->refused = CALL_OK;
	transfer->passes = 0;
	transfer->told = 0;
	transfer->transient = transfer->unreached = transfer->moved = transfer->spoiled = false;
	transfer->outdated = false;
	transfer->curl_words[0] = '\0';
}

void transfer_fail(struct transfer *transfer, enum call_verdict verdict, const char *format, ...)
{
	struct http_reply *reply = &transfer->reply;
	bool sent = reply->sent;
	char words[sizeof(reply->words)];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	one_line(words, ' ');
	http_reply_clear(reply);
	transfer->capacity = 0;
	reply->verdict = verdict;
	reply->sent = sent;
	memcpy(reply->words, words, sizeof(words));
}

void transfer_stale(struct transfer *transfer)
{
	transfer->reply.sent = false;
	transfer_fail(transfer, CALL_LATE, "not sent: the record was read too long ago");
	transfer->reply.stale = true;
}

bool transfer_is_outdated(const struct transfer *transfer)
{
	return transfer->epoch && atomic_load(transfer->epoch) != transfer->made;
}

void transfer_outdate(struct transfer *transfer)
{
	transfer->reply.sent = false;
	transfer_fail(transfer, CALL_CANCELLED, "not sent: the keys were replaced meanwhile");
	transfer->reply.outdated = true;
}

enum call_verdict transfer_take(struct transfer *transfer, const char *data, size_t length,
				int64_t announced)
{
	struct http_reply *reply = &transfer->reply;
	size_t capacity = transfer->capacity;
	char *body;

	if (!capacity)
		capacity = announced > 0 && announced <= BODY_BELIEVED ? (size_t)announced + 1
								       : BODY_FIRST;
	if (length > HTTP_BODY_MAX || reply->length + length > HTTP_BODY_MAX)
		return CALL_LOST;
	while (capacity < reply->length + length + 1)
		capacity *= 2;
	if (capacity != transfer->capacity) {
		/* not realloc: it would not wipe the old copy, which may hold a token */
		body = malloc(capacity);
		if (!body)
			return CALL_NO_MEMORY;
		if (reply->length)
			memcpy(body, reply->body, reply->length);
		if (reply->body)
			explicit_bzero(reply->body, reply->length);
		free(reply->body);
		reply->body = body;
		transfer->capacity = capacity;
	}
	memcpy(reply->body + reply->length, data, length);
	reply->length += length;
	reply->body[reply->length] = '\0';
	return CALL_OK;
}

static bool holds(const char *words, const char *secret)
{
	return secret && secret[0] && strstr(words, secret);
}

bool transfer_tells(const struct transfer *transfer, const char *words)
{
	bool told = holds(words, transfer->query);

	for (unsigned i = 0; i < transfer->header_count; i++)
		told = told || holds(words, strchr(transfer->headers[i], ':') + 2);
	return told;
}

void transfer_log(const struct transfer *transfer)
{
	const struct http_reply *reply = &transfer->reply;
	int64_t begun = transfer->tries ? transfer->first : transfer->queued;
	bool words = reply->verdict || (reply->words[0] && !reply->sent);
	char status[32];

	if (reply->came)
		snprintf(status, sizeof(status), "%d as 429", reply->came);
	else
		snprintf(status, sizeof(status), "%d", reply->status);
	log_line("%s %s %s -> %s in %lld ms (%u %s)", transfer->queue->endpoint->name,
		 transfer->method, transfer->path, words ? reply->words : status,
		 (long long)(clock_milliseconds() - begun), transfer->tries,
		 transfer->tries == 1 ? "try" : "tries");
}

bool transfer_is_patient(const struct transfer *transfer)
{
	const struct call *call = transfer->call;

	return call &&
	       (atomic_load(&call->reached) || (call->basis && atomic_load(&call->basis->reached)));
}
