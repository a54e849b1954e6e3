/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_member_table.c - memberships out of records: where they stand, their rows, their columns.
 */
#include "cache/tables/member_table.h"

#include "cache/record/snapshot.h"
#include "cache/tables/member_place.h"
#include "vendors/json/exact_parse.h"
#include "vendors/vendor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *const id_keys[] = {"id", NULL}, *const none[] = {NULL};
static const struct field fields[] = {{NULL, 0}};
static const struct collection groups = {
    .name = "groups",
    .id_keys = id_keys,
    .email_keys = none,
    .time_keys = none,
    .fields = fields,
};

static const struct table_style plain = {.guard = true};

static const struct member_source of_groups = {
    .at = "/members/*",
    .id_column = "group_id",
    .name_column = "group_name",
    .name = "displayName",
};

/* A snapshot of records 0, 1... with these TEXTS, which end with NULL. */
static struct snapshot *make(const char *const *texts)
{
	struct snapshot_builder builder;

	snapshot_begin(&builder, NULL);
	for (size_t i = 0; texts[i]; i++) {
		json_t *object = exact_parse(texts[i], strlen(texts[i]), 0, NULL);
		struct record *record;
		char id[24];

		assert_non_null(object);
		snprintf(id, sizeof(id), "%zu", i);
		record = record_new(&groups, id, object, (struct timespec){1, 0});
		assert_non_null(record);
		json_decref(object);
		assert_int_equal(snapshot_add(&builder, record), 0);
	}
	return snapshot_end(&builder, (struct timespec){1, 0});
}

/* The table must be EXPECTED, as a whole and from each offset on. */
static void check(const char *const *texts, const struct member_source *source,
		  enum table_format format, const struct table_style *style, const char *expected)
{
	struct snapshot *snapshot = make(texts);
	struct table_text *table = member_table_new(snapshot, source, format, style);
	size_t length = strlen(expected);
	char *buffer = calloc(1, length + 2);

	assert_non_null(table);
	snapshot_put(snapshot);
	assert_int_equal(table_text_read(table, 0, buffer, length + 1), length);
	assert_string_equal(buffer, expected);
	assert_int_equal(table_text_size(table), length);
	for (size_t at = 0; at <= length; at++) {
		memset(buffer, 0, length + 2);
		assert_int_equal(table_text_read(table, at, buffer, 7),
				 length - at < 7 ? length - at : 7);
		assert_memory_equal(buffer, expected + at, strlen(buffer));
	}
	free(buffer);
	table_text_free(table);
}

static const char *const some[] = {
    "{\"displayName\": \"A, \\\"B\\\"\", \"members\": [{\"value\": \"u1\", \"n\": 1.50},"
    " {\"value\": \"u2\", \"display\": \"=cmd\"}]}",
    "{\"members\": [], \"displayName\": \"nobody\"}",
    "{\"x\": {\"members\": [{\"value\": \"not this\"}]}, \"displayName\": \"none\"}",
    "{\"members\": [{\"value\": \"u3\", \"of\": {\"a\": [1, {\"b\": {}}], \"c\": null}}, {}],"
    " \"displayName\": \"last\"}",
    NULL,
};

static void test_jsonl(void **state)
{
	(void)state;
	check(some, &of_groups, TABLE_JSONL, &plain,
	      "{\"group_id\":\"0\",\"group_name\":\"A, \\\"B\\\"\",\"value\":\"u1\",\"n\":1.50}\n"
	      "{\"group_id\":\"0\",\"group_name\":\"A, \\\"B\\\"\",\"value\":\"u2\","
	      "\"display\":\"=cmd\"}\n"
	      "{\"group_id\":\"3\",\"group_name\":\"last\",\"value\":\"u3\","
	      "\"of\":{\"a\":[1,{\"b\":{}}],\"c\":null}}\n"
	      "{\"group_id\":\"3\",\"group_name\":\"last\"}\n");
}

static void test_csv(void **state)
{
	const struct table_style raw = {.bom = true};

	(void)state;
	check(some, &of_groups, TABLE_CSV, &plain,
	      "group_id,group_name,value,n,display,of.a,of.c\r\n"
	      "0,\"A, \"\"B\"\"\",u1,1.50,,,\r\n"
	      "0,\"A, \"\"B\"\"\",u2,,'=cmd,,\r\n"
	      "3,last,u3,,,\"[1,{\"\"b\"\":{}}]\",\r\n"
	      "3,last,,,,,\r\n");
	check(some + 1, &of_groups, TABLE_CSV, &raw,
	      "\xef\xbb\xbfgroup_id,group_name,value,of.a,of.c\r\n"
	      "2,last,u3,\"[1,{\"\"b\"\":{}}]\",\r\n"
	      "2,last,,,\r\n");
}

