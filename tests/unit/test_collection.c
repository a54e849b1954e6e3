/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_collection.c - what a table says about one record: values by path, and when it was updated.
 *
 * Times are read by hand, so that they are compared with what the C library makes of them.
 */
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static const char *const time_keys[] = {"/meta/updated_at", "created", NULL};
static const struct field fields[] = {{"secret", FIELD_CONFIDENTIAL}, {NULL, 0}};
static const struct collection things = {.time_keys = time_keys, .fields = fields};

static bool time_of(const char *text, struct timespec *time)
{
	json_t *record = json_pack("{s:s}", "created", text);
	bool told = collection_time(&things, record, time);

	json_decref(record);
	return told;
}

static void test_each_day(void **state)
{
	(void)state;
	for (time_t day = -2000000000; day < 8000000000; day += 86400 + 3601) {
		struct timespec time;
		struct tm parts;
		char text[64];

		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&day, &parts));
		assert_true(time_of(text, &time));
		assert_true(time.tv_sec == day && time.tv_nsec == 0);
	}
}

static void test_forms(void **state)
{
	const struct {
		const char *text;
		long seconds, nanoseconds;
	} forms[] = {
	    {"2024-02-29 12:30:05", 1709209805, 0},
	    {"2024-02-29T12:30:05.25Z", 1709209805, 250000000},
	    {"2024-02-29t12:30:05.1234567891z", 1709209805, 123456789},
	    {"2024-02-29T12:30:05+01:30", 1709204405, 0},
	    {"2024-02-29T12:30:05-0200", 1709217005, 0},
	    {"2024-02-29T12:30:05+01", 1709206205, 0},
	    {"2024-02-29", 1709164800, 0},
	};
	const char *const none[] = {"",
				    "today",
				    "2024",
				    "2024-02",
				    "2024-13-01",
				    "2024-00-01",
				    "2024-01-32",
				    "2024-02-29T",
				    "2024-02-29T12",
				    "2024-02-29T24:00:00Z",
				    "2024-02-29T12:60:00Z",
				    "2024-02-29T12:30:61Z",
				    "2024-02-29T12:30:05 GMT",
				    "2024-02-29T12:30:05+25:00",
				    "2024-02-29T12:30:05+01:00x",
				    "-024-02-29",
				    "2024-2-9"};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct timespec time;

		assert_true(time_of(forms[i].text, &time));
		assert_int_equal(time.tv_sec, forms[i].seconds);
		assert_int_equal(time.tv_nsec, forms[i].nanoseconds);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		struct timespec time;

		assert_false(time_of(none[i], &time));
	}
}

/* The best key that can be read counts. */
static void test_keys(void **state)
{
	json_t *record = json_pack("{s:s, s:{s:s}}", "created", "2024-02-29", "meta", "updated_at",
				   "yesterday");
	struct timespec time;

	(void)state;
	assert_true(collection_time(&things, record, &time));
	assert_int_equal(time.tv_sec, 1709164800);
	json_object_set_new(json_object_get(record, "meta"), "updated_at",
			    json_string("2024-02-29T00:00:01Z"));
	assert_true(collection_time(&things, record, &time));
	assert_int_equal(time.tv_sec, 1709164801);
	json_decref(record);
}

static void test_values(void **state)
{
	json_t *record = json_pack("{s:{s:{s:i}, s:i}, s:i}", "a", "b", "c", 1, "d", 2, "e", 3);
	char path[200];

	(void)state;
	assert_int_equal(json_integer_value(collection_value(record, "e")), 3);
	assert_int_equal(json_integer_value(collection_value(record, "/a/d")), 2);
	assert_int_equal(json_integer_value(collection_value(record, "/a/b/c")), 1);
	assert_null(collection_value(record, "/a/c"));
	assert_null(collection_value(record, "/e/c"));
	assert_null(collection_value(record, "/x/y/z"));
	memset(path, 'a', sizeof(path));
	memcpy(path + 150, "/b", 3);
	assert_null(collection_value(record, path));
	collection_remove(record, "/a/b/c");
	assert_null(collection_value(record, "/a/b/c"));
	assert_non_null(collection_value(record, "/a/b"));
	json_object_set_new(record, "secret", json_string("x"));
	collection_hide(&things, record);
	assert_null(collection_value(record, "secret"));
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_day),
	    cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests_name("collection", tests, NULL, NULL);
}
