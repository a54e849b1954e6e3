/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - see http.h: what the threads that want something call.
 *
 * A call may end, and its memory go, right after http_drop returns. Therefore the thread of
 * http_loop.c notes whose call it is using (http->waking), and http_drop waits until that is over.
 * It must not know libcurl.
 *
 * struct http is counted: a waiter may still hold an ended transfer after http_free.
 */
#include "vendors/http/http.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/account_queue_learn.h"
#include "vendors/http/basis.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/http_loop.h"
#include "vendors/http/http_state.h"
#include "vendors/http/multi.h"
#include "vendors/http/permit.h"
#include "vendors/http/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The response to a sent change is waited for this long after its caller has gone; other requests
 * wait behind it. */
#define ANSWER_MILLISECONDS 5000

/* ---- start and end ---- */

/* Release a reference of HTTP; the last one frees it. */
static void http_put(struct http *http)
{
	struct account_queue *queue;
	bool last;

	pthread_mutex_lock(&http->lock);
	last = --http->references == 0;
	pthread_mutex_unlock(&http->lock);
	if (!last)
		return;
	while ((queue = http->queues)) {
		http->queues = queue->next;
		account_queue_free(queue);
	}
	multi_free(http->multi);
	pthread_cond_destroy(&http->settled);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

struct http *http_new(void)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return NULL;
	http->multi = multi_new();
	if (!http->multi) {
		free(http);
		return NULL;
	}
	pthread_mutex_init(&http->lock, NULL);
	clock_cond_init(&http->settled);
	TAILQ_INIT(&http->flying);
	http->references = 1;
	if (http_loop_start(http)) {
		http_put(http);
		return NULL;
	}
	return http;
}

void http_stop(struct http *http)
{
	bool stopped;

	if (!http)
		return;
	pthread_mutex_lock(&http->lock);
	stopped = http->stopping;
	http->stopping = true;
	pthread_mutex_unlock(&http->lock);
	if (stopped)
		return;
	http_loop_join(http);
}

void http_free(struct http *http)
{
	if (!http)
		return;
	http_stop(http);
	http_put(http);
}

int http_add(struct http *http, struct endpoint *endpoint)
{
	struct account_queue *queue = account_queue_new(http, endpoint);

	if (!queue)
		return -ENOMEM;
	pthread_mutex_lock(&http->lock);
	queue->next = http->queues;
	http->queues = queue;
	http->connections += queue->allowed;
	pthread_mutex_unlock(&http->lock);
	endpoint->queue = queue;
	return 0;
}

/* ---- endpoints ---- */

void http_progress(struct endpoint *endpoint)
{
	struct account_queue *queue = endpoint->queue;

	pthread_mutex_lock(&queue->http->lock);
	queue->progress = clock_milliseconds();
	pthread_mutex_unlock(&queue->http->lock);
}

unsigned http_allowed(const struct endpoint *endpoint)
{
	struct account_queue *queue = endpoint->queue;
	unsigned allowed;

	pthread_mutex_lock(&queue->http->lock);
	allowed = queue->allowed;
	pthread_mutex_unlock(&queue->http->lock);
	return allowed;
}

void http_stats(const struct endpoint *endpoint, struct http_stats *stats)
{
	struct account_queue *queue = endpoint->queue;

	memset(stats, 0, sizeof(*stats));
	if (!queue)
		return;
	pthread_mutex_lock(&queue->http->lock);
	*stats = queue->stats;
	pthread_mutex_unlock(&queue->http->lock);
}

void http_hold(const struct endpoint *endpoint, char *words, size_t size)
{
	struct account_queue *queue = endpoint->queue;
	int64_t now = clock_milliseconds();
	char met[32];

	words[0] = '\0';
	if (!queue)
		return;
	pthread_mutex_lock(&queue->http->lock);
	if (queue->hold.until > now) {
		hold_words(&queue->hold, now, words, size);
	} else if (queue->hold.down) {
		hold_clock(queue->hold.met, met, sizeof(met));
		snprintf(words, size, "%s (at %s)", queue->hold.words, met);
	}
	pthread_mutex_unlock(&queue->http->lock);
}

