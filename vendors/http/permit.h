/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permit.h - how many requests of an endpoint this process may have in flight, where several
 * processes share what the vendor allows.
 *
 * Without a permit, `parallel` is all this process's. A place that is kept for a write (basis.h)
 * counts as in flight.
 */
#ifndef ROSTERFS_PERMIT_H
#define ROSTERFS_PERMIT_H

#include <stdatomic.h>
#include <stdint.h>

struct account_queue;
struct endpoint;

struct permit {
	/* How many may be in flight now; the owner changes it and calls http_permit. More than
	   `parallel` counts as `parallel`. From UNTIL on (clock_milliseconds) it counts as 0. */
	atomic_uint share;
	atomic_llong until;
	/* How many are in flight, and how many are or could be sent now. Set by vendors/http. */
	atomic_uint wanted, flying;
	/* WANTED has grown past SHARE or fallen to 0, or FLYING has fallen to SHARE. Called with
	   http->lock held: quick, no lock but a leaf. */
	void (*wants)(struct permit *permit);
	/* The vendor asked to wait MILLISECONDS; 0: a user has lifted all waits. As wants. */
	void (*told)(struct permit *permit, int64_t milliseconds);
};

/* Let PERMIT (borrowed; NULL: none) say from now on how many requests of ENDPOINT may be in flight.
 * ENDPOINT need not have a queue yet. When this returns, the old one is not used any more. */
void http_permit_set(struct endpoint *endpoint, struct permit *permit);

/* The share of ENDPOINT's permit has changed. When this returns, FLYING grows no further than to
 * the share. Does not wait. */
void http_permit(struct endpoint *endpoint);

/* Let ENDPOINT wait MILLISECONDS from now, as if the vendor had asked for it (0: end the wait);
 * permit->told is not called. Does not wait. */
void http_wait(struct endpoint *endpoint, int64_t milliseconds);

/* ---- private to vendors/http: they require http->lock ---- */

/* Return how many of ALLOWED requests PERMIT lets be in flight at NOW. */
unsigned permit_most(const struct permit *permit, unsigned allowed, int64_t now);

/* Note in the permit of QUEUE, which has one, what is in flight and what waits. */
void permit_note_locked(const struct account_queue *queue, int64_t now);

#endif
