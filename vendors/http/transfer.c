/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.c - the waiters' half of http.h: starting, waiting for, dropping a request under way.
 *
 * Here are the copies of what was asked and what came back, and the rules of who may free them: a
 * call may end, and its memory go, right after http_drop returns, so the thread tells
 * (http->waking) whose call it is using, and http_drop waits that instant out. Must not know
 * libcurl.
 *
 * Whatever may hold a secret (headers, keys, bodies) is wiped before it is freed.
 */
#include "vendors/http/transfer.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/http/account_queue.h"
#include "vendors/base/log.h"
#include "vendors/http/endpoint.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So long the answer to a change is waited for whose asker has gone; others wait behind it. */
#define ANSWER_MILLISECONDS 5000

#define BODY_FIRST ((size_t)16 << 10)
/* An announced length is believed up to this: then no body of a usual size is ever copied. */
#define BODY_BELIEVED ((int64_t)1 << 20)

static void wipe(char *secret, size_t length)
{
	if (secret)
		explicit_bzero(secret, length);
	free(secret);
}

static void wipe_text(char *secret)
{
	wipe(secret, secret ? strlen(secret) : 0);
}

/* ---- the copies ---- */

/* Add "NAME: VALUE". Returns 0, -ENOMEM, or -EINVAL for what would be more than one header. */
static int add_header(struct transfer *transfer, const char *name, const char *value)
{
	char *line = NULL;
	int error = 0;

	if (asprintf(&line, "%s: %s", name, value) < 0)
		return -ENOMEM;
	for (const char *c = line; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			error = -EINVAL;
	}
	transfer->headers[transfer->header_count++] = line;
	return error;
}

static int copy_headers(struct transfer *transfer, const struct http_request *request)
{
	int error = 0;

	if (request->header_count > HTTP_HEADERS_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < request->header_count && !error; i++)
		error = add_header(transfer, request->headers[i].name, request->headers[i].value);
	if (!error && request->body)
		error = add_header(transfer, "Content-Type",
				   request->content_type ? request->content_type
							 : "application/json");
	return error;
}

static int copy_request(struct transfer *transfer, const struct http_request *request)
{
	const char *base = transfer->queue->endpoint->base_url;

	transfer->method = strdup(request->method);
	transfer->path = strdup(request->path);
	if (!transfer->method || !transfer->path)
		return -ENOMEM;
	if (asprintf(&transfer->url, "%s%s", base, request->path) < 0) {
		transfer->url = NULL;
		return -ENOMEM;
	}
	if (request->user) {
		transfer->user = strdup(request->user);
		transfer->password = strdup(request->password ? request->password : "");
		if (!transfer->user || !transfer->password)
			return -ENOMEM;
	}
	if (request->body) {
		transfer->body = malloc(request->body_length + 1);
		if (!transfer->body)
			return -ENOMEM;
		memcpy(transfer->body, request->body, request->body_length);
		transfer->body_length = request->body_length;
	}
	transfer->repeatable = request->repeatable;
	transfer->identity = request->identity;
	return copy_headers(transfer, request);
}

/* Copy REQUEST. NULL: no memory. Takes a reference of the queue's http. */
static struct transfer *transfer_new(struct account_queue *queue,
				     const struct http_request *request)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	int error;

	if (!transfer)
		return NULL;
	pthread_mutex_lock(&queue->http->lock);
	queue->http->references++;
	pthread_mutex_unlock(&queue->http->lock);
	transfer->http = queue->http;
	transfer->queue = queue;
	transfer->queued = clock_milliseconds();
	error = copy_request(transfer, request);
	if (error == -ENOMEM) {
		transfer_free(transfer);
		return NULL;
	}
	if (error)
		transfer_fail(transfer, EINVAL, "a header of the request is malformed");
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
		wipe_text(transfer->headers[i]);
	wipe_text(transfer->user);
	wipe_text(transfer->password);
	wipe(transfer->body, transfer->body_length);
	free(transfer->method);
	free(transfer->path);
	free(transfer->url);
	http_put(transfer->http);
	free(transfer);
}

/* ---- the reply ---- */

void http_reply_clear(struct http_reply *reply)
{
	wipe(reply->body, reply->length);
	free(reply->etag);
	memset(reply, 0, sizeof(*reply));
}

void transfer_reset(struct transfer *transfer)
{
	http_reply_clear(&transfer->reply);
	transfer->capacity = 0;
	transfer->refused = 0;
	transfer->passes = 0;
	transfer->told = 0;
	transfer->transient = transfer->unreached = false;
	transfer->curl_words[0] = '\0';
}

