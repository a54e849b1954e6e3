/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue.h - private to vendors/http: the queue of an endpoint.
 *
 * A queue holds the transfers that wait to be sent, and decides when the next one may go: at most
 * `allowed` in flight, none while a hold is on (hold.h), retries when they are due and within their
 * budget. A change that has read its record keeps its place in flight for its write (basis.h).
 *
 * A queue knows times and numbers, no sockets. account_queue_learn.h says what it learns from a
 * try. All functions require http->lock. NOW is clock_milliseconds(). None blocks.
 */
#ifndef ROSTERFS_ACCOUNT_QUEUE_H
#define ROSTERFS_ACCOUNT_QUEUE_H

#include "vendors/base/call.h"
#include "vendors/http/hold.h"
#include "vendors/http/http.h"
#include "vendors/http/http_state.h"

#include <sys/queue.h>

struct basis;

TAILQ_HEAD(basis_queue, basis);

struct account_queue {
	struct http *http; /* which owns the queue */
	struct endpoint *endpoint;
	struct account_queue *next;
	char where[160]; /* "api.example.com port 443", for messages */
	bool secure;     /* https */

	struct transfer_queue ready; /* those with a place in flight, oldest first */
	struct transfer_queue fresh; /* oldest first */
	struct transfer_queue again; /* soonest due first */
	struct transfer_queue timed; /* all of these that have an UNTIL: soonest first */
	struct basis_queue kept; /* places in flight that are kept for writes: soonest over first */
	unsigned places;         /* how many of `allowed` are in `kept` and `ready` */
	unsigned allowed;        /* how many may be in flight, 1 to endpoint->parallel */
	unsigned ceiling;        /* what allowed was when it was last halved; 0: never */
	unsigned good;           /* responses other than 429 since allowed last changed */
	unsigned strikes;        /* halvings since the last such response; see throttle */
	struct hold hold;        /* whether the vendor may be asked at all */
	int64_t calm;            /* while there are strikes: nothing is sent before */
	int64_t halved;          /* when allowed was last halved */
	int64_t heard;           /* when the last complete response came */
	int64_t welcome;         /* the same, of responses other than 429 */
	int64_t progress;        /* when http_progress was last called */
	enum call_verdict last_verdict; /* of the last try without a response; CALL_OK: none yet */
	char last_words[256];
	struct http_stats stats;
};

/* Return a new queue for ENDPOINT, which it borrows. NULL: no memory. */
struct account_queue *account_queue_new(struct http *http, struct endpoint *endpoint);

/* Free QUEUE, which is empty. */
void account_queue_free(struct account_queue *queue);

/* Append TRANSFER, which is new. PLACED: it has a place in flight that was kept for it, and was
 * just given up (basis_rest_locked). */
void account_queue_add_locked(struct account_queue *queue, struct transfer *transfer, bool placed);

/* Take TRANSFER, which is queued, out of the queue. The caller sets its state. */
void account_queue_remove_locked(struct account_queue *queue, struct transfer *transfer);

/*
 * Take the next transfer out of the queue: it is FLYING and in http->flying. It is either to be
 * sent, and counted as in flight, or (*OVER) its time is up and its reply filled in. NULL: none can
 * go at NOW; account_queue_due_locked tells when to call again.
 */
struct transfer *account_queue_take_locked(struct account_queue *queue, int64_t now, bool *over);

/* Return when account_queue_take_locked may return a transfer if nothing else happens, or
 * TRANSFER_NEVER. */
int64_t account_queue_due_locked(const struct account_queue *queue, int64_t now);

/* Put TRANSFER, which is FLYING, back into the queue until its due time. */
void account_queue_requeue_locked(struct account_queue *queue, struct transfer *transfer);

/* Make all queued transfers FLYING, to be ended, and give up all places. */
void account_queue_drain_locked(struct account_queue *queue);

/* ---- places that are kept ---- */

/* Keep a place in flight for BASIS until UNTIL, if one is free and no hold is on at NOW. BASIS has
 * none. */
void account_queue_keep_locked(struct account_queue *queue, struct basis *basis, int64_t until,
			       int64_t now);

/* Give up the place that is kept for BASIS, if there is one. */
void account_queue_forgo_locked(struct basis *basis);

/* Give up all places that are kept. READY transfers become the first of the FRESH ones. */
void account_queue_forgo_all_locked(struct account_queue *queue);

/* ---- for account_queue_learn.c ---- */

/* Return the retry budget in milliseconds. */
int64_t account_queue_budget(const struct account_queue *queue);

/* Return the time after which no new try of TRANSFER starts, except one that the vendor asked to
 * wait for. */
int64_t account_queue_budget_end(const struct account_queue *queue,
				 const struct transfer *transfer);

/* Return when the pause of the queue ends. A past time: there is none. */
int64_t account_queue_resumes(const struct account_queue *queue);

#endif
