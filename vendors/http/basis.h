/* SPDX-License-Identifier: Apache-2.0 */
/*
 * basis.h - what a change rests on: the read that came right before its write.
 *
 * A record is replaced as a whole, so a write also puts back what the read before it showed. The
 * older that read is, the more of somebody else's work may be undone. Hence, for a call with a
 * basis:
 *
 * - item_get with an ETAG is "the read". When it was sent and answered is noted, and where it
 *   succeeds the change keeps its place among the requests in flight, so that the write can leave
 *   at once. The place is given up by basis_release; when any other request is made under the call
 *   (of a token, a setting, another record); after BASIS_KEEP milliseconds; and when the vendor
 *   answers anybody with 429. Before the read is sent, whatever the write will need too is asked
 *   for: a token that stays good for a while, and what the collection's settle asks for.
 * - item_put is "the write". It may leave only until answered + max(answered - asked,
 *   BASIS_FRESH), where asked and answered are the read's, and is not sent later than that,
 * whatever it waited for: its turn, a 429, a connection, a token, another method, the first of two
 *   requests. It ends with VENDOR_STALE as soon as that is certain. A write without a read before
 * it is always too late.
 * - item_get_part is a further read, of what a write is made of besides the record: it takes the
 *   place that is kept, and keeps it again. That write then rests on it.
 * - item_delete and item_post use the place if there is one, and need no read.
 * - An item_get without an ETAG is any other request.
 *
 * Whoever waits for what is asked for under another call (who `self` is, a flight) calls
 * basis_release first: with parallel = 1 that other request waits for this place.
 *
 * A basis belongs to the thread that works on its call. It must not be moved while it is in use.
 */
#ifndef ROSTERFS_BASIS_H
#define ROSTERFS_BASIS_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define BASIS_FRESH 250 /* milliseconds: a write may always follow the read's answer so late */
#define BASIS_KEEP 1000 /* milliseconds of local work for which a place is kept */

struct call;
struct account_queue;

struct basis {
	/*
	 * Of clock_milliseconds; 0: no such limit. No try of any request under this basis starts
	 * later. A request that still waits for its turn then ends like one whose own retry budget
	 * is over. May be changed between requests.
	 */
	int64_t end;
	/* The write may leave however old the read is; a 429 is then waited out, until END. May be
	 * changed between requests. */
	bool ageless;
	/*
	 * Set by item_put where it takes two requests: the vendor has acknowledged the first, so
	 * that a part of the change is made, also where the outcome is VENDOR_STALE or
	 * VENDOR_REFUSED. The next item_put under this basis does not send that part again if it
	 * is to say the same.
	 */
	bool part_made;
	json_t
	    *part_fields; /* then, {field: value} as it was to set them; whoever began drops it */
	/* Set by item_put: what the first part is to be made of is not there. It is not asked for
	 * again under this basis. */
	bool part_absent;
	/*
	 * What the read showed, as far as the write is made of it (borrowed), or NULL: not known.
	 * Where an item_put takes two requests, a part that shows nothing else is not sent.
	 */
	const json_t *record;
	/* Fields of it that writes of this mount have set, and that no other read can show for
	 * certain while reads lag: {name: value} (borrowed), or NULL. */
	const json_t *acknowledged;

	/* the rest is for vendors/ alone */
	atomic_bool reached;     /* as in struct call, of all calls that have this basis */
	bool reading;            /* an item_get with an ETAG is going on, or */
	bool further;            /* an item_get_part */
	int64_t begun;           /* when the last such began */
	uint64_t part;           /* a hash of the part that was made */
	int64_t asked, answered; /* under http->lock: the read's; 0: there is none */
	unsigned reads;          /* under http->lock: requests of the read that have not ended */
	/* where a place is kept, NULL: none; changed under http->lock */
	_Atomic(struct account_queue *) keeper;
	int64_t until; /* under http->lock: so long */
	TAILQ_ENTRY(basis) link;
};

/* When a read was sent and answered; 0: there is none. */
struct basis_read {
	int64_t asked, answered;
};

/* Begin a change that is to end at END (see there). Set call->basis to BASIS afterwards. */
void basis_begin(struct basis *basis, int64_t end);

/* In vendors/ alone: another read begins. As basis_release, and forgets the read before. */
void basis_forget(struct call *call);

/* In vendors/ alone: a further read begins, and what the change has rested on goes to *READ. */
void basis_set_aside(struct call *call, struct basis_read *read);

/* In vendors/ alone: the change rests on READ again. Fine without a basis. */
void basis_resume(struct call *call, const struct basis_read *read);

/* In vendors/ alone: was the last read of BASIS sent later than a write that rests on READ may be?
 */
bool basis_is_late(const struct basis *basis, const struct basis_read *read);

/*
 * Give up the place that is kept for CALL's change, if there is one. Idempotent; fine without a
 * basis. Always called before the basis goes out of scope, and before a wait for anybody else.
 * Never blocks.
 */
void basis_release(struct call *call);

#endif