void http_lift(struct endpoint *endpoint)
{
	struct account_queue *queue = endpoint->queue;

	if (!queue)
		return;
	pthread_mutex_lock(&queue->http->lock);
	hold_lift(&queue->hold, clock_milliseconds());
	queue->calm = 0;
	if (endpoint->permit)
		endpoint->permit->told(endpoint->permit, 0);
	pthread_mutex_unlock(&queue->http->lock);
	multi_poke(queue->http->multi);
}

/* ---- requests ---- */

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
	http->references++;
	if (http->stopping && !transfer->reply.verdict)
		transfer_fail(transfer, CALL_CANCELLED, "interrupted");
	if (transfer->reply.verdict) {
		transfer->state = TRANSFER_ENDED;
		transfer->ended = true;
	} else {
		account_queue_add_locked(queue, transfer, basis_rest_locked(transfer, request));
	}
	pthread_mutex_unlock(&http->lock);
	if (!transfer->ended)
		multi_poke(http->multi);
	return transfer;
}

/* Wait until TRANSFER, which is FLYING, has ended: at once, except for a change that was sent. */
static void abort_locked(struct http *http, struct transfer *transfer)
{
	struct timespec until = call_deadline(ANSWER_MILLISECONDS);

	transfer->abort = true;
	http->aborts = true;
	multi_poke(http->multi);
	while (transfer->state != TRANSFER_ENDED && !transfer->cut) {
		if (pthread_cond_timedwait(&http->settled, &http->lock, &until) == ETIMEDOUT)
			transfer->cut = true;
	}
	if (transfer->state == TRANSFER_ENDED)
		return;
	http->aborts = true;
	multi_poke(http->multi);
	while (transfer->state != TRANSFER_ENDED)
		pthread_cond_wait(&http->settled, &http->lock);
}

/*
 * End TRANSFER, which stays its waiter's. This takes no time, because the thread waits for nothing,
 * except for a change that was sent: it gets ANSWER_MILLISECONDS for its response.
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
		/* only a change that was certainly not applied comes back into the queue */
		if (!transfer->repeatable)
			transfer->reply.sent = false;
		transfer_fail(transfer, CALL_CANCELLED, "interrupted");
		account_queue_learn_ended_locked(transfer->queue, transfer);
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

/* Fill in REPLY of a request that was not sent. Returns the negative errno of VERDICT. */
static int fail_unsent(struct http_reply *reply, enum call_verdict verdict, const char *words)
{
	reply->verdict = verdict;
	snprintf(reply->words, sizeof(reply->words), "%s", words);
	return -call_errno(verdict);
}

/* Wait until TRANSFER has ended, and end it if CALL is cancelled. */
static void await(struct call *call, struct transfer *transfer)
{
	if (call_wait(call, has_ended, transfer) == 0)
		return;
	stop(transfer);
	/* a response counts more than the cancel */
	if (transfer->reply.verdict != CALL_CANCELLED)
		call_clear(call);
}

int http_perform(struct call *call, struct endpoint *endpoint, const struct http_request *request,
		 struct http_reply *reply)
{
	struct transfer *transfer;

	memset(reply, 0, sizeof(*reply));
	snprintf(call->request, sizeof(call->request), "%s %s", request->method,
		 request->shown ? request->shown : request->path);
	call->status = 0;
	/* once in the queue, it may be sent at any time */
	if (call_cancelled(call)) {
		call_interrupted(call);
		return fail_unsent(reply, CALL_CANCELLED, "interrupted");
	}
	transfer = http_start(call, endpoint, request);
	if (!transfer)
		return fail_unsent(reply, CALL_NO_MEMORY, "out of memory for the request");
	await(call, transfer);
	*reply = transfer->reply;
	memset(&transfer->reply, 0, sizeof(transfer->reply));
	call->status = reply->status;
	call->unasked = reply->status == 429 && !reply->sent;
	/* 504: a gateway did not wait for the vendor */
	if (!request->repeatable && reply->sent && (reply->verdict || reply->status == 504))
		call->unanswered = true;
	http_drop(transfer, true);
	return -call_errno(reply->verdict);
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
			multi_poke(http->multi);
		}
	} else if (queued) {
		account_queue_remove_locked(transfer->queue, transfer);
		account_queue_learn_ended_locked(transfer->queue, transfer);
	}
	pthread_mutex_unlock(&http->lock);
	if (queued && transfer->tries)
		transfer_log(transfer);
	if (flying)
		return;
	transfer_free(transfer);
	http_put(http);
}
