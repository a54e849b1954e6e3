/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold.h - private to vendors/http, except hold_clock: whether the vendor may be asked at all.
 *
 * Two things keep a queue from asking:
 *
 * - The vendor asked to wait (Retry-After). Nothing is sent until then, an hour at most. Then one
 *   request goes ahead (TRIAL); the others follow when it was answered.
 * - The vendor is DOWN: no request of a call that has had no response found a connection within
 *   HOLD_REACH. Each further such call fails at once, with the error of the last one. While there
 *   are calls, a connection without a request is tried every HOLD_PROBE. DOWN ends when one is
 *   made. A call that has had a response ("patient") does not fail at once: it retries until its
 *   retry budget ends.
 *
 * hold_lift ends both, for a user that knows better.
 *
 * All functions with a struct hold require http->lock. NOW is clock_milliseconds(), and all times
 * are, except those of time_t. None blocks.
 */
#ifndef ROSTERFS_HOLD_H
#define ROSTERFS_HOLD_H

#include "vendors/base/call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HOLD_REACH 4500      /* milliseconds: a first call must fail within 5 s altogether */
#define HOLD_REACH_LATE 5000 /* for a connection, where HOLD_REACH does not apply */
#define HOLD_REACH_MIN 400   /* for a last try */
#define HOLD_PROBE 5000
#define HOLD_DEMAND 60000 /* after so long without a call, the next call starts afresh */
#define HOLD_MAX                                                                                   \
	3600000 /* so that a mistake of the vendor's does not close the queue for years            \
		 */

struct hold {
	int64_t until; /* the vendor asked to wait until then */
	int64_t since; /* when it last asked so, 0: never */
	time_t said;   /* the same, by the wall clock */
	time_t wait;   /* until when it asked to wait, by the wall clock, without HOLD_MAX */
	bool trial;    /* one request goes ahead */

	int64_t reached; /* when there was last a connection */
	bool down;
	int64_t asked;             /* while down: when a call last failed for that */
	int64_t probe;             /* while down: when the next connection is tried */
	bool probing;              /* while down: a connection is being tried */
	time_t met;                /* when down began, by the wall clock */
	enum call_verdict verdict; /* of the last call */
	char words[256];
};

/*
 * Return how many milliseconds TEXT, a header's value, asks to wait. TEXT is seconds, or a time in
 * seconds since 1970 (above 1,000,000,000), or DATE (-1: it is no date). Both are by the vendor's
 * clock, whose time is VENDOR_NOW (0: unknown). 0: it asks for nothing, or is NULL. The result is
 * not limited to HOLD_MAX.
 */
int64_t hold_delay(const char *text, time_t date, time_t vendor_now);

/* Note that the vendor asked to wait TOLD milliseconds. */
void hold_tell(struct hold *hold, int64_t told, int64_t now);

/* Note that it answered a request that was sent at TRIED, and did not ask to wait. */
void hold_answered(struct hold *hold, int64_t tried);

/* Note that there was a response or a connection. */
void hold_reached(struct hold *hold, int64_t now);

/* Note that a connection was lost: from now on HOLD_REACH counts for a new one. */
void hold_parted(struct hold *hold, int64_t now);

/* Note that a call failed with VERDICT and WORDS because no connection was made. */
void hold_lost(struct hold *hold, enum call_verdict verdict, const char *words, int64_t now);

/* Return until when a request may look for a connection that was first tried at FIRST, of a call
 * that has had no response. */
int64_t hold_reach_end(const struct hold *hold, int64_t first);

/* Return true if a connection should be tried now; PROBING is then set. Ends DOWN after HOLD_DEMAND
 * without calls. */
bool hold_wants_probe(struct hold *hold, int64_t now);

/* Return when hold_wants_probe should be called, INT64_MAX: not before a call. */
int64_t hold_due(const struct hold *hold);

/* Note that the connection that hold_wants_probe asked for was not made. */
void hold_probed(struct hold *hold, int64_t now);

/* Let the next request be sent, whatever the vendor asked for and whether it was down. */
void hold_lift(struct hold *hold, int64_t now);

/* Write "the vendor said at T to wait until U" to WORDS (SIZE bytes), in one line. */
void hold_words(const struct hold *hold, int64_t now, char *words, size_t size);

/* Write WHEN in local time to TEXT (SIZE bytes): 14:05:09, with the date if that is not today's.
 * From any thread. */
void hold_clock(time_t when, char *text, size_t size);

#endif
