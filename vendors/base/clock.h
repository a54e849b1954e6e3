/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - time that nobody sets: for ages, pauses and deadlines. Never blocks; any thread.
 */
#ifndef ROSTERFS_CLOCK_H
#define ROSTERFS_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline struct timespec clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now;
}

static inline double clock_seconds(void)
{
	struct timespec now = clock_now();

	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline int64_t clock_milliseconds(void)
{
	struct timespec now = clock_now();

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Return a number less than, equal to or greater than 0, as A is earlier than, equal to or later
 * than B.
 */
static inline int clock_compare(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	return (a.tv_nsec > b.tv_nsec) - (a.tv_nsec < b.tv_nsec);
}

#endif