void transfer_fail(struct transfer *transfer, int error, const char *format, ...)
{
	struct http_reply *reply = &transfer->reply;
	bool sent = reply->sent;
	char words[sizeof(reply->words)];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	for (char *c = words; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	}
	http_reply_clear(reply);
	transfer->capacity = 0;
	reply->error = error;
	reply->sent = sent;
	memcpy(reply->words, words, sizeof(words));
}

void transfer_stale(struct transfer *transfer)
{
	transfer->reply.sent = false;
	transfer_fail(transfer, EBUSY, "not sent: the record was read too long before");
	transfer->reply.stale = true;
}

int transfer_take(struct transfer *transfer, const char *data, size_t length, int64_t announced)
{
	struct http_reply *reply = &transfer->reply;
	size_t capacity = transfer->capacity;
	char *body;

	if (!capacity)
		capacity = announced > 0 && announced <= BODY_BELIEVED ? (size_t)announced + 1
								       : BODY_FIRST;
	if (length > HTTP_BODY_MAX || reply->length + length > HTTP_BODY_MAX)
		return -EREMOTEIO;
	while (capacity < reply->length + length + 1)
		capacity *= 2;
	if (capacity != transfer->capacity) {
		/* not realloc: it would leave the old copy, which may hold a token, unwiped */
		body = malloc(capacity);
		if (!body)
			return -ENOMEM;
		if (reply->length)
			memcpy(body, reply->body, reply->length);
		wipe(reply->body, reply->length);
		reply->body = body;
		transfer->capacity = capacity;
	}
	memcpy(reply->body + reply->length, data, length);
	reply->length += length;
	reply->body[reply->length] = '\0';
	return 0;
}

static bool holds(const char *words, const char *secret)
{
	return secret && secret[0] && strstr(words, secret);
}

bool transfer_tells(const struct transfer *transfer, const char *words)
{
	bool told = holds(words, transfer->user) || holds(words, transfer->password);

	for (unsigned i = 0; i < transfer->header_count; i++)
		told = told || holds(words, strchr(transfer->headers[i], ':') + 2);
	return told;
}

void transfer_log(const struct transfer *transfer)
{
	const struct http_reply *reply = &transfer->reply;
	int64_t begun = transfer->tries ? transfer->first : transfer->queued;
	bool words = reply->error || (reply->words[0] && !reply->sent);
	char status[16];

	snprintf(status, sizeof(status), "%d", reply->status);
	log_line("%s %s %s -> %s in %lld ms (%u %s)", transfer->queue->endpoint->name,
		 transfer->method, transfer->path, words ? reply->words : status,
		 (long long)(clock_milliseconds() - begun), transfer->tries,
		 transfer->tries == 1 ? "try" : "tries");
}

/* ---- the waiters' half of http.h ---- */

struct transfer *http_start(struct call *call, struct endpoint *endpoint,
			    const struct http_request *request)
{
	struct account_queue *queue = endpoint->queue;
	struct transfer *transfer = transfer_new(queue, request);
	struct http *http;

	if (!transfer)
		return NULL;
	http = queue->http;
	transfer->call = call;
	pthread_mutex_lock(&http->lock);
	if (http->stopping && !transfer->reply.error)
		transfer_fail(transfer, EINTR, "interrupted");
	if (transfer->reply.error) {
		transfer->state = TRANSFER_ENDED;
		transfer->ended = true;
	} else {
		account_queue_add_locked(queue, transfer, basis_rest_locked(transfer, request));
	}
	pthread_mutex_unlock(&http->lock);
	if (!transfer->ended)
		http_poke(http);
	return transfer;
}

/* Wait until TRANSFER, which is flying, has ended: soon, but for a change that was sent. */
static void abort_locked(struct http *http, struct transfer *transfer)
{
	struct timespec until = call_deadline(ANSWER_MILLISECONDS);

	transfer->abort = true;
	http->aborts = true;
	http_poke(http);
	while (transfer->state != TRANSFER_ENDED && !transfer->cut) {
		if (pthread_cond_timedwait(&http->settled, &http->lock, &until) == ETIMEDOUT)
			transfer->cut = true;
	}
	if (transfer->state == TRANSFER_ENDED)
		return;
	http->aborts = true;
	http_poke(http);
	while (transfer->state != TRANSFER_ENDED)
		pthread_cond_wait(&http->settled, &http->lock);
}

/*
 * End TRANSFER; it stays its waiter's. The thread waits for nothing, so this takes no time, but for
 * a change that was sent: that is given a while for its answer.
 */
