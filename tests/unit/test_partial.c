/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_partial.c - rows of a list that lack fields: a record is fetched when its file is opened.
 */
#include "tests/unit/described_vendor.h"

static const struct rule_list listing = {.partial = true};

static int set_up(void **state)
{
	struct collection users = people;

	users.listing = &listing;
	*state = described_new(&users);
	return 0;
}

static int tear_down(void **state)
{
	described_free(*state);
	return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void read_list(struct described *all)
{
	struct wait wait = {.kind = WAIT_WHOLE, .call = &all->call};

	new_call(all);
	assert_int_equal(wait_sync(all->roster, &wait), 0);
	wait_clear(&wait);
}

/* What is known of ID, and whether its .json (or .status) needs a GET. */
static bool needs(struct described *all, const char *id, bool status)
{
	struct record *record;
	double seconds;
	bool needs;

	assert_int_equal(known_peek(all->roster, id, &record, &seconds), KNOWN_FRESH);
	needs = known_needs_get(all->roster, id, record, status);
	record_put(record);
	return needs;
}

/* Open ID; returns the version that is shown. */
static uint64_t open_file(struct described *all, const char *id)
{
	struct record *record;
	uint64_t version;
	int error;

	record = ask(all, WAIT_DETAIL, id, &error);
	assert_int_equal(error, 0);
	assert_non_null(strstr(record_text(record), "Ada"));
	version = record->version;
	record_put(record);
	return version;
}

static uint64_t known_version(struct described *all, const char *id)
{
	struct record *record;
	double seconds;
	uint64_t version;

	known_peek(all->roster, id, &record, &seconds);
	version = record->version;
	record_put(record);
	return version;
}

static void test_open(void **state)
{
	struct described *all = *state;
	uint64_t version;

	read_list(all);
	assert_true(needs(all, "1", false));
	assert_true(needs(all, "1", true));
	/* attributes cost no request */
	known_version(all, "1");
	assert_int_equal(get_count, 0);
	version = open_file(all, "1");
	assert_int_equal(get_count, 1);
	assert_false(needs(all, "1", false));
	assert_false(needs(all, "1", true));
	assert_true(open_file(all, "1") == version);
	assert_int_equal(get_count, 1);
	assert_true(needs(all, "2", false));
	assert_int_equal(list_count, 1);
}

/* A row with a status answers .status. */
static void test_status(void **state)
{
	struct described *all = *state;
	json_t *record = stored_json("2");

	json_object_set_new(record, "rowed", json_true());
	store("2", record);
	json_decref(record);
	read_list(all);
	assert_true(needs(all, "2", false));
	assert_false(needs(all, "2", true));
	/* and still does when the record was read and its age is over */
	open_file(all, "2");
	roster_refresh(all->roster);
	read_list(all);
	assert_true(needs(all, "2", false));
	assert_false(needs(all, "2", true));
	open_file(all, "1");
	roster_refresh(all->roster);
	read_list(all);
	assert_true(needs(all, "1", true));
}

/* A list that comes later changes nothing of what was read, unless the row itself has changed. */
static void test_refresh(void **state)
{
	struct described *all = *state;
	uint64_t version;
	json_t *record;

	row_extra = "only rows have it";
	read_list(all);
	version = open_file(all, "1");
	for (int i = 0; i < 2; i++) {
		roster_refresh(all->roster);
		read_list(all);
		assert_true(known_version(all, "1") == version);
	}
	/* what it shows is read again when it is opened, and is the same version */
	assert_true(needs(all, "1", false));
	assert_true(open_file(all, "1") == version);
	assert_int_equal(get_count, 2);
	record = stored_json("1");
	json_object_set_new(record, "email", json_string("b@x.example"));
	store("1", record);
	json_decref(record);
	roster_refresh(all->roster);
	read_list(all);
	assert_false(known_version(all, "1") == version);
	assert_true(needs(all, "1", false));
}

/* A response to a GET stays good for its own time when a list comes. */
static void test_own_age(void **state)
{
	struct described *all = *state;

	all->account->ttl = 300;
	row_extra = "only rows have it";
	read_list(all);
	roster_refresh(all->roster);
	open_file(all, "1");
	read_list(all);
	assert_int_equal(list_count, 2);
	assert_false(needs(all, "1", false));
	/* a record that was read before there was any list */
	described_free(all);
	set_up(state);
	all = *state;
	open_file(all, "1");
	assert_int_equal(list_count, 0);
	read_list(all);
	assert_false(needs(all, "1", false));
}

/* A row never takes the place of a GET that fails. */
static void test_failed_get(void **state)
{
	struct described *all = *state;
	int error;

	read_list(all);
	get_fails = 404;
	assert_null(ask(all, WAIT_DETAIL, "1", &error));
	assert_int_equal(error, -ENOENT);
	get_fails = 403;
	assert_null(ask(all, WAIT_DETAIL, "1", &error));
	assert_int_equal(error, -EACCES);
	assert_int_equal(write_word(all, "inactive"), -EACCES);
	get_fails = 404;
	assert_int_equal(write_word(all, "inactive"), -ENOENT);
	assert_int_equal(put_count, 0);
	/* it is still listed */
	known_version(all, "1");
	get_fails = 0;
	open_file(all, "1");
}

/* Edits are made of the record, not of its row, which may even write a value in another way. */
static void test_edit(void **state)
{
	struct described *all = *state;

	row_extra = "only rows have it";
	read_list(all);
	assert_int_equal(save(all, "{'id':'1','email':'b@x.example'}"), 0);
	assert_int_equal(put_count, 1);
	assert_null(strstr(sent, "only rows"));
	assert_false(needs(all, "1", false));
	assert_int_equal(write_word(all, "inactive"), 0);
	assert_string_equal(has("/state/on"), "false");
}

/* Another status than 404 is believed when the complete list lacks the record, too. */
static void test_gone_codes(void **state)
{
	static const int codes[] = {403, 404, 0};
	struct described *all = *state;
	json_t *stored_record = stored_json("1");
	struct record *record;
	int error;

	json_object_set_new(stored_record, "rowed", json_true());
	store("1", stored_record);
	json_decref(stored_record);
	all->users.listing = NULL;
	all->users.gone_codes = codes;
	get_fails = 403;
	record = ask(all, WAIT_RECORD, "1", &error);
	assert_int_equal(error, -EACCES);
	assert_null(record);
	assert_int_equal(list_count, 1);
	assert_int_equal(write_word(all, "inactive"), -EACCES);
	free(stored[1]);
	stored[1] = NULL;
	roster_refresh(all->roster);
	record = ask(all, WAIT_RECORD, "1", &error);
	assert_int_equal(error, -ENOENT);
	assert_null(record);
	assert_int_equal(write_word(all, "inactive"), -ENOENT);
}

/* A row that counts as deleted is not there. */
static void test_gone_when(void **state)
{
	static const struct value deleted[] = {{VALUE_TEXT, "deleted"}, {VALUE_END, NULL}};
	struct described *all = *state;
	struct snapshot *snapshot;
	double seconds;

	all->users.gone_when = (struct condition){.source = {SOURCE_BODY, "/extra"},
						  .values = deleted};
	row_extra = "deleted";
	read_list(all);
	snapshot = whole_snapshot(all->roster, &seconds);
	assert_int_equal(snapshot->count, 0);
	snapshot_put(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_open),       TEST(test_status), TEST(test_refresh),    TEST(test_own_age),
	    TEST(test_failed_get), TEST(test_edit),   TEST(test_gone_codes), TEST(test_gone_when),
	};

	return cmocka_run_group_tests_name("partial", tests, NULL, NULL);
}
