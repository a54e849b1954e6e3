/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_collection.c - what a table says about one record: values by path, and when it was updated.
 *
 * Times are read by hand, so that they are compared with what the C library makes of them.
 */
#include "vendors/json/exact_parse.h"
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

/* As numbers, or as digits: seconds, with or without a fraction, or milliseconds. */
static void test_epochs(void **state)
{
	const struct {
		const char *json;
		long seconds, nanoseconds;
	} epochs[] = {
	    {"1709209805", 1709209805, 0},
	    {"\"1709209805\"", 1709209805, 0},
	    {"1709209805123", 1709209805, 123000000},
	    {"\"1709209805123\"", 1709209805, 123000000},
	    {"1709209805.25", 1709209805, 250000000},
	    {"\"2024-02-29 12:30:05 +0100\"", 1709206205, 0},
	    {"\"2024-02-29 12:30:05 UTC\"", 1709209805, 0},
	};
	const char *const none[] =
	    {"0",    "7",    "-1709209805",           "99999999",       "1e12",
	     "true", "null", "\"17092098051234567\"", "\"1709209805x\""};
	struct timespec time;

	(void)state;
	for (size_t i = 0; i < sizeof(epochs) / sizeof(*epochs) + sizeof(none) / sizeof(*none);
	     i++) {
		size_t other = i - sizeof(epochs) / sizeof(*epochs);
		bool is_time = i < sizeof(epochs) / sizeof(*epochs);
		const char *json = is_time ? epochs[i].json : none[other];
		json_t *record = json_object();

		json_object_set_new(record, "created",
				    exact_parse(json, strlen(json), EXACT_PARSE_ANY, NULL));
		assert_int_equal(collection_time(&things, record, &time), is_time);
		if (is_time) {
			assert_int_equal(time.tv_sec, epochs[i].seconds);
			assert_int_equal(time.tv_nsec, epochs[i].nanoseconds);
		}
		json_decref(record);
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

static const struct field nested[] = {
    {"id", FIELD_SYSTEM},
    {"/meta/by", FIELD_SYSTEM | FIELD_CONFIDENTIAL},
    {"/auth/key", FIELD_CONFIDENTIAL},
    {"/mails/*/secret", FIELD_WRITE_ONLY},
    {"/auth/hint", FIELD_MAY_HIDE},
    {NULL, 0},
};
static const struct collection folded = {.fields = nested};

#define PATH(...) (char *[]){__VA_ARGS__}, sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)

static void test_fields(void **state)
{
	const unsigned hidden = FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL;

	(void)state;
	assert_int_equal(collection_flags(&folded, "id"), FIELD_SYSTEM);
	assert_int_equal(collection_flags(&folded, "meta"), 0);
	assert_int_equal(collection_flags_at(&folded, PATH("meta", "by")),
			 FIELD_SYSTEM | FIELD_CONFIDENTIAL);
	assert_int_equal(collection_flags_at(&folded, PATH("meta", "by", "whom")),
			 FIELD_SYSTEM | FIELD_CONFIDENTIAL);
	assert_int_equal(collection_flags_at(&folded, PATH("meta", "at")), 0);
	assert_int_equal(collection_flags_at(&folded, PATH("id", "x")), FIELD_SYSTEM);
	/* what the vendor shows, and takes, is written as a password is */
	assert_int_equal(collection_flags_at(&folded, PATH("auth", "key")), hidden);
	assert_true(collection_has_below(&folded, PATH("mails"), hidden));
	assert_false(collection_has_below(&folded, PATH("mails"), FIELD_SYSTEM));
	assert_false(collection_has_below(&folded, PATH("auth", "key"), hidden));
	assert_true(collection_is_nested(&folded, FIELD_SYSTEM));
	assert_false(collection_is_nested(&folded, FIELD_REQUIRED));
}

static void test_hidden(void **state)
{
	json_t *record = json_pack("{s:s, s:{s:s, s:s}, s:{s:s, s:s}, s:[{s:s, s:s}]}", "id", "1",
				   "meta", "by", "x", "at", "y", "auth", "key", "k", "hint", "",
				   "mails", "secret", "s", "at", "a@x");
	json_t *mails = json_deep_copy(json_object_get(record, "mails"));

	(void)state;
	assert_true(collection_hides(&folded, record, PATH("auth", "key")));
	assert_true(collection_hides(&folded, record, PATH("auth", "hint")));
	assert_false(collection_hides(&folded, record, PATH("auth")));
	json_object_set_new(json_object_get(record, "auth"), "hint", json_string("h"));
	assert_false(collection_hides(&folded, record, PATH("auth", "hint")));
	collection_hide_below(&folded, PATH("mails"), mails);
	assert_null(json_object_get(json_array_get(mails, 0), "secret"));
	assert_non_null(json_object_get(json_array_get(mails, 0), "at"));
	collection_hide(&folded, record);
	assert_null(collection_value(record, "/meta/by"));
	assert_null(collection_value(record, "/auth/key"));
	assert_null(collection_value(record, "/mails/0/secret"));
	assert_non_null(collection_value(record, "/mails/0/at"));
	assert_non_null(collection_value(record, "/meta/at"));
	collection_strip(&folded, record, FIELD_SYSTEM);
	assert_null(collection_value(record, "id"));
	json_decref(mails);
	json_decref(record);
}

static void test_words(void **state)
{
	char words[COLLECTION_WORDS_MAX];

	(void)state;
	assert_string_equal(collection_words("id", words), "id");
	assert_string_equal(collection_words("/id", words), "id");
	assert_string_equal(collection_words("/address/city", words), "address.city");
	assert_string_equal(collection_words("/a~1b/*/c", words), "a/b.*.c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_day), cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_epochs),   cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_hidden),   cmocka_unit_test(test_words),
	    cmocka_unit_test(test_keys),     cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests_name("collection", tests, NULL, NULL);
}
