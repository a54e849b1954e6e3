/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_presence.c - what was made and deleted here, while a vendor's reads lag: it stays so, until
 * lag is over or the vendor shows something newer.
 */
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/roster/whole.h"
#include "tests/unit/stub_vendor.h"
#include "vendors/rest/account.h"

static const char *const time_keys[] = {"updated_at", NULL};

static void note_made(struct stub_roster *stub, const char *id, int value)
{
	struct timespec now = {1, 0};
	json_t *object = user(id, value);
	struct record *record = record_new(&people, id, object, now);

	presence_note_made(stub->roster, record);
	record_put(record);
	json_decref(object);
}

static void delete_user(struct stub_roster *stub, const char *id)
{
	json_t *before = user(id, 0);

	presence_note_deleted(stub->roster, id, before);
	publish_deleted(stub->roster, id);
	json_decref(before);
}

static size_t count(struct stub_roster *stub)
{
	struct snapshot *snapshot = whole(stub);
	size_t users = snapshot->count;

	snapshot_put(snapshot);
	return users;
}

/* The whole roster, fetched anew. */
static struct snapshot *fetch(struct stub_roster *stub)
{
	roster_refresh(stub->roster);
	return whole(stub);
}

static void test_made(void **state)
{
	struct snapshot *now;
	struct stub_roster stub;

	(void)state;
	begin(&stub, 10);
	assert_int_equal(count(&stub), 10);
	note_made(&stub, "20", 1);
	for (int turn = 0; turn < 2; turn++) {
		now = fetch(&stub);
		assert_int_equal(now->count, 11);
		assert_int_equal(value_in(now, "20"), 1);
		snapshot_put(now);
		roster_refresh(stub.roster);
		assert_int_equal(ask_record(&stub, "20"), 1);
		publish_absent(stub.roster, "20");
		assert_int_equal(ask_record(&stub, "20"), 1);
	}
	/* as it is known last, not as it was made */
	write_user(&stub, "20", 2);
	now = fetch(&stub);
	assert_int_equal(value_in(now, "20"), 2);
	snapshot_put(now);
	/* nobody else is helped by that */
	roster_refresh(stub.roster);
	assert_int_equal(ask_record(&stub, "30"), -ENOENT);
	assert_false(presence_was_made(stub.roster, "30"));
	assert_true(presence_was_made(stub.roster, "20"));
	/* once the vendor shows it, its word counts */
	user_count = 21;
	atomic_store(&values[20], 3);
	now = fetch(&stub);
	assert_int_equal(now->count, 21);
	assert_int_equal(value_in(now, "20"), 3);
	snapshot_put(now);
	user_count = 10;
	now = fetch(&stub);
	assert_int_equal(value_in(now, "20"), 3);
	snapshot_put(now);
	end(&stub);
}

static void test_deleted(void **state)
{
	struct snapshot *now;
	struct stub_roster stub;

	(void)state;
	begin(&stub, 10);
	assert_int_equal(count(&stub), 10);
	delete_user(&stub, "6");
	for (int turn = 0; turn < 2; turn++) {
		now = fetch(&stub);
		assert_int_equal(now->count, 9);
		assert_int_equal(value_in(now, "6"), -1);
		snapshot_put(now);
		roster_refresh(stub.roster);
		assert_int_equal(ask_record(&stub, "6"), -ENOENT);
	}
	/* made again, it is there */
	note_made(&stub, "6", 4);
	now = fetch(&stub);
	assert_int_equal(now->count, 10);
	snapshot_put(now);
	end(&stub);
}

/* Without lag a list is the vendor's word at once. */
static void test_no_lag(void **state)
{
	struct snapshot *now;
	struct stub_roster stub;

	(void)state;
	begin(&stub, 10);
	stub.account->lag = 0;
	delete_user(&stub, "6");
	note_made(&stub, "20", 1);
	assert_false(presence_was_made(stub.roster, "20"));
	now = fetch(&stub);
	assert_int_equal(now->count, 10);
	assert_int_equal(value_in(now, "6"), 0);
	snapshot_put(now);
	end(&stub);
}

/* When lag is over, the next question goes to the vendor, long before ttl. */
static void test_the_end_of_lag(void **state)
{
	struct stub_roster stub;
	struct call call;
	double seconds;

	(void)state;
	begin(&stub, 10);
	call_init(&call, "test");
	stub.account->lag = 1;
	stub.account->ttl = 3600;
	delete_user(&stub, "6");
	note_made(&stub, "20", 1);
	snapshot_put(fetch(&stub));
	snapshot_put(whole_snapshot(stub.roster, &seconds));
	assert_true(seconds <= 1);
	while (ask_record(&stub, "20") != -ENOENT || ask_record(&stub, "6") != 0)
		call_pause(&call, 20);
	assert_int_equal(count(&stub), 10);
	/* and then for as long as any */
	snapshot_put(fetch(&stub));
	snapshot_put(whole_snapshot(stub.roster, &seconds));
	assert_true(seconds > 1);
	call_destroy(&call);
	end(&stub);
}

/* Return true if user 6, shown with TIME (NULL: none), is taken for the one deleted at BEFORE. */
static bool is_hidden(struct roster *roster, const char *before, const char *time)
{
	json_t *old = json_pack("{s:s, s:s*}", "id", "6", "updated_at", before);
	json_t *now = json_pack("{s:s, s:s*}", "id", "6", "updated_at", time);
	struct call call;
	bool hidden;

	call_init(&call, "test");
	presence_note_deleted(roster, "6", old);
	hidden = presence_was_deleted(roster, &call, "6", now);
	assert_true((call.good_until > 0) == hidden);
	/* what is newer ends the memory */
	assert_true(presence_was_deleted(roster, &call, "6", old) == hidden);
	assert_false(presence_was_deleted(roster, &call, "7", now));
	call_destroy(&call);
	json_decref(old);
	json_decref(now);
	return hidden;
}

static void test_times(void **state)
{
	const char *const early = "2026-01-01T00:00:00Z", *const late = "2026-01-01T00:00:01Z";
	const struct roster_events events = {0};
	struct collection timed = people;
	struct account *account = account_new("acme", &vendor);
	struct roster *roster;

	(void)state;
	timed.time_keys = time_keys;
	roster = roster_new(account, &timed, NULL, NULL, &events);
	assert_true(is_hidden(roster, early, early));
	assert_true(is_hidden(roster, late, early));
	assert_false(is_hidden(roster, early, late));
	assert_true(is_hidden(roster, NULL, late));
	assert_true(is_hidden(roster, early, NULL));
	roster_free(roster);
	account_free(account);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_made),   cmocka_unit_test(test_deleted),
	    cmocka_unit_test(test_no_lag), cmocka_unit_test(test_the_end_of_lag),
	    cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests_name("presence", tests, NULL, NULL);
}
