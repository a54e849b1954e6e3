/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - monotonic time, which cannot be set: for ages, pauses and deadlines.
 *
 * Functions never block and may be called from any thread.
 */
#ifndef ROSTERFS_CLOCK_H
#define ROSTERFS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Return the time since an unspecified moment in the past. */
struct timespec clock_now(void);

/* Return the same in seconds. */
double clock_seconds(void);

/* Return the same in whole milliseconds. */
int64_t clock_milliseconds(void);

/* Return the later, or the sooner, of two times in milliseconds. */
int64_t clock_later(int64_t a, int64_t b);
int64_t clock_sooner(int64_t a, int64_t b);

/*
 * Return a number less than, equal to or greater than 0, as A is earlier than, equal to or later
 * than B.
 */
int clock_compare(struct timespec a, struct timespec b);

#endif
