/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_loop.c - the thread that drives all requests, the beginning and end of http.h, and what it
 * tells of an account.
 *
 * It sleeps until a socket, a timer of a queue or http_poke wakes it; with nothing under way it
 * sleeps for good. Each turn it ends what is to be aborted, launches what the queues let go, and
 * hands each try that is over to its queue (again?) or to its waiter. It must never wait for
 * anything else, since every vendor waits with it; it knows neither curl nor what a vendor is.
 *
 * struct http is counted: a waiter may still hold an ended transfer after http_free.
 */
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/transfer.h"
#include "vendors/http/endpoint.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the thread ---- */

/* TRANSFER, out of curl, has ended for good: log it and wake who waits, or free it. */
static void finish(struct http *http, struct transfer *transfer)
{
	struct call *call;
	bool dropped;

	if (!transfer->probe)
		transfer_log(transfer);
	pthread_mutex_lock(&http->lock);
	if (transfer->probe) {
		account_queue_probed_locked(transfer->queue, transfer, clock_milliseconds());
	} else {
		account_queue_landed_locked(transfer->queue, transfer, clock_milliseconds());
		account_queue_ended_locked(transfer->queue, transfer);
	}
	TAILQ_REMOVE(&http->flying, transfer, link);
	transfer->state = TRANSFER_ENDED;
	transfer->ended = true;
	call = transfer->call;
	dropped = transfer->dropped;
	http->waking = call ? transfer : NULL;
	pthread_mutex_unlock(&http->lock);
	if (call) {
		/* from here on the transfer is its waiter's, who may free it at the broadcast */
		call_wake(call);
		pthread_mutex_lock(&http->lock);
		http->waking = NULL;
		pthread_cond_broadcast(&http->settled);
		pthread_mutex_unlock(&http->lock);
	}
	if (dropped)
		transfer_free(transfer);
}

/* A try is over: again, or finish? */
static void land(struct http *http, struct transfer *transfer)
{
	struct account_queue *queue = transfer->queue;
	int64_t now = clock_milliseconds();
	bool again;

	pthread_mutex_lock(&http->lock);
	account_queue_landed_locked(queue, transfer, now);
	again = !transfer->probe && !transfer->dropped && !transfer->abort && !http->stopping &&
		account_queue_again_locked(queue, transfer, now);
	if (again) {
		TAILQ_REMOVE(&http->flying, transfer, link);
		account_queue_requeue_locked(queue, transfer);
	}
	pthread_mutex_unlock(&http->lock);
	if (!again)
		finish(http, transfer);
}

/* A change that the vendor may be making is given a while: only its answer tells. */
static bool is_to_end(const struct transfer *transfer)
{
	return transfer->cut ||
	       (transfer->abort && (transfer->repeatable || !transfer->reply.sent));
}

/* When stopping, all there is is to be aborted. */
static struct transfer *next_abort_locked(struct http *http)
{
	struct transfer *transfer;

	for (struct account_queue *queue = http->stopping ? http->queues : NULL; queue;
	     queue = queue->next) {
		account_queue_forgo_all_locked(queue);
		while ((transfer = account_queue_drain_locked(queue)))
			TAILQ_INSERT_TAIL(&http->flying, transfer, link);
	}
	if (!http->stopping && !http->aborts)
		return NULL;
	TAILQ_FOREACH(transfer, &http->flying, link) {
		if (http->stopping || is_to_end(transfer))
			return transfer;
	}
	http->aborts = false;
	return NULL;
}

/* End what is to be aborted. Returns false when the thread is to end. */
static bool reap(struct http *http)
{
	struct transfer *transfer;
	bool stopping;

	for (;;) {
		pthread_mutex_lock(&http->lock);
		transfer = next_abort_locked(http);
		stopping = http->stopping;
		pthread_mutex_unlock(&http->lock);
		if (!transfer)
			return !stopping;
		http_recall(http, transfer);
		transfer_fail(transfer, EINTR, "interrupted");
		finish(http, transfer);
	}
}

