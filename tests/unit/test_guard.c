/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_guard.c - the brake: it counts, forgets, and gives back what was not used, and to whom.
 */
#include "cache/history/guard.h"

#include "cache/roster/store.h"
#include "vendors/base/call.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static time_t played; /* what the clock says; nobody else looks at it */

/* guard.c finds this one. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	(void)clock;
	*time = (struct timespec){.tv_sec = played};
	return 0;
}

static void test_limit(void **state)
{
	struct guard *guard = guard_new(false, false, 3, 3600);
	uint64_t tickets[3], ticket;
	struct call call;

	(void)state;
	call_init(&call, "a/1.status");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(guard_has_room(guard, &call), 0);
		assert_int_equal(guard_take(guard, &call, &tickets[i]), 0);
		assert_true(tickets[i] > 0);
	}
	assert_int_equal(guard_has_room(guard, &call), -EDQUOT);
	assert_int_equal(guard_take(guard, &call, &ticket), -EDQUOT);
	assert_true(ticket == 0);
	assert_non_null(strstr(call.words, "status_limit reached (3 in 3600 s); next change "
					   "possible at "));
	/* whichever is given back, there is room for one */
	guard_give_back(guard, tickets[0]);
	guard_give_back(guard, tickets[0]);
	assert_int_equal(guard_take(guard, &call, &tickets[0]), 0);
	assert_int_equal(guard_has_room(guard, &call), -EDQUOT);
	guard_give_back(guard, tickets[1]);
	guard_give_back(guard, 0);
	guard_give_back(guard, 4711);
	assert_int_equal(guard_take(guard, &call, &tickets[1]), 0);
	assert_int_equal(guard_has_room(guard, &call), -EDQUOT);
	call_destroy(&call);
	guard_free(guard);
}

static void test_no_limit(void **state)
{
	struct guard *guard = guard_new(false, true, 0, 1);
	struct call call;
	uint64_t ticket;

	(void)state;
	call_init(&call, "a/1.status");
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(guard_take(guard, &call, &ticket), 0);
	guard_give_back(guard, ticket);
	assert_int_equal(guard_has_room(guard, &call), 0);
	assert_true(guard_dry_run(guard));
	assert_null(guard_history(guard));
	call_destroy(&call);
	guard_free(guard);
}

static void test_window(void **state)
{
	struct guard *guard = guard_new(false, false, 200, 10);
	struct call call;
	uint64_t ticket;

	(void)state;
	call_init(&call, "a/1.status");
	played = 1000;
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(guard_take(guard, &call, &ticket), 0);
	played += 9;
	assert_int_equal(guard_take(guard, &call, &ticket), -EDQUOT);
	played += 1;
	assert_int_equal(guard_take(guard, &call, &ticket), 0);
	/* what was forgotten can't be given back, and takes nobody's place */
	guard_give_back(guard, 1);
	for (size_t i = 1; i < 200; i++)
		assert_int_equal(guard_take(guard, &call, &ticket), 0);
	assert_int_equal(guard_take(guard, &call, &ticket), -EDQUOT);
	call_destroy(&call);
	guard_free(guard);
}

static void assert_room(struct guard *guard, unsigned limit, unsigned left, time_t until)
{
	struct guard_room room;

	guard_look(guard, &room);
	assert_int_equal(room.limit, limit);
	assert_int_equal(room.window, 10);
	assert_int_equal(room.left, left);
	assert_int_equal(room.until, until);
}

static void test_room(void **state)
{
	struct guard *guard = guard_new(false, false, 3, 10);
	char text[GUARD_TIME_MAX];
	struct call call;
	uint64_t ticket;

	(void)state;
	call_init(&call, "a/1.status");
	played = 1000;
	assert_room(guard, 3, 3, 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(guard_take(guard, &call, &ticket), 0);
		played++;
		assert_room(guard, 3, 2 - (unsigned)i, 1010);
	}
	/* lowered, two must go first; raised, the first one that goes is room for more */
	guard_set_limit(guard, 2);
	assert_int_equal(guard_has_room(guard, &call), -EDQUOT);
	assert_room(guard, 2, 0, 1011);
	guard_set_limit(guard, 5);
	assert_room(guard, 5, 2, 1010);
	assert_int_equal(guard_has_room(guard, &call), 0);
	/* without a limit they are counted all the same */
	guard_set_limit(guard, 0);
	assert_room(guard, 0, 0, 1010);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(guard_take(guard, &call, &ticket), 0);
	guard_set_limit(guard, 50);
	assert_room(guard, 50, 0, 1013);
	guard_give_back(guard, ticket);
	assert_room(guard, 50, 0, 1013);
	played = 1013;
	assert_room(guard, 50, 50, 0);
	guard_time(0, text);
	assert_non_null(strstr(text, "19"));
	assert_int_equal(strlen(text), strlen("1970-01-01T00:00:00+0000"));
	call_destroy(&call);
	guard_free(guard);
}

