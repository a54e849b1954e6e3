/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_roster.c - what readers of a roster see while it is fetched anew and written to: the same
 * records where nothing changed, and each write that was acknowledged.
 */
#include "tests/unit/stub_vendor.h"

#include "cache/update/self_guard.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/figures.h"
#include "cache/roster/inactive.h"
#include "cache/roster/known.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/roster/whole.h"
#include "cache/update/change.h"
#include "vendors/rest/self.h"

/* ---- refreshing ---- */

static void check_events(struct stub_roster *stub, int changes, int replacements)
{
	assert_int_equal(atomic_exchange(&stub->changed, 0), changes);
	assert_int_equal(atomic_exchange(&stub->replaced, 0), replacements);
	assert_int_equal(atomic_exchange(&stub->emails, 0), 0);
}

/* Nothing has changed: the very same records, and nobody is told of any. */
static void test_unchanged(void **state)
{
	struct snapshot *old, *new;
	struct stub_roster stub;

	(void)state;
	begin(&stub, 300);
	old = whole(&stub);
	check_events(&stub, 0, 1);
	for (int turn = 0; turn < 3; turn++) {
		roster_refresh(stub.roster);
		new = whole(&stub);
		check_events(&stub, 0, 1);
		assert_int_equal(stub.same, turn + 1);
		assert_ptr_not_equal(old, new);
		assert_int_equal(new->count, 300);
		for (size_t i = 0; i < new->count; i++)
			assert_ptr_equal(new->records[i], old->records[i]);
		snapshot_put(old);
		old = new;
	}
	snapshot_put(old);
	assert_int_equal(lists, 4);
	end(&stub);
}

/* One has changed, and the order has: all others stay what they are. */
static void test_one_changed(void **state)
{
	struct snapshot *old, *new;
	struct stub_roster stub;

	(void)state;
	begin(&stub, 300);
	old = whole(&stub);
	atomic_store(&values[7], 1);
	user_count = 301;
	roster_refresh(stub.roster);
	new = whole(&stub);
	check_events(&stub, 0, 2);
	assert_int_equal(stub.same, 0);
	assert_int_equal(new->count, 301);
	for (size_t i = 0; i < old->count; i++)
		assert_int_equal(new->records[i] == old->records[i], i != 7);
	assert_int_equal(value_in(new, "7"), 1);
	assert_int_equal(value_in(old, "7"), 0);
	snapshot_put(old);
	snapshot_put(new);
	end(&stub);
}

/* What was saved here is what the vendor lists then: the kernel's pages of it stay. */
static void test_written_and_refreshed(void **state)
{
	struct record *written, *listed;
	struct snapshot *new;
	struct stub_roster stub;
	double seconds;

	(void)state;
	begin(&stub, 300);
	snapshot_put(whole(&stub));
	atomic_store(&values[7], 1);
	write_user(&stub, "7", 1);
	check_events(&stub, 1, 1);
	assert_int_equal(known_peek(stub.roster, "7", &written, &seconds), KNOWN_FRESH);
	roster_refresh(stub.roster);
	new = whole(&stub);
	check_events(&stub, 0, 1);
	assert_int_equal(known_peek(stub.roster, "7", &listed, &seconds), KNOWN_FRESH);
	assert_ptr_equal(listed, written);
	assert_ptr_equal(snapshot_find(new, "7"), written);
	record_put(listed);
	record_put(written);
	snapshot_put(new);
	end(&stub);
}

/* The same for one that is fetched alone. */
static void test_fetched_alone(void **state)
{
	struct record *listed, *alone;
	struct stub_roster stub;
	double seconds;

	(void)state;
	begin(&stub, 300);
	snapshot_put(whole(&stub));
	assert_int_equal(known_peek(stub.roster, "7", &listed, &seconds), KNOWN_FRESH);
	for (int turn = 0; turn < 2; turn++) {
		roster_refresh(stub.roster);
		assert_int_equal(ask_record(&stub, "7"), 0);
		assert_int_equal(known_peek(stub.roster, "7", &alone, &seconds), KNOWN_FRESH);
		assert_ptr_equal(alone, listed);
		record_put(alone);
	}
	check_events(&stub, 0, 1);
	atomic_store(&values[7], 1);
	roster_refresh(stub.roster);
	assert_int_equal(ask_record(&stub, "7"), 1);
	check_events(&stub, 1, 0);
	record_put(listed);
	assert_int_equal(lists, 1);
	end(&stub);
}

