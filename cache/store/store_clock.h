/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_clock.h - the server's time, which all hosts agree on, and this host's.
 *
 * Hosts' clocks may differ by any amount, so that no time of a host ever reaches another one. The
 * server's time is taken from TIME, or from the id of an entry of a stream (milliseconds since
 * 1970). One offset is kept for as long as it holds (within 100 ms), so that two times of the
 * server keep their order when they are converted.
 *
 * Any thread; a leaf lock. Only store_clock_ask waits.
 */
#ifndef ROSTERFS_STORE_CLOCK_H
#define ROSTERFS_STORE_CLOCK_H

#include <stdint.h>

struct redis;
struct store_clock;

struct store_clock *store_clock_new(void);
void store_clock_free(struct store_clock *clock); /* NULL is a no-op */

/* Ask REDIS for its time, and set the offset if it does not hold any more. 0 or a negative errno.
 */
int store_clock_ask(struct store_clock *clock, struct redis *redis);

/* Note that the server's time is SERVER (milliseconds since 1970), by a reply to a request that was
 * sent at SENT (monotonic seconds) and has just come. */
void store_clock_note(struct store_clock *clock, int64_t server, double sent);

/* Return the server's time now in milliseconds, or 0: it was never asked. */
int64_t store_clock_now(struct store_clock *clock);

/* Return SERVER in this host's monotonic seconds (clock_seconds), and the reverse; 0: the server
 * was never asked. */
double store_clock_local(struct store_clock *clock, int64_t server);
int64_t store_clock_server(struct store_clock *clock, double local);

#endif
