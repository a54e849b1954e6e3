/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_snapshot.c - building a snapshot, on its own and from an older one, and finding in it; and
 * what a record keeps of an object.
 */
#include "cache/record/record.h"
#include "cache/document/render.h"
#include "cache/record/snapshot.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *const id_keys[] = {"id", NULL};
static const char *const email_keys[] = {"email", NULL};
static const char *const time_keys[] = {"updated_at", NULL};
static const struct field fields[] = {{NULL, 0}};
static const struct collection people = {
    .name = "users",
    .id_keys = id_keys,
    .email_keys = email_keys,
    .time_keys = time_keys,
    .status_key = "status",
    .fields = fields,
};

static const struct timespec now = {1700000000, 5};

static struct record *record(size_t number, int value)
{
	json_t *object = json_pack("{s:i}", "value", value);
	struct record *made;
	char id[24];

	snprintf(id, sizeof(id), "%zu", number);
	made = record_new(&people, id, object, now);
	assert_non_null(made);
	json_decref(object);
	return made;
}

static const char *key(size_t number)
{
	static char id[24];

	snprintf(id, sizeof(id), "%zu", number);
	return id;
}

/* Users 0 to COUNT - 1, each with VALUE. */
static struct snapshot *make(size_t count, int value)
{
	struct snapshot_builder builder;
	struct snapshot *snapshot;

	snapshot_begin(&builder, NULL);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(snapshot_add(&builder, record(i, value)), 0);
	snapshot = snapshot_end(&builder, now);
	assert_non_null(snapshot);
	assert_int_equal(snapshot->count, count);
	return snapshot;
}

static void test_find(void **state)
{
	const size_t sizes[] = {0, 1, 2, 16, 17, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct snapshot *snapshot = make(sizes[i], 1);

		assert_int_equal(snapshot->fetched.tv_sec, now.tv_sec);
		for (size_t j = 0; j < sizes[i]; j++) {
			assert_string_equal(snapshot->records[j]->id, key(j));
			assert_ptr_equal(snapshot_find(snapshot, key(j)), snapshot->records[j]);
		}
		assert_null(snapshot_find(snapshot, key(sizes[i])));
		assert_null(snapshot_find(snapshot, ""));
		snapshot_put(snapshot_get(snapshot));
		snapshot_put(snapshot);
	}
	snapshot_put(NULL);
}

static void test_repeats(void **state)
{
	struct snapshot_builder builder;
	struct snapshot *snapshot;

	(void)state;
	snapshot_begin(&builder, NULL);
	for (size_t i = 0; i < 500; i++) {
		assert_int_equal(snapshot_add(&builder, record(i, 1)), 0);
		assert_int_equal(snapshot_add(&builder, record(i / 2, 2)), -EEXIST);
	}
	snapshot = snapshot_end(&builder, now);
	assert_int_equal(snapshot->count, 500);
	assert_string_equal(record_text(snapshot->records[3]), "{\n  \"value\": 1\n}\n");
	snapshot_put(snapshot);
}

/* What was added before a reset is no repeat after it; an end leaves an empty builder. */
static void test_reset(void **state)
{
	struct snapshot_builder builder;
	struct snapshot *snapshot;

	(void)state;
	snapshot_begin(&builder, NULL);
	snapshot_reset(&builder);
	for (int turn = 0; turn < 3; turn++) {
		for (size_t i = 0; i < 40; i++)
			assert_int_equal(snapshot_add(&builder, record(i, turn)), 0);
		snapshot_reset(&builder);
		assert_int_equal(builder.count, 0);
	}
	assert_int_equal(snapshot_add(&builder, record(7, 1)), 0);
	snapshot = snapshot_end(&builder, now);
	assert_int_equal(snapshot->count, 1);
	assert_non_null(snapshot_find(snapshot, "7"));
	assert_null(snapshot_find(snapshot, "8"));
	snapshot_put(snapshot);
	assert_int_equal(snapshot_add(&builder, record(7, 1)), 0);
	snapshot_reset(&builder);
	snapshot = snapshot_end(&builder, now);
	assert_int_equal(snapshot->count, 0);
	assert_null(snapshot_find(snapshot, "7"));
	snapshot_put(snapshot);
}

/* The old record is found where it stood, and where it does not stand any more. */
static void test_old(void **state)
{
	struct snapshot *old = make(100, 1), *snapshot;
	struct snapshot_builder builder;

	(void)state;
	snapshot_begin(&builder, old);
	assert_null(snapshot_old(&builder, "100"));
	for (size_t i = 0; i < 100; i++) {
		size_t number = i < 50 ? i : 149 - i;
		struct record *same = snapshot_old(&builder, key(number));

		assert_ptr_equal(same, old->records[number]);
		assert_int_equal(snapshot_add(&builder, record_get(same)), 0);
	}
	assert_int_equal(snapshot_add(&builder, record(100, 1)), 0);
	snapshot = snapshot_end(&builder, now);
	snapshot_put(old);
	for (size_t i = 0; i <= 100; i++)
		assert_string_equal(snapshot_find(snapshot, key(i))->id, key(i));
	assert_int_equal(atomic_load(&snapshot->records[0]->references), 1);
	snapshot_put(snapshot);
}

