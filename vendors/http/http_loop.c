/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_loop.c - see http_loop.h.
 *
 * The thread sleeps until a socket, a timer of a queue or multi_poke wakes it; without requests it
 * sleeps until the next one. Each turn it ends what should be aborted, launches what the queues let
 * go, and gives each transfer whose try has ended back to its queue, for a retry, or to its waiter.
 * It must never wait for anything else, because every vendor waits with it. It knows neither
 * libcurl nor what a vendor is.
 */
#include "vendors/http/http_loop.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/account_queue_learn.h"
#include "vendors/http/http_state.h"
#include "vendors/http/multi.h"
#include "vendors/http/transfer.h"

#include <signal.h>
#include <stdlib.h>

/* Log TRANSFER, which is out of libcurl and is not retried, and wake its waiter or free it. */
static void http_loop_finish(struct http *http, struct transfer *transfer)
{
	struct call *call;
	bool dropped;

	if (!transfer->probe)
		transfer_log(transfer);
	pthread_mutex_lock(&http->lock);
	if (transfer->probe) {
		account_queue_learn_probed_locked(transfer->queue, transfer, clock_milliseconds());
	} else {
		account_queue_learn_landed_locked(transfer->queue, transfer, clock_milliseconds());
		account_queue_learn_ended_locked(transfer->queue, transfer);
	}
	TAILQ_REMOVE(&http->flying, transfer, link);
	transfer->state = TRANSFER_ENDED;
	transfer->ended = true;
	call = transfer->call;
	dropped = transfer->dropped;
	/* never the last reference: http_free releases its own after the thread has ended */
	if (dropped && !transfer->probe)
		http->references--;
	http->waking = call ? transfer : NULL;
	pthread_mutex_unlock(&http->lock);
	if (call) {
		/* from here on the transfer is its waiter's, which may free it at the broadcast */
		call_wake(call);
		pthread_mutex_lock(&http->lock);
		http->waking = NULL;
		pthread_cond_broadcast(&http->settled);
		pthread_mutex_unlock(&http->lock);
	}
	if (dropped)
		transfer_free(transfer);
}

/* Queue TRANSFER, whose try has ended and is out of libcurl, again, or finish it. */
static void land(struct http *http, struct transfer *transfer)
{
	struct account_queue *queue = transfer->queue;
	int64_t now = clock_milliseconds();
	bool again;

	pthread_mutex_lock(&http->lock);
	account_queue_learn_landed_locked(queue, transfer, now);
	again = !transfer->probe && !transfer->dropped && !transfer->abort && !http->stopping &&
		account_queue_learn_retries_locked(queue, transfer, now);
	if (again)
		account_queue_requeue_locked(queue, transfer);
	pthread_mutex_unlock(&http->lock);
	if (!again)
		http_loop_finish(http, transfer);
}

/* Return true if TRANSFER should end now. A change that was sent gets some time, because only its
 * response shows whether it is made. */
static bool is_to_end(const struct transfer *transfer)
{
	return transfer->cut ||
	       (transfer->abort && (transfer->repeatable || !transfer->reply.sent));
}

/* Return a transfer to abort, NULL: none. When stopping, these are all. */
static struct transfer *next_abort_locked(struct http *http)
{
	struct transfer *transfer;

	for (struct account_queue *queue = http->stopping ? http->queues : NULL; queue;
	     queue = queue->next) {
		account_queue_drain_locked(queue);
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

/* End what should be aborted. Returns false if the thread should end. */
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
		multi_recall(http->multi, transfer);
		transfer_fail(transfer, CALL_CANCELLED, "interrupted");
		http_loop_finish(http, transfer);
	}
}

/* Return a transfer that a queue lets go, now FLYING (see account_queue_take_locked). NULL: none,
 * and none for *SLEEP milliseconds. */
static struct transfer *next_launch_locked(struct http *http, bool *over, int64_t *sleep)
{
	int64_t now = clock_milliseconds();
	int64_t due = TRANSFER_NEVER;

	for (struct account_queue *queue = http->queues; queue; queue = queue->next) {
		struct transfer *transfer = account_queue_take_locked(queue, now, over);
		int64_t next = account_queue_due_locked(queue, now);
		int64_t look = hold_due(&queue->hold);

		if (transfer)
			return transfer;
		if (next < due)
			due = next;
		if (look < due)
			due = look;
	}
	*sleep = due > now ? due - now : 0;
	return NULL;
}

/* Return the next queue for which a connection should be tried. NULL: none. */
static struct account_queue *next_probe_locked(struct http *http, int64_t now)
{
	for (struct account_queue *queue = http->queues; queue; queue = queue->next) {
		if (hold_wants_probe(&queue->hold, now))
			return queue;
	}
	return NULL;
}

/* Try the connections that the queues want. */
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
		if (transfer && !multi_launch(http->multi, transfer)) {
			multi_recall(http->multi, transfer);
			http_loop_finish(http, transfer);
		}
	}
}

/* Launch all that may go. Returns how many milliseconds to sleep. */
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
		if (!over && transfer_is_outdated(transfer))
			transfer_outdate(transfer);
		else if (!over && multi_launch(http->multi, transfer))
			continue;
		multi_recall(http->multi, transfer);
		http_loop_finish(http, transfer);
	}
}

/* Endpoints may be added while the thread runs, but only the thread may tell libcurl. Returns what
 * libcurl keeps, which was BEFORE. */
static unsigned keep_connections(struct http *http, unsigned before)
{
	unsigned connections;

	pthread_mutex_lock(&http->lock);
	connections = http->connections;
	pthread_mutex_unlock(&http->lock);
	if (connections != before)
		multi_keep(http->multi, connections);
	return connections;
}

static void *http_loop_run(void *arg)
{
	struct http *http = arg;
	struct transfer *transfer;
	unsigned connections = 0;

	while (reap(http)) {
		connections = keep_connections(http, connections);
		probe(http);
		multi_sleep(http->multi, launch(http));
		while ((transfer = multi_landed(http->multi)))
			land(http, transfer);
	}
	return NULL;
}

int http_loop_start(struct http *http)
{
	sigset_t all, before;
	int error;

	/* signals are for the thread that waits for them */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&http->thread, NULL, http_loop_run, http);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!error)
		pthread_setname_np(http->thread, "http");
	return -error;
}

void http_loop_join(struct http *http)
{
	multi_poke(http->multi);
	pthread_join(http->thread, NULL);
}
