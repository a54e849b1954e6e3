/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue.h - private to http*.c, http_loop.c and transfer.c: an account's place in the queue to its
 * vendor.
 *
 * A queue holds what waits to be sent and decides when the next one may go: at most `allowed` in
 * flight, none while a hold (hold.h) is on, retries when they are due and within their budget.
 * A change that has read its record keeps its place in flight for its write (basis.h).
 * It knows time and numbers, no sockets (account_queue.c: who goes next; account_queue_learn.c: what follows from a
 * try). All functions want http->lock; NOW is
 * clock_milliseconds().
 */
#ifndef ROSTERFS_ACCOUNT_QUEUE_H
#define ROSTERFS_ACCOUNT_QUEUE_H

#include "vendors/http/hold.h"
#include "vendors/http/transfer.h"

struct account_queue {
	struct http *http; /* which owns the queue */
	struct endpoint *endpoint;
	struct account_queue *next;
	char where[160]; /* "api.example.com port 443", for words */
	bool secure;     /* https */

	struct transfer_queue ready; /* on kept places */
	struct transfer_queue fresh; /* oldest first */
	struct transfer_queue again; /* soonest due first */
	struct transfer_queue timed; /* of all these, who have an UNTIL: the soonest first */
	struct basis_queue kept;     /* places in flight, kept for writes: the soonest over first */
	unsigned places;             /* how many of `allowed` are in `kept` and `ready` */
	unsigned allowed;            /* how many may be in flight now, 1 to endpoint->parallel */
	unsigned ceiling;            /* so many were too many when it was last halved; 0: never */
	unsigned good;               /* answers other than 429 since allowed last changed */
	unsigned strikes;            /* halvings since the last such answer; see throttle */
	struct hold hold;            /* may it be asked at all? */
	int64_t calm;                /* we leave it alone until then, while there are strikes */
	int64_t halved;              /* when allowed was last halved */
	int64_t heard;               /* when the last whole answer came */
	int64_t welcome;             /* the same, of those other than 429 */
	int64_t progress;            /* when http_progress was last called */
	int last_error;              /* of the last try without an answer, 0: none yet */
	char last_words[256];
	struct http_stats stats;
};

/* NULL: no memory. */
struct account_queue *account_queue_new(struct http *http, struct endpoint *endpoint);

void account_queue_free(struct account_queue *queue);

/* Put a new transfer at the end of the queue, or PLACED where a place was kept for it (and has been
 * given up a moment ago). */
void account_queue_add_locked(struct account_queue *queue, struct transfer *transfer, bool placed);

/* Give up the place that is kept for BASIS. */
void account_queue_forgo_locked(struct basis *basis);

/* Give up all that are kept; who was about to use one queues in front of all others. */
void account_queue_forgo_all_locked(struct account_queue *queue);

/* Take a transfer out of the queue. */
void account_queue_remove_locked(struct account_queue *queue, struct transfer *transfer);

/*
 * The next transfer to send, out of the queue and counted as in flight, or (*OVER) one whose time
 * is up, its reply filled. NULL: none now; account_queue_due_locked then tells when to ask again.
 */
struct transfer *account_queue_take_locked(struct account_queue *queue, int64_t now, bool *over);

/* When account_queue_take_locked may have something if nothing else happens; TRANSFER_NEVER: not by itself.
 */
int64_t account_queue_due_locked(const struct account_queue *queue, int64_t now);

/* TRANSFER's try has come to an end, see its reply: learn from it. */
void account_queue_landed_locked(struct account_queue *queue, struct transfer *transfer, int64_t now);

/* TRANSFER has ended for good: count it. */
void account_queue_ended_locked(struct account_queue *queue, struct transfer *transfer);

/* Shall TRANSFER, landed, be tried again? Then its due time is set: account_queue_requeue_locked it. Else
 * its reply tells why. */
bool account_queue_again_locked(struct account_queue *queue, struct transfer *transfer, int64_t now);

/* The try of a connection that hold_wants_probe asked for has come to an end. */
void account_queue_probed_locked(struct account_queue *queue, const struct transfer *probe, int64_t now);

void account_queue_requeue_locked(struct account_queue *queue, struct transfer *transfer);

/* Any transfer out of the queue, as FLYING, at the end of all; NULL: none left. */
struct transfer *account_queue_drain_locked(struct account_queue *queue);

#endif
