/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store_clock.c - times of a server whose clock is another one, in times of this host.
 */
#include "cache/store/store_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#define SERVER INT64_C(1900000000000)

static double played; /* seconds */

/* clock.c finds this one. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	(void)clock;
	time->tv_sec = (time_t)played;
	time->tv_nsec = (long)((played - (double)time->tv_sec) * 1e9);
	return 0;
}

/* Let a reply come now, WAITED seconds after its request, from a server at TIME. */
static void reply(struct store_clock *clock, int64_t time, double waited)
{
	store_clock_note(clock, time, played - waited);
}

static void test_unknown(void **state)
{
	struct store_clock *clock = store_clock_new();

	(void)state;
	assert_true(store_clock_now(clock) == 0);
	assert_true(store_clock_local(clock, SERVER) == 0);
	assert_true(store_clock_server(clock, 5) == 0);
	store_clock_free(clock);
	store_clock_free(NULL);
}

static void test_both_ways(void **state)
{
	struct store_clock *clock = store_clock_new();

	(void)state;
	played = 1000;
	reply(clock, SERVER, 0);
	played = 1010;
	assert_true(store_clock_now(clock) == SERVER + 10000);
	for (int64_t at = SERVER - 100000; at < SERVER + 100000; at += 997)
		assert_true(store_clock_server(clock, store_clock_local(clock, at)) == at);
	store_clock_free(clock);
}

/* Replies come late by any time up to 3 s, and the server's clock jitters. */
static void test_order(void **state)
{
	struct store_clock *clock = store_clock_new();
	unsigned random = 7;
	double before = 0;

	(void)state;
	played = 1000;
	reply(clock, SERVER, 0.01);
	for (int64_t at = SERVER; at < SERVER + 1000000; at += 211) {
		double local = store_clock_local(clock, at), late;
		int64_t jitter;

		assert_true(local > before);
		before = local;
		random = random * 1103515245 + 12345;
		late = (double)(random >> 16 & 4095) / 4096 * 3;
		jitter = (int64_t)(random >> 8 & 63) - 32;
		played = 1000 + (double)(at - SERVER) / 1000 + late;
		reply(clock, at + jitter, late);
	}
	store_clock_free(clock);
}

static void test_moved(void **state)
{
	struct store_clock *clock = store_clock_new();

	(void)state;
	played = 1000;
	/* of a reply that took 10 s, little is known */
	reply(clock, SERVER, 10);
	assert_true(store_clock_now(clock) == SERVER + 5000);
	reply(clock, SERVER + 1000, 0);
	assert_true(store_clock_now(clock) == SERVER + 1000);
	/* within the tolerance */
	reply(clock, SERVER + 1090, 0);
	reply(clock, SERVER + 910, 0);
	assert_true(store_clock_now(clock) == SERVER + 1000);
	/* the server's clock was set, or another server has taken over */
	reply(clock, SERVER - 600000, 0.02);
	assert_true(store_clock_now(clock) == SERVER - 600000 + 10);
	store_clock_free(clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unknown),
	    cmocka_unit_test(test_both_ways),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