/* Fetched alone before there was any list: the list shows the very record unless it has changed. */
static void test_alone_before_the_list(void **state)
{
	(void)state;
	for (int value = 0; value < 2; value++) {
		struct snapshot *listed;
		struct record *alone;
		struct stub_roster stub;
		double seconds;

		begin(&stub, 300);
		assert_int_equal(ask_record(&stub, "7"), 0);
		assert_int_equal(known_peek(stub.roster, "7", &alone, &seconds), KNOWN_FRESH);
		assert_int_equal(lists, 0);
		atomic_store(&values[7], value);
		listed = whole(&stub);
		assert_int_equal(snapshot_find(listed, "7") == alone, value == 0);
		assert_int_equal(value_in(listed, "7"), value);
		record_put(alone);
		snapshot_put(listed);
		end(&stub);
	}
}

/* ---- writing ---- */

static void test_writes_are_listed(void **state)
{
	struct snapshot *first, *second, *again;
	uint64_t before, after;
	struct stub_roster stub;
	double seconds;

	(void)state;
	begin(&stub, 100);
	first = ask_whole(&stub, &before);
	assert_int_equal(whole_generation(stub.roster, &seconds), before);
	write_user(&stub, "5", 1);
	write_user(&stub, "5", 2);
	write_user(&stub, "new", 3);
	publish_deleted(stub.roster, "6");
	publish_deleted(stub.roster, "nobody");
	publish_absent(stub.roster, "8");
	assert_true(whole_generation(stub.roster, &seconds) > before);

	second = ask_whole(&stub, &after);
	assert_int_equal(whole_generation(stub.roster, &seconds), after);
	assert_int_equal(second->count, 100);
	assert_int_equal(value_in(second, "5"), 2);
	assert_int_equal(value_in(second, "new"), 3);
	assert_int_equal(value_in(second, "6"), -1);
	assert_int_equal(value_in(second, "8"), 0);
	assert_string_equal(second->records[5]->id, "5");
	assert_string_equal(second->records[6]->id, "7");
	assert_string_equal(second->records[99]->id, "new");
	/* who has the first one still sees that */
	assert_int_equal(first->count, 100);
	assert_int_equal(value_in(first, "5"), 0);
	assert_int_equal(value_in(first, "6"), 0);

	again = known(&stub);
	assert_ptr_equal(again, second);
	snapshot_put(again);
	write_user(&stub, "6", 9);
	again = known(&stub);
	assert_int_equal(value_in(again, "6"), 9);
	assert_int_equal(again->count, 101);
	snapshot_put(again);
	snapshot_put(first);
	snapshot_put(second);
	assert_int_equal(lists, 1);
	end(&stub);
}

static void await_list(const struct asker *asker, int count)
{
	while (atomic_load(&lists) < count)
		call_pause((struct call *)(uintptr_t)&asker->call, 1);
}

/* What is written while a roster is fetched stays on top of what the fetch brings. */
static void test_written_while_fetched(void **state)
{
	struct asker asker, other;
	struct snapshot *now;
	struct stub_roster stub;

	(void)state;
	begin(&stub, 100);
	snapshot_put(whole(&stub));
	write_user(&stub, "4", 1); /* before: the fetch knows better */
	stub_hold_lists(true);
	roster_refresh(stub.roster);
	start(&stub, &asker);
	start(&stub, &other);
	await_list(&asker, 2);
	write_user(&stub, "5", 1);
	publish_deleted(stub.roster, "6");
	snapshot_put(known(&stub)); /* it is in the old snapshot now, too */
	stub_hold_lists(false);
	finish(&asker);
	finish(&other);
	assert_ptr_equal(asker.wait.snapshot, other.wait.snapshot);
	assert_int_equal(asker.wait.generation, other.wait.generation);
	assert_int_equal(value_in(asker.wait.snapshot, "4"), 0);
	assert_int_equal(value_in(asker.wait.snapshot, "5"), 1);
	assert_int_equal(value_in(asker.wait.snapshot, "6"), -1);
	now = known(&stub);
	assert_ptr_equal(now, asker.wait.snapshot);
	snapshot_put(now);
	clear(&asker);
	clear(&other);
	roster_refresh(stub.roster);
	now = whole(&stub);
	assert_int_equal(value_in(now, "5"), 0);
	assert_int_equal(value_in(now, "6"), 0);
	snapshot_put(now);
	end(&stub);
}

static size_t reappeared(struct stub_roster *stub)
{
	struct figures info;

	figures_get(stub->roster, &info);
	return info.reappeared;
}

