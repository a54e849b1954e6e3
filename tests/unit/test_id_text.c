/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_id_text.c - ids become C strings and strings become ids again, whatever characters are in
 * them.
 */
#include "vendors/http/http_url.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/id_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *parsed(const char *json)
{
	json_t *value = exact_parse(json, strlen(json), EXACT_PARSE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static void test_there_and_back(void **state)
{
	/* as JSON, as text, as it stands in a URL */
	static const char *const cases[][3] = {
	    {"\"123\"", "123", "123"},
	    {"\"a/b\"", "a/b", "a%2Fb"},
	    {"\"a\\u0000b\"",
	     "a\x1a\x30"
	     "b",
	     "a%00b"},
	    {"\"\\u0000\"", "\x1a\x30", "%00"},
	    {"\"\\u0000s1\"", "\x1a\x30s1", "%00s1"},
	    {"\"\\u001a0\"", "\x1a\x1a\x30", "%1A0"},
	    {"\"\\ud83d0\"", "\x1a\x64\x38\x33\x64\x30", "%ED%A0%BD0"},
	    {"\"\\udfff\\u0000\"", "\x1a\x64\x66\x66\x66\x1a\x30", "%ED%BF%BF%00"},
	    {"\"J\\u00f6rg\"", "J\xc3\xb6rg", "J%C3%B6rg"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *id = parsed(cases[i][0]), *again;
		char buffer[ID_TEXT_MAX], *bytes, *text, *escaped;
		size_t length, from_url;

		assert_string_equal(id_text_of(id, buffer), cases[i][1]);
		again = id_text_json(cases[i][1]);
		assert_true(json_equal(id, again));
		bytes = id_text_bytes(cases[i][1], &length);
		escaped = http_url_escape_bytes(bytes, length);
		assert_string_equal(escaped, cases[i][2]);
		free(bytes);
		bytes = http_url_unescape(escaped, &from_url);
		assert_int_equal(from_url, length);
		text = id_text_of_bytes(bytes, length);
		assert_string_equal(text, cases[i][1]);
		free(text);
		free(escaped);
		free(bytes);
		json_decref(again);
		json_decref(id);
	}
}

static void test_what_is_no_id(void **state)
{
	static const char *const cases[] = {"\"\"", "1.5", "null", "true", "[]", "{}"};
	char buffer[ID_TEXT_MAX], json[ID_TEXT_MAX + 16] = "\"\\u0000";
	json_t *value;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		value = parsed(cases[i]);
		assert_null(id_text_of(value, buffer));
		json_decref(value);
	}
	assert_null(id_text_of(NULL, buffer));
	/* what stands in place of a value that cannot be read */
	value = json_stringn("\0!", 2);
	assert_null(id_text_of(value, buffer));
	json_decref(value);
	/* two bytes for the NUL, and one byte is the end */
	memset(json + 7, 'x', ID_TEXT_MAX - 3);
	json[7 + ID_TEXT_MAX - 3] = '"';
	value = parsed(json);
	assert_non_null(id_text_of(value, buffer));
	json_decref(value);
	json[7 + ID_TEXT_MAX - 3] = 'x';
	json[8 + ID_TEXT_MAX - 3] = '"';
	value = parsed(json);
	assert_null(id_text_of(value, buffer));
	json_decref(value);
}

/* A text that no id has must do no harm. */
static void test_broken_marks(void **state)
{
	static const char *const cases[] = {"\x1a", "\x1a\x64\x38", "\x1a\x64", "a\x1ax"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *value = id_text_json(cases[i]);
		size_t length;
		char *bytes = id_text_bytes(cases[i], &length);

		assert_non_null(value);
		assert_non_null(bytes);
		assert_true(length <= strlen(cases[i]));
		free(bytes);
		json_decref(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_what_is_no_id),
	    cmocka_unit_test(test_broken_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
