/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grace.c - what readers of a roster see in the seconds of grace: the old roster, while one
 * fetch runs behind them.
 */
#include "cache/record/snapshot.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "tests/unit/stub_vendor.h"

static void sleep_ms(long milliseconds)
{
	const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void check_old(struct stub_roster *stub, const char *id, int value)
{
	struct snapshot *snapshot = whole(stub);

	assert_int_equal(value_in(snapshot, id), value);
	assert_int_equal(ask_record(stub, id), value);
	snapshot_put(snapshot);
}

/* A caller that asks while lists are held waits, and gets the 7 that the vendor has by then. */
static void wait_for_news(struct stub_roster *stub)
{
	struct asker asker;

	start(stub, &asker);
	sleep_ms(20);
	assert_false(atomic_load(&asker.done));
	stub_hold_lists(false);
	finish(&asker);
	assert_int_equal(value_in(asker.wait.snapshot, "7"), 1);
	clear(&asker);
}

/*
 * A second of ttl and a long grace: then the old roster is shown, what is written meanwhile is
 * seen, and one fetch runs behind it, however many ask. It shows what is new when it ends.
 */
static void test_grace(void **state)
{
	struct stub_roster stub;

	(void)state;
	begin(&stub, 100);
	stub.account->ttl = 1;
	stub.account->grace = 600;
	snapshot_put(whole(&stub));
	atomic_store(&values[7], 1);
	sleep_ms(1050);
	stub_hold_lists(true);
	for (int turn = 0; turn < 5; turn++)
		check_old(&stub, "7", 0);
	write_user(&stub, "8", 5);
	check_old(&stub, "8", 5);
	publish_deleted(stub.roster, "9");
	assert_int_equal(ask_record(&stub, "9"), -ENOENT);
	check_old(&stub, "7", 0);
	while (atomic_load(&lists) < 2)
		sleep_ms(1);
	assert_int_equal(lists, 2);
	/* who asks for news waits for it */
	roster_refresh(stub.roster);
	wait_for_news(&stub);
	end(&stub);
}

/* In grace, too, what a write may have changed is asked for before it is shown. */
static void test_doubt_in_grace(void **state)
{
	struct stub_roster stub;

	(void)state;
	begin(&stub, 300);
	stub.account->grace = 60;
	snapshot_put(whole(&stub));
	atomic_store(&values[7], 1);
	publish_doubt(stub.roster, "7");
	assert_int_equal(ask_record(&stub, "7"), 1);
	end(&stub);
}

/* After the grace one waits, and the fetch that began in it is the one that is waited for. */
static void test_after_grace(void **state)
{
	struct stub_roster stub;

	(void)state;
	begin(&stub, 100);
	stub.account->ttl = 1;
	stub.account->grace = 600;
	snapshot_put(whole(&stub));
	atomic_store(&values[7], 1);
	sleep_ms(1050);
	stub_hold_lists(true);
	check_old(&stub, "7", 0);
	while (atomic_load(&lists) < 2)
		sleep_ms(1);
	stub.account->grace = 1;
	sleep_ms(1000);
	wait_for_news(&stub);
	assert_int_equal(lists, 2);
	end(&stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grace),
	    cmocka_unit_test(test_after_grace),
	    cmocka_unit_test(test_doubt_in_grace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