static void test_nobody(void **state)
{
	const char *const empty[] = {NULL}, *const without[] = {"{}", NULL};

	(void)state;
	check(empty, &of_groups, TABLE_CSV, &plain, "group_id,group_name\r\n");
	check(empty, &of_groups, TABLE_JSONL, &plain, "");
	check(without, &of_groups, TABLE_JSONL, &plain, "");
}

/* A field has another name in the table, and memberships stand deeper. */
static void test_steps(void **state)
{
	const struct member_source steps = {
	    .at = "/all/memberships/*",
	    .id_column = "member_id",
	    .key = "account",
	    .column = "account_id",
	};
	const char *const texts[] = {
	    "{\"all\": {\"memberships\": [{\"id\": \"1\", \"account\": \"a\"}]}}",
	    "{\"all\": {\"memberships\": [{\"id\": \"2\", \"account\": \"b\", \"member_id\": {\"x\": 5}}, \"odd\"]}}",
	    "{\"all\": [], \"memberships\": [1]}",
	    "{\"all\": {\"memberships\": \"text\"}}",
	    NULL,
	};

	(void)state;
	check(texts, &steps, TABLE_JSONL, &plain,
	      "{\"member_id\":\"0\",\"id\":\"1\",\"account_id\":\"a\"}\n"
	      "{\"member_id\":\"1\",\"id\":\"2\",\"account_id\":\"b\"}\n"
	      "{\"member_id\":\"1\",\"value\":\"odd\"}\n");
	check(texts, &steps, TABLE_CSV, &plain,
	      "member_id,id,account_id,value\r\n0,1,a,\r\n1,2,b,\r\n1,,,odd\r\n");
}

static void test_hidden(void **state)
{
	const char *const hidden[] = {"{\"a\": 1}", "{\"b\": {\"members\": []}}", NULL};
	const char *const shown[] = {"{\"a\": 1}", "{\"members\": []}", NULL};
	const char *const empty[] = {NULL};
	const char *const *const all[] = {hidden, shown, empty};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct snapshot *snapshot = make(all[i]);

		assert_int_equal(member_table_is_hidden(snapshot, of_groups.at), all[i] == hidden);
		snapshot_put(snapshot);
	}
}

static void test_finds(void **state)
{
	(void)state;
	assert_true(member_table_finds("/members/*"));
	assert_true(member_table_finds("/a/b/*"));
	assert_false(member_table_finds("/a/*/b/*"));
	assert_false(member_table_finds("/a/*/b"));
	assert_false(member_table_finds("members"));
	assert_false(member_table_finds("/*"));
	assert_false(member_table_finds("."));
}

/* A place is found wherever it stands, and nothing else is taken for it. */
static void test_place(void **state)
{
	static const char
	    text[] = "{\n  \"ab\": 1,\n  \"a\": {\n    \"a\": \"x,\",\n    \"e\": {},\n"
		     "    \"l\": [\n      [],\n      [\n        \"]\"\n      ],\n      2\n"
		     "    ]\n  }\n}\n";
	struct member_place place, next = {0};
	unsigned depth;
	const struct {
		const char *pointer, *value;
		unsigned depth;
	} rows[] = {{"ab", "1", 1},     {"/a/a", "\"x,\"", 2}, {"/a/e", "{}", 2}, {"b", NULL, 0},
		    {"/ab/a", NULL, 0}, {"/a/ab", NULL, 0},    {"l", NULL, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		place = member_place_find(text, strlen(text), rows[i].pointer, &depth);
		if (!rows[i].value) {
			assert_null(place.value);
			continue;
		}
		assert_non_null(place.value);
		assert_int_equal(place.length, strlen(rows[i].value));
		assert_memory_equal(place.value, rows[i].value, place.length);
		assert_int_equal(depth, rows[i].depth);
	}
	place = member_place_find(text, strlen(text), "/a/l", &depth);
	next = member_place_next(&place, depth, &next);
	assert_memory_equal(next.value, "[]", next.length);
	next = member_place_next(&place, depth, &next);
	assert_int_equal(next.length, strlen("[\n        \"]\"\n      ]"));
	next = member_place_next(&place, depth, &next);
	assert_memory_equal(next.value, "2", next.length);
	next = member_place_next(&place, depth, &next);
	assert_null(next.value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_jsonl),  cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_nobody), cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_hidden), cmocka_unit_test(test_finds),
	    cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
