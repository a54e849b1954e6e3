/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - monotonic time, which cannot be set: for ages, pauses and deadlines.
 *
 * The time in which the machine sleeps counts: what was fetched before is older after it. The one
 * exception is the time of conditions (clock_cond_init), because the system has no other.
 *
 * Functions never block and may be called from any thread.
 */
#ifndef ROSTERFS_CLOCK_H
#define ROSTERFS_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Return the time since an unspecified moment in the past. */
struct timespec clock_now(void);

/* Return the same in seconds. */
double clock_seconds(void);

/* Return the same in whole milliseconds. */
int64_t clock_milliseconds(void);

/*
 * Prepare COND, for waits until a time that nobody can set. With the clock of the day, a wait would
 * last for hours where somebody puts that back by hours.
 */
void clock_cond_init(pthread_cond_t *cond);

/* Return the time SECONDS from now, for pthread_cond_timedwait on such a condition. */
struct timespec clock_cond_time(double seconds);

/* Return the later, or the sooner, of two times in milliseconds. */
int64_t clock_later(int64_t a, int64_t b);
int64_t clock_sooner(int64_t a, int64_t b);

/*
 * Return a number less than, equal to or greater than 0, as A is earlier than, equal to or later
 * than B.
 */
int clock_compare(struct timespec a, struct timespec b);

#endif