static void stop(struct transfer *transfer)
{
	struct http *http = transfer->http;
	bool queued = false;

	pthread_mutex_lock(&http->lock);
	if (transfer->state == TRANSFER_FLYING) {
		abort_locked(http, transfer);
	} else if (transfer->state != TRANSFER_ENDED) {
		queued = true;
		account_queue_remove_locked(transfer->queue, transfer);
		transfer->state = TRANSFER_ENDED;
		/* what brought it back into the queue is known not to have been applied */
		if (!transfer->repeatable)
			transfer->reply.sent = false;
		transfer_fail(transfer, EINTR, "interrupted");
		account_queue_ended_locked(transfer->queue, transfer);
	}
	pthread_mutex_unlock(&http->lock);
	if (queued)
		transfer_log(transfer);
}

static bool has_ended(void *arg)
{
	const struct transfer *transfer = arg;

	return transfer->ended;
}

/* Nothing was sent: ERROR. */
static int fail_unsent(struct http_reply *reply, int error, const char *words)
{
	reply->error = error;
	snprintf(reply->words, sizeof(reply->words), "%s", words);
	return -error;
}

/* Wait for TRANSFER's end: its own, or the one that follows when CALL is cancelled. */
static void await(struct call *call, struct transfer *transfer)
{
	if (call_wait(call, has_ended, transfer) == 0)
		return;
	stop(transfer);
	/* what counts is how it ended, not that nobody waited */
	if (transfer->reply.error != EINTR) {
		call_clear(call);
	}
}

int http_perform(struct call *call, struct endpoint *endpoint, const struct http_request *request,
		 struct http_reply *reply)
{
	struct transfer *transfer;

	memset(reply, 0, sizeof(*reply));
	snprintf(call->request, sizeof(call->request), "%s %s", request->method, request->path);
	call->status = 0;
	/* once it is in the queue it may be sent before anybody looks */
	if (call_cancelled(call)) {
		call_interrupted(call);
		return fail_unsent(reply, EINTR, "interrupted");
	}
	transfer = http_start(call, endpoint, request);
	if (!transfer)
		return fail_unsent(reply, ENOMEM, "no memory for the request");
	await(call, transfer);
	*reply = transfer->reply;
	memset(&transfer->reply, 0, sizeof(transfer->reply));
	call->status = reply->status;
	call->unasked = reply->status == 429 && !reply->sent;
	/* 504: what stands before the vendor did not wait for it */
	if (!request->repeatable && reply->sent && (reply->error || reply->status == 504))
		call->unanswered = true;
	http_drop(transfer, true);
	return -reply->error;
}

struct any {
	struct transfer *const *transfers;
	size_t count;
	size_t found;
};

static bool any_ended(void *arg)
{
	struct any *any = arg;

	for (any->found = 0; any->found < any->count; any->found++) {
		const struct transfer *transfer = any->transfers[any->found];

		if (transfer && transfer->ended)
			return true;
	}
	return false;
}

int http_wait_any(struct call *call, struct transfer *const *transfers, size_t count)
{
	struct any any = {.transfers = transfers, .count = count};
	int error = call_wait(call, any_ended, &any);

	return error ? error : (int)any.found;
}

int http_wait_until(struct call *call, struct transfer *const *transfers, size_t count,
		    const struct timespec *until)
{
	struct any any = {.transfers = transfers, .count = count};
	bool found, late = !until;

	pthread_mutex_lock(&call->lock);
	while (!(found = any_ended(&any)) && !late && !call->cancelled)
		late = pthread_cond_timedwait(&call->wake, &call->lock, until) == ETIMEDOUT;
	pthread_mutex_unlock(&call->lock);
	return found ? (int)any.found : -EAGAIN;
}

struct http_reply *http_reply(struct transfer *transfer)
{
	return &transfer->reply;
}

void http_drop(struct transfer *transfer, bool abort)
{
	struct http *http;
	bool flying, queued;

	if (!transfer)
		return;
	http = transfer->http;
	pthread_mutex_lock(&http->lock);
	while (http->waking == transfer)
		pthread_cond_wait(&http->settled, &http->lock);
	flying = transfer->state == TRANSFER_FLYING;
	queued = !flying && transfer->state != TRANSFER_ENDED;
	if (flying) {
		basis_leave_locked(transfer);
		transfer->call = NULL;
		transfer->dropped = true;
		if (abort) {
			transfer->abort = true;
			http->aborts = true;
			http_poke(http);
		}
	} else if (queued) {
		account_queue_remove_locked(transfer->queue, transfer);
		account_queue_ended_locked(transfer->queue, transfer);
	}
	pthread_mutex_unlock(&http->lock);
	if (queued && transfer->tries)
		transfer_log(transfer);
	if (!flying)
		transfer_free(transfer);
}