/* Who is made inactive while a roster is fetched has not come back because that shows the old. */
static void test_deactivated_while_fetched(void **state)
{
	struct asker asker;
	struct stub_roster stub;

	(void)state;
	begin(&stub, 100);
	stub_hold_lists(true);
	start(&stub, &asker);
	await_list(&asker, 1);
	inactive_note(stub.roster, "5", true);
	write_user(&stub, "5", INACTIVE);
	stub_hold_lists(false);
	finish(&asker);
	assert_int_equal(value_in(asker.wait.snapshot, "5"), INACTIVE);
	assert_int_equal(reappeared(&stub), 0);
	clear(&asker);
	atomic_store(&values[5], INACTIVE);
	roster_refresh(stub.roster);
	snapshot_put(whole(&stub));
	assert_int_equal(reappeared(&stub), 0);
	/* but then a colleague makes them active again: that is said once */
	atomic_store(&values[5], 0);
	for (int turn = 0; turn < 2; turn++) {
		roster_refresh(stub.roster);
		snapshot_put(whole(&stub));
		assert_int_equal(reappeared(&stub), 1);
	}
	end(&stub);
}

/* ---- all at once ---- */

#define WRITERS 3
#define ROUNDS 150

struct writer {
	struct stub_roster *stub;
	size_t number;
};

static atomic_bool all_written;

/* Each write is seen from then on, by id and in the whole, whatever else goes on. */
static void *write_and_look(void *arg)
{
	const struct writer *writer = arg;
	struct stub_roster *stub = writer->stub;

	for (int round = 1; round <= ROUNDS; round++) {
		size_t number = writer->number + WRITERS * (size_t)(round % 7);
		struct snapshot *snapshot;
		struct record *record;
		double seconds;
		char id[24];

		snprintf(id, sizeof(id), "%zu", number);
		atomic_store(&values[number], round);
		write_user(stub, id, round);
		known_peek(stub->roster, id, &record, &seconds);
		if (!record || value_of(record) < round)
			return "a write is not seen by id";
		record_put(record);
		snapshot = round % 2 ? known(stub) : whole(stub);
		if (snapshot->count != user_count || value_in(snapshot, id) < round)
			return "a write is not seen in the whole";
		snapshot_put(snapshot);
	}
	return NULL;
}

/* What a colleague changes is seen after a refresh, and stays so. */
static void *refresh_and_look(void *arg)
{
	struct stub_roster *stub = arg;
	char id[24];

	snprintf(id, sizeof(id), "%zu", user_count - 1);
	for (int round = 1; !atomic_load(&all_written); round++) {
		struct snapshot *snapshot;
		struct record *record;
		double seconds;

		atomic_store(&values[user_count - 1], round);
		roster_refresh(stub->roster);
		for (int turn = 0; turn < 3; turn++) {
			snapshot = turn ? known(stub) : whole(stub);
			known_peek(stub->roster, id, &record, &seconds);
			if (value_in(snapshot, id) < round || value_of(record) < round)
				return "a refresh is undone";
			record_put(record);
			snapshot_put(snapshot);
		}
	}
	return NULL;
}

static void test_all_at_once(void **state)
{
	pthread_t threads[WRITERS], refresher;
	struct writer writers[WRITERS];
	const char *words = NULL;
	struct stub_roster stub;
	void *wrong;

	(void)state;
	begin(&stub, USERS_MAX / 10);
	snapshot_put(whole(&stub));
	atomic_store(&all_written, false);
	pthread_create(&refresher, NULL, refresh_and_look, &stub);
	for (size_t i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){&stub, i};
		pthread_create(&threads[i], NULL, write_and_look, &writers[i]);
	}
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], &wrong);
		words = wrong ? wrong : words;
	}
	atomic_store(&all_written, true);
	pthread_join(refresher, &wrong);
	words = wrong ? wrong : words;
	end(&stub);
	assert_null(words);
}

/* The keys of a vendor without `self` are no user's: nobody need be asked, and nobody is. */
static void test_nobodys_keys(void **state)
{
	struct stub_roster stub;
	struct call call;
	char *id = NULL;

	(void)state;
	begin(&stub, 3);
	call_init(&call, "test");
	assert_int_equal(self_guard_check(&call, stub.roster, "1", "inactive"), 0);
	assert_int_equal(call.error, 0);
	assert_int_equal(self_find(&call, stub.account, &id), -ENODATA);
	assert_null(id);
	call_destroy(&call);
	end(&stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unchanged),
	    cmocka_unit_test(test_one_changed),
	    cmocka_unit_test(test_written_and_refreshed),
	    cmocka_unit_test(test_fetched_alone),
	    cmocka_unit_test(test_alone_before_the_list),
	    cmocka_unit_test(test_writes_are_listed),
	    cmocka_unit_test(test_written_while_fetched),
	    cmocka_unit_test(test_deactivated_while_fetched),
	    cmocka_unit_test(test_all_at_once),
	    cmocka_unit_test(test_nobodys_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
