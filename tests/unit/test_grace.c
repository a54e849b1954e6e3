/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grace.c - what readers of a roster see in the seconds of grace: the old roster, while one
 * fetch runs behind them.
 */
#include "cache/record/snapshot.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "tests/unit/played.h"

static void sleep_ms(long milliseconds)
{
	const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void check_old(struct scene *scene, const char *id, int value)
{
	struct snapshot *snapshot = whole(scene);

	assert_int_equal(value_in(snapshot, id), value);
	assert_int_equal(ask_record(scene, id), value);
	snapshot_put(snapshot);
}

/* Who asks while the gate is shut waits, and gets the 7 that the vendor has when it opens. */
static void wait_for_news(struct scene *scene)
{
	struct asker asker;

	start(scene, &asker);
	sleep_ms(20);
	assert_false(atomic_load(&asker.done));
	set_gate(false);
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
	struct scene scene;

	(void)state;
	begin(&scene, 100);
	scene.account->ttl = 1;
	scene.account->grace = 600;
	snapshot_put(whole(&scene));
	atomic_store(&values[7], 1);
	sleep_ms(1050);
	set_gate(true);
	for (int turn = 0; turn < 5; turn++)
		check_old(&scene, "7", 0);
	write_user(&scene, "8", 5);
	check_old(&scene, "8", 5);
	publish_deleted(scene.roster, "9");
	assert_int_equal(ask_record(&scene, "9"), -ENOENT);
	check_old(&scene, "7", 0);
	while (atomic_load(&lists) < 2)
		sleep_ms(1);
	assert_int_equal(lists, 2);
	/* who asks for news waits for it */
	roster_refresh(scene.roster);
	wait_for_news(&scene);
	end(&scene);
}

/* In grace, too, what a write may have changed is asked for before it is shown. */
static void test_doubt_in_grace(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 300);
	scene.account->grace = 60;
	snapshot_put(whole(&scene));
	atomic_store(&values[7], 1);
	publish_doubt(scene.roster, "7");
	assert_int_equal(ask_record(&scene, "7"), 1);
	end(&scene);
}

/* After the grace one waits, and the fetch that began in it is the one that is waited for. */
static void test_after_grace(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene, 100);
	scene.account->ttl = 1;
	scene.account->grace = 600;
	snapshot_put(whole(&scene));
	atomic_store(&values[7], 1);
	sleep_ms(1050);
	set_gate(true);
	check_old(&scene, "7", 0);
	while (atomic_load(&lists) < 2)
		sleep_ms(1);
	scene.account->grace = 1;
	sleep_ms(1000);
	wait_for_news(&scene);
	assert_int_equal(lists, 2);
	end(&scene);
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
