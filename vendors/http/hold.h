/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold.h - private to account_queue.c, account_queue_learn.c, http_loop.c and transfer.c: may the vendor be asked at all
 * just now? (hold_clock is for all of vendors/.)
 *
 * Two things keep a queue from asking:
 *
 * - The vendor said how long to wait (Retry-After). Nothing is sent until then, an hour at the
 *   most. Then one request goes ahead (TRIAL); the others follow once it was answered.
 * - Nobody can reach the vendor: no request of a call that has had no answer yet found a connection
 *   within HOLD_REACH. The vendor is DOWN then. Each further call is turned away at once, with what
 *   the last one met. As long as anybody asks, a connection is tried every HOLD_PROBE, on which
 *   nothing is sent; one that stands ends this. A call that has had an answer ("patient") is not
 *   turned away: it goes on trying until its retry budget ends.
 *
 * hold_lift ends both, for somebody who knows better.
 *
 * All functions want http->lock; NOW is clock_milliseconds(). None blocks.
 */
#ifndef ROSTERFS_HOLD_H
#define ROSTERFS_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HOLD_REACH 4500      /* milliseconds: a first call must fail within 5 s, all in all */
#define HOLD_REACH_LATE 5000 /* a connection, where HOLD_REACH does not apply */
#define HOLD_REACH_MIN 400   /* a last try is given this long */
#define HOLD_PROBE 5000
#define HOLD_DEMAND 60000 /* if nobody has asked for so long, the next call begins anew */
#define HOLD_MAX 3600000  /* a slip of the vendor's pen must not close the queue for years */

struct hold {
	int64_t until; /* the vendor wants to be left alone until then */
	int64_t since; /* when it said so last, 0: never */
	time_t said;   /* the same, of the wall clock */
	time_t wait;   /* until when it wants to be left alone, by its own words */
	bool trial;    /* one request goes ahead */

	int64_t reached; /* until when a connection stood */
	bool down;
	int64_t asked; /* while down: when somebody was turned away last */
	int64_t probe; /* while down: when the next connection is tried */
	bool probing;  /* it is under way */
	time_t met;    /* when down began, of the wall clock */
	int error;     /* with what, a positive errno */
	char words[256];
};

/*
 * Milliseconds that TEXT says to wait: seconds, a time of day in seconds since 1970 (above
 * 1,000,000,000), or a DATE (-1: it is none); both by the vendor's clock, which is at VENDOR_NOW
 * (0: not told). 0: it says nothing, or is NULL. Not limited to HOLD_MAX.
 */
int64_t hold_delay(const char *text, time_t date, time_t vendor_now);

/* The vendor said to wait TOLD milliseconds. */
void hold_tell(struct hold *hold, int64_t told, int64_t now);

/* It answered a request that was sent at TRIED, and did not say to wait. */
void hold_answered(struct hold *hold, int64_t tried);

/* There was an answer, or a connection stands. */
void hold_reached(struct hold *hold, int64_t now);

/* A connection that stood was lost: whoever looks for another one has his time from now on. */
void hold_parted(struct hold *hold, int64_t now);

/* A call has given up for want of a connection; it met ERROR and WORDS. */
void hold_lost(struct hold *hold, int error, const char *words, int64_t now);

/* Until when a request that was first tried at FIRST, of a call that had no answer, may look for a
 * connection. */
int64_t hold_reach_end(const struct hold *hold, int64_t first);

/* Is a connection to be tried now? Then it counts as under way. Ends DOWN when nobody asks. */
bool hold_wants_probe(struct hold *hold, int64_t now);

/* When hold_wants_probe is to be asked again; INT64_MAX: not before somebody is turned away. */
int64_t hold_due(const struct hold *hold);

/* That connection did not come about. */
void hold_probed(struct hold *hold, int64_t now);

/* The next request may ask, whatever the vendor said or was met. */
void hold_lift(struct hold *hold, int64_t now);

/* "the vendor said at T to wait until U", one line. NOW as above. */
void hold_words(const struct hold *hold, int64_t now, char *words, size_t size);

/* WHEN in local time: 14:05:09, with the date if that is not today's. */
void hold_clock(time_t when, char *text, size_t size);

#endif