/* Takes, and gives every second one back, as others do at the same time. */
static void *take_and_give(void *arg)
{
	struct guard *guard = arg;
	uint64_t kept, given;
	struct call call;

	call_init(&call, "a/1.status");
	for (size_t i = 0; i < 500; i++) {
		if (guard_take(guard, &call, &kept) || guard_take(guard, &call, &given))
			abort();
		guard_give_back(guard, given);
	}
	call_destroy(&call);
	return NULL;
}

static void test_threads(void **state)
{
	struct guard *guard = guard_new(false, false, 2004, 3600);
	pthread_t threads[4];
	struct call call;
	uint64_t ticket;

	(void)state;
	call_init(&call, "a/1.status");
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, guard), 0);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(guard_take(guard, &call, &ticket), 0);
	assert_int_equal(guard_take(guard, &call, &ticket), -EDQUOT);
	call_destroy(&call);
	guard_free(guard);
}

static void test_read_only(void **state)
{
	struct guard *guard = guard_new(true, false, 1, 1);
	struct call call;

	(void)state;
	call_init(&call, "a/1.status");
	assert_int_equal(guard_writable(guard, &call, NULL), -EROFS);
	call_destroy(&call);
	guard_free(guard);
	guard_free(NULL);
}

/* A store where other hosts have made `others` changes. */
static struct {
	unsigned others, taken;
	uint64_t given;
	bool down, known;
} shared;

static int fake_take(struct store *store, struct call *call, unsigned limit, unsigned window,
		     uint64_t *ticket)
{
	(void)store;
	assert_int_equal(window, 3600);
	if (shared.down)
		return call_fail(call, CALL_NO_LOCK, "no store");
	if (limit && shared.others + shared.taken >= limit)
		return -EDQUOT;
	*ticket = 1000 + ++shared.taken;
	return 0;
}

static void fake_give_back(struct store *store, uint64_t ticket)
{
	(void)store;
	shared.given = ticket;
	shared.taken--;
}

static bool fake_look(struct store *store, unsigned window, struct store_count *count)
{
	(void)store;
	(void)window;
	*count = (struct store_count){.taken = shared.others + shared.taken,
				      .oldest = 100,
				      .together = shared.known};
	return shared.known;
}

/* All hosts count together, and a change that was not made counts for none of them. */
static void test_hosts(void **state)
{
	struct guard *guard = guard_new(false, false, 3, 3600);
	struct store_ops ops = *store_local()->ops;
	struct store store = {.ops = &ops};
	struct guard_room room;
	uint64_t first, ticket;
	struct call call;

	(void)state;
	ops.take = fake_take;
	ops.give_back = fake_give_back;
	ops.look = fake_look;
	guard_share(guard, &store);
	call_init(&call, "a/1.status");
	shared.others = 1;
	assert_int_equal(guard_take(guard, &call, &first), 0);
	assert_int_equal(guard_take(guard, &call, &ticket), 0);
	assert_int_equal(shared.taken, 2);
	shared.known = true;
	assert_int_equal(guard_take(guard, &call, &ticket), -EDQUOT);
	assert_true(ticket == 0);
	assert_non_null(strstr(call.words, "(3 in 3600 s, all hosts together); next change"));
	assert_int_equal(guard_has_room(guard, &call), -EDQUOT);
	guard_look(guard, &room);
	assert_true(room.together);
	assert_int_equal(room.left, 0);
	assert_int_equal(room.until, played + 3501);
	guard_give_back(guard, first);
	assert_true(shared.given == 1001);
	guard_look(guard, &room);
	assert_int_equal(room.left, 1);
	assert_int_equal(guard_has_room(guard, &call), 0);
	/* the store that cannot be asked */
	shared.down = true;
	assert_int_equal(guard_take(guard, &call, &ticket), -EREMOTEIO);
	assert_true(ticket == 0);
	shared.down = shared.known = false;
	assert_int_equal(guard_take(guard, &call, &ticket), 0);
	guard_look(guard, &room);
	assert_false(room.together);
	assert_int_equal(room.left, 1);
	call_destroy(&call);
	guard_free(guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_limit),   cmocka_unit_test(test_no_limit),
	    cmocka_unit_test(test_window),  cmocka_unit_test(test_room),
	    cmocka_unit_test(test_threads), cmocka_unit_test(test_read_only),
	    cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
