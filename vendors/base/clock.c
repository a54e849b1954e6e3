/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - see clock.h.
 */
#include "vendors/base/clock.h"

struct timespec clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now;
}

double clock_seconds(void)
{
	struct timespec now = clock_now();

	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int64_t clock_milliseconds(void)
{
	struct timespec now = clock_now();

	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

struct timespec clock_cond_time(double seconds)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	if (seconds < 0)
		return time;
	time.tv_sec += (time_t)seconds;
	time.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
	if (time.tv_nsec >= 1000000000) {
		time.tv_nsec -= 1000000000;
		time.tv_sec++;
	}
	return time;
}

int64_t clock_later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t clock_sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int clock_compare(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	return (a.tv_nsec > b.tv_nsec) - (a.tv_nsec < b.tv_nsec);
}
