/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_state.h - private to vendors/http: what its files share, and its locks.
 *
 * There is one lock, http->lock. It guards
 * - in struct http: what is named below,
 * - each struct account_queue and its struct hold, as a whole,
 * - in struct transfer and struct basis: the fields that say so.
 *
 * Lock order:
 * - http->lock is a leaf: no function of another module is called with it held, except
 *   clock_milliseconds and multi_poke, which lock nothing of ours. A caller may hold any lock of
 *   its own while it calls a function of http.h that does not take a struct call.
 * - A call's lock (call.h) and http->lock are never held together. To wake a waiter, the thread
 *   notes the transfer in http->waking, unlocks, and calls call_wake; http_drop waits until that is
 *   over, so that the call outlives its use. The condition of a waiter reads transfer->ended, which
 *   is atomic for this reason.
 * - The log's lock is never taken with http->lock held: transfer_log is called without it.
 *
 * Functions that end in _locked require http->lock.
 */
#ifndef ROSTERFS_HTTP_STATE_H
#define ROSTERFS_HTTP_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>

struct account_queue;
struct multi;
struct transfer;

TAILQ_HEAD(transfer_queue, transfer);

struct http {
	struct multi *multi; /* other threads only call multi_poke */
	pthread_t thread;

	pthread_mutex_t lock;   /* guards what follows */
	pthread_cond_t settled; /* a transfer has ended, or the thread is done with a call */
	unsigned references;    /* of http_new and of each transfer of http_start */
	bool stopping;
	bool aborts; /* a flying transfer may have its abort or cut set */
	unsigned
	    connections; /* that may be in use: the sum of what the queues may have in flight */
	struct account_queue *queues;
	struct transfer_queue flying;
	const struct transfer *waking; /* the thread is using this one's call */
};

#endif
