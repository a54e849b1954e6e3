/* SPDX-License-Identifier: Apache-2.0 */
/*
 * basis.h - what a change rests on: the read that came right before its write.
 *
 * A record is replaced as a whole, so a write also restores what the read before it showed. The
 * older that read is, the more of another client's work may be undone. Therefore a call may have a
 * basis, and then:
 *
 * - A GET of the record with its ETag is "the read". When it is sent and answered is noted. If it
 *   succeeds, the change keeps its place among the requests in flight, so that the write can
 *   be sent at once. The place is given up
 *   - by basis_release,
 *   - by any other request of the call (for a token, a setting, another record),
 *   - after BASIS_KEEP milliseconds,
 *   - when the vendor answers any request with 429.
 *   Before the read is sent, everything else that the write needs is requested: a token that stays
 *   valid for a while, and what the collection's settle asks for.
 * - The PUT is "the write" (http_request's `rests`). It may be sent until answered +
 *   max(answered - asked, BASIS_FRESH), where asked and answered are the read's, whatever it waits
 *   for: its turn, a 429, a connection, a token, another method, the first of two requests. Later
 *   it is not sent, and ends as stale as soon as that is certain. A write without a read before it
 *   is always too late.
 * - A further read is a GET of what the write is made of besides the record: it takes the
 *   place that is kept, and keeps it again. The write then rests on this read.
 * - DELETE and POST use the place if there is one, and need no read.
 * - A GET without an ETag is any other request.
 *
 * A function that waits for a request of another call (the lookup of `self`, a flight) calls
 * basis_release first: with parallel = 1, that request waits for this place.
 *
 * A basis belongs to the thread that works on its call. It must not be moved while it is in use.
 * basis.c locks http->lock (http_state.h); nothing here blocks.
 */
#ifndef ROSTERFS_BASIS_H
#define ROSTERFS_BASIS_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define BASIS_FRESH 250 /* milliseconds after the read's response in which a write may be sent */
#define BASIS_KEEP 1000 /* milliseconds of local work for which a place is kept */

struct account_queue;
struct call;
struct http_request;
struct transfer;

struct basis {
	/*
	 * Of clock_milliseconds; 0: no limit. No try of a request of this basis starts later. A
	 * request that still waits for its turn then ends like one whose own retry budget has
	 * ended. May be changed between requests.
	 */
	int64_t end;
	/* The write may be sent however old the read is; a 429 is then waited out, until END. May
	 * be changed between requests. */
	bool ageless;
	/*
	 * Set by a vendor's write that takes two requests: the vendor has acknowledged the first.
	 * A part of the change is then made, even if the outcome is that the write was stale or
	 * refused. The next write of this basis does not repeat that part if it is the same.
	 */
	bool part_made;
	json_t *part_fields; /* then {field: value} as that part set them; basis_begin's caller
				releases it */
	/* Set by a vendor's write: what the first part is to be made of does not exist. It is not
	 * requested again with this basis. */
	bool part_absent;
	/*
	 * What the read showed, as far as the write is made of it (borrowed), or NULL: unknown. If
	 * a write takes two requests, a part that does not differ from it is not sent.
	 */
	const json_t *record;
	/* Fields of it that writes of this mount have set, and that no other read shows for certain
	 * while reads lag: {name: value} (borrowed), or NULL. */
	const json_t *acknowledged;
	/* The record of the read with its hidden fields, if the vendor's rules send those back;
	   else NULL. Set by the read; basis_begin's caller releases it. */
	json_t *raw;

	/* the rest is for vendors/ only */
	atomic_bool reached;     /* as in struct call, of all calls that have this basis */
	bool reading;            /* the read is in progress, or */
	bool further;            /* a further read */
	int64_t begun;           /* when the last of these began */
	uint64_t part;           /* a hash of the part that was made */
	int64_t asked, answered; /* under http->lock: the read's; 0: there is none */
	unsigned reads;          /* under http->lock: requests of the read that have not ended */
	/* where a place is kept, NULL: none; written under http->lock */
	_Atomic(struct account_queue *) keeper;
	int64_t until; /* under http->lock: how long the place is kept */
	TAILQ_ENTRY(basis) link;
};

/* When a read was sent and answered; 0: there is none. */
struct basis_read {
	int64_t asked, answered;
};

/* Begin a change that ends at END (see there). Set call->basis to BASIS afterwards. */
void basis_begin(struct basis *basis, int64_t end);

/*
 * Give up the place that is kept for CALL's change, if there is one. A no-op without a basis. Call
 * it before the basis goes out of scope, and before a wait for a request of another call.
 */
void basis_release(struct call *call);

/* ---- for vendors/ only ---- */

/* Begin another read: release the place, and forget the read before. CALL has a basis. */
void basis_forget(struct call *call);

/* Begin a further read: store what the change has rested on in *READ. CALL has a basis. */
void basis_set_aside(struct call *call, struct basis_read *read);

/* Let the change rest on READ again. A no-op without a basis. */
void basis_resume(struct call *call, const struct basis_read *read);

/* Return true if the last read of BASIS was sent later than a write that rests on READ may be. */
bool basis_is_late(const struct basis *basis, const struct basis_read *read);

/* ---- for vendors/http only; all require http->lock ---- */

/*
 * Note what TRANSFER, which is about to be queued for REQUEST, rests on, by the basis of its call.
 * Returns true if it takes the place that was kept. Any place that was kept is given up.
 */
bool basis_rest_locked(struct transfer *transfer, const struct http_request *request);

/* Note that a request of the read of BASIS, sent at ASKED, was answered at NOW. */
void basis_answered_locked(struct basis *basis, int64_t asked, int64_t now);

/* End TRANSFER's part in a read, if it has one. */
void basis_leave_locked(struct transfer *transfer);

#endif
