/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_seats.c - a seat that somebody uses does not go away.
 */
#include "cache/store/seats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 2000

static struct shared shared = {.lock = PTHREAD_MUTEX_INITIALIZER,
			       .unused = PTHREAD_COND_INITIALIZER};

static struct store_seat *seat_new(const char *account, const char *name)
{
	struct store_seat *seat = calloc(1, sizeof(*seat));

	assert_non_null(seat);
	seat->shared = &shared;
	snprintf(seat->account, sizeof(seat->account), "%s", account);
	snprintf(seat->name, sizeof(seat->name), "%s", name);
	seats_add(seat);
	return seat;
}

static void seat_free(struct store_seat *seat)
{
	seats_remove(seat);
	free(seat);
}

/* Count the seats. */
static void count_seat(void *arg, struct store_seat *seat)
{
	assert_true(seat->users > 0);
	++*(int *)arg;
}

static int count_of(const char *account)
{
	int count = 0;

	assert_int_equal(seats_each(&shared, account, count_seat, &count), 0);
	return count;
}

static void test_find(void **state)
{
	struct store_seat *a = seat_new("one", "users"), *b = seat_new("one", "groups"),
			  *c = seat_new("two", "users"), *found;

	(void)state;
	found = seats_find(&shared, "two", "users");
	assert_ptr_equal(found, c);
	seats_done(found);
	assert_null(seats_find(&shared, "two", "groups"));
	seats_done(NULL);
	assert_int_equal(count_of("one"), 2);
	assert_int_equal(count_of("two"), 1);
	assert_int_equal(count_of("three"), 0);
	assert_int_equal(count_of(NULL), 3);
	seats_remove(a);
	seats_remove(a);
	assert_null(seats_find(&shared, "one", "users"));
	seat_free(a);
	seat_free(b);
	seat_free(c);
	assert_int_equal(count_of(NULL), 0);
	assert_null(shared.seats);
}

/* Use whatever seat there is; when it is used, its name must be there. */
static void use_seat(void *arg, struct store_seat *seat)
{
	(void)arg;
	assert_string_equal(seat->name, "users");
}

static void *use_seats(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct store_seat *seat = seats_find(&shared, "one", "users");

		if (seat)
			use_seat(NULL, seat);
		seats_done(seat);
		seats_each(&shared, NULL, use_seat, NULL);
	}
	return arg;
}

static void test_threads(void **state)
{
	pthread_t users[2];

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&users[i], NULL, use_seats, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct store_seat *seat = seat_new("one", "users");

		seats_remove(seat);
		memset(seat, 0, sizeof(*seat));
		free(seat);
	}
	for (size_t i = 0; i < 2; i++)
		pthread_join(users[i], NULL);
	assert_null(shared.seats);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