/* What the queues let go, now FLYING; NULL: none, and in *SLEEP how long that may stay so. */
static struct transfer *next_launch_locked(struct http *http, bool *over, int64_t *sleep)
{
	int64_t now = clock_milliseconds();
	int64_t due = TRANSFER_NEVER;

	for (struct account_queue *queue = http->queues; queue; queue = queue->next) {
		struct transfer *transfer = account_queue_take_locked(queue, now, over);
		int64_t next = account_queue_due_locked(queue, now);
		int64_t look = hold_due(&queue->hold);

		if (transfer) {
			TAILQ_INSERT_TAIL(&http->flying, transfer, link);
			return transfer;
		}
		if (next < due)
			due = next;
		if (look < due)
			due = look;
	}
	*sleep = due > now ? due - now : 0;
	return NULL;
}

/* The next queue for which a connection is to be tried; NULL: none. */
static struct account_queue *next_probe_locked(struct http *http, int64_t now)
{
	for (struct account_queue *queue = http->queues; queue; queue = queue->next) {
		if (hold_wants_probe(&queue->hold, now))
			return queue;
	}
	return NULL;
}

/* Try the connections that are to be tried. */
static void probe(struct http *http)
{
	int64_t now = clock_milliseconds();
	struct transfer *transfer;
	struct account_queue *queue;

	for (;;) {
		pthread_mutex_lock(&http->lock);
		queue = next_probe_locked(http, now);
		pthread_mutex_unlock(&http->lock);
		if (!queue)
			return;
		transfer = transfer_probe(queue);
		pthread_mutex_lock(&http->lock);
		if (transfer) {
			transfer->state = TRANSFER_FLYING;
			TAILQ_INSERT_TAIL(&http->flying, transfer, link);
		} else {
			hold_probed(&queue->hold, now);
		}
		pthread_mutex_unlock(&http->lock);
		if (transfer && !http_launch(http, transfer)) {
			http_recall(http, transfer);
			finish(http, transfer);
		}
	}
}

/* Launch all that may go; returns how long to sleep. */
static int64_t launch(struct http *http)
{
	struct transfer *transfer;
	int64_t sleep = 0;
	bool over = false;

	for (;;) {
		pthread_mutex_lock(&http->lock);
		transfer = next_launch_locked(http, &over, &sleep);
		pthread_mutex_unlock(&http->lock);
		if (!transfer)
			return sleep;
		if (!over && http_launch(http, transfer))
			continue;
		http_recall(http, transfer);
		finish(http, transfer);
	}
}

/* Accounts may be added while the thread runs, but only the thread may tell curl. */
static unsigned keep_connections(struct http *http, unsigned before)
{
	unsigned connections;

	pthread_mutex_lock(&http->lock);
	connections = http->connections;
	pthread_mutex_unlock(&http->lock);
	if (connections != before)
		http_keep(http, connections);
	return connections;
}

static void *run(void *arg)
{
	struct http *http = arg;
	struct transfer *transfer;
	unsigned connections = 0;

	while (reap(http)) {
		connections = keep_connections(http, connections);
		probe(http);
		http_sleep(http, launch(http));
		while ((transfer = http_landed(http)))
			land(http, transfer);
	}
	return NULL;
}

/* ---- the beginning and the end ---- */

void http_put(struct http *http)
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
	http_close(http);
	pthread_cond_destroy(&http->settled);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

/* A thread that signals pass by: they are for the one that waits for them. */
static int start_thread(struct http *http)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&http->thread, NULL, run, http);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!error)
		pthread_setname_np(http->thread, "http");
	return -error;
}

struct http *http_new(void)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return NULL;
	if (http_open(http)) {
		free(http);
		return NULL;
	}
	pthread_mutex_init(&http->lock, NULL);
	pthread_cond_init(&http->settled, NULL);
	TAILQ_INIT(&http->flying);
	http->references = 1;
	if (start_thread(http)) {
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
	http_poke(http);
	pthread_join(http->thread, NULL);
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

/* ---- what is known of an account ---- */

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
	pthread_mutex_unlock(&queue->http->lock);
	http_poke(queue->http);
}