static struct record *record_from(const char *id, const char *json)
{
	json_t *object = json_loads(json, 0, NULL);
	struct record *made = record_new(&people, id, object, now);

	assert_non_null(made);
	json_decref(object);
	return made;
}

static void check_status(const char *json, const char *wanted)
{
	struct record *made = record_from("1", json);

	assert_string_equal(record_status(made), wanted);
	record_put(made);
}

static void test_record(void **state)
{
	struct record *full, *empty;
	json_t *json;

	(void)state;
	full = record_from("ab/c", "{\"id\":\"ab/c\",\"email\":\"A@x\",\"status\":\"inactive\","
				   "\"updated_at\":\"2024-02-29T01:02:03.25Z\"}");
	assert_string_equal(full->id, "ab/c");
	assert_string_equal(record_email(full), "A@x");
	assert_string_equal(record_status(full), "inactive");
	assert_int_equal(record_time(full).tv_sec, 1709168523);
	assert_int_equal(record_time(full).tv_nsec, 250000000);
	assert_int_equal(full->length, strlen(record_text(full)));
	json = record_json(full);
	assert_string_equal(json_string_value(json_object_get(json, "email")), "A@x");
	json_decref(json);

	empty = record_from("", "{}");
	assert_string_equal(empty->id, "");
	assert_null(record_email(empty));
	assert_string_equal(record_status(empty), "unknown");
	assert_int_equal(record_time(empty).tv_sec, now.tv_sec);
	assert_int_equal(record_time(empty).tv_nsec, now.tv_nsec);
	assert_string_equal(record_text(empty), "{}\n");
	assert_true(empty->version != full->version);
	assert_false(record_same(empty, full));
	record_set_time(empty, (struct timespec){-1, 999999999});
	assert_int_equal(record_time(empty).tv_sec, -1);
	assert_int_equal(record_time(empty).tv_nsec, 999999999);
	record_put(empty);
	record_put(full);
	record_put(NULL);
}

static void test_statuses(void **state)
{
	(void)state;
	check_status("{\"status\":\"active\"}", "active");
	check_status("{\"status\":\"suspended\"}", "suspended");
	check_status("{\"status\":\"suspended\",\"email\":\"a@x\"}", "suspended");
	check_status("{\"status\":\"Active\"}", "Active");
	check_status("{\"status\":\"unknown\"}", "unknown");
	check_status("{\"status\":\"\"}", "unknown");
	check_status("{\"status\":\"a\\nb\"}", "unknown");
	check_status("{\"status\":1}", "unknown");
}

static void test_shows(void **state)
{
	const char *const texts[] = {"{\"a\":2}", "{\"a\":10}", "{}", "{ \"a\": 1 }"};
	struct record *made = record_from("1", "{\"a\":1}");
	struct render text = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		json_t *object = json_loads(texts[i], 0, NULL);

		assert_int_equal(render_object(&text, object), 0);
		assert_int_equal(record_shows(made, &text), i == 3);
		json_decref(object);
	}
	render_clear(&text);
	record_put(made);
}

static void test_has_all(void **state)
{
	/* NAMES, as for record_has_all, and whether the text shows them all on its top level */
	static const struct {
		const char *names;
		bool has;
	} cases[] = {
	    {"{}", true},
	    {"{\"a\": 0}", true},
	    {"{\"b\": 0, \"a\": 1, \"list\": 2}", true},
	    {"{\"a\": 0, \"missing\": 1}", false},
	    {"{\"below\": 0}", false}, /* deeper down */
	    {"{\"text\": 0}", false},  /* a value */
	    {"{\"far\": 64}", false},  /* too many to count */
	};
	struct record *made = record_from("1",
					  "{\"a\": \"text\", \"b\": {\"below\": \"} \\\" {\"},"
					  "\"list\": [{\"below\": 1}, \"below\"], \"far\": 2}");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *names = json_loads(cases[i].names, 0, NULL);

		assert_int_equal(record_has_all(made, names), cases[i].has);
		json_decref(names);
	}
	record_put(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),     cmocka_unit_test(test_repeats),
	    cmocka_unit_test(test_reset),    cmocka_unit_test(test_old),
	    cmocka_unit_test(test_record),   cmocka_unit_test(test_shows),
	    cmocka_unit_test(test_statuses), cmocka_unit_test(test_has_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
