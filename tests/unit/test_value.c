/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_value.c - vendors/template/value.h: values are compared exactly in type, case and number.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/template/value.h"

static json_t *parse(const char *text)
{
	json_t *value = exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static void test_read(void **state)
{
	static const struct {
		const char *text;
		enum value_type type;
		const char *own;
	} cases[] = {
	    {"true", VALUE_TRUE, NULL},
	    {"false", VALUE_FALSE, NULL},
	    {"null", VALUE_NULL, NULL},
	    {"absent", VALUE_ABSENT, NULL},
	    {"*", VALUE_ANY, NULL},
	    {"1", VALUE_NUMBER, "1"},
	    {"-1.50e3", VALUE_NUMBER, "-1.50e3"},
	    {"18446744073709551616", VALUE_NUMBER, "18446744073709551616"},
	    {"01", VALUE_TEXT, "01"},
	    {"True", VALUE_TEXT, "True"},
	    {"active", VALUE_TEXT, "active"},
	    {"two words", VALUE_TEXT, "two words"},
	    {"\"true\"", VALUE_TEXT, "true"},
	    {"\"absent\"", VALUE_TEXT, "absent"},
	    {"\"a\\u00e9\\n\"", VALUE_TEXT, "a\xc3\xa9\n"},
	    {"\"\"", VALUE_TEXT, ""},
	};
	static const char *const wrong[] = {"\"a", "\"a\" b",     "[1]",
					    "{}",  "\"\\u0000\"", "\"\\ud83d\""};
	struct value value;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(value_read(cases[i].text, &value), 0);
		assert_int_equal(value.type, cases[i].type);
		if (cases[i].own)
			assert_string_equal(value.text, cases[i].own);
		else
			assert_null(value.text);
		value_clear(&value);
		assert_null(value.text);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(value_read(wrong[i], &value), -EINVAL);
		value_clear(&value);
	}
}

static void test_is(void **state)
{
	/* each value is the JSON texts before NULL, and none of the other ones */
	static const char *const jsons[] = {
	    "null",
	    "true",
	    "false",
	    "1",
	    "1.0",
	    "10e-1",
	    "\"1\"",
	    "\"true\"",
	    "\"\"",
	    "\"a\"",
	    "\"A\"",
	    "[]",
	    "{}",
	    "\"a\\u0000\"",
	    "\"\\ud83d\"",
	    "100000000000000000001",
	    "100000000000000000000",
	    "0",
	    "0.10",
	};
	static const char *const cases[][8] = {
	    {"null", "null"},
	    {"true", "true"},
	    {"false", "false"},
	    {"1", "1", "1.0", "10e-1"},
	    {"1.00", "1", "1.0", "10e-1"},
	    {"\"1\"", "\"1\""},
	    {"\"true\"", "\"true\""},
	    {"\"\"", "\"\""},
	    {"a", "\"a\""},
	    {"100000000000000000001", "100000000000000000001"},
	    {"0.1", "0.10"},
	    {"0", "0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct value value;

		assert_int_equal(value_read(cases[i][0], &value), 0);
		assert_false(value_is(&value, NULL));
		for (size_t j = 0; j < sizeof(jsons) / sizeof(*jsons); j++) {
			json_t *json = parse(jsons[j]);
			bool is = false;

			for (size_t k = 1; cases[i][k]; k++)
				is = is || strcmp(cases[i][k], jsons[j]) == 0;
			if (value_is(&value, json) != is)
				fail_msg("%s and %s", cases[i][0], jsons[j]);
			json_decref(json);
		}
		value_clear(&value);
	}
}

static void test_lists(void **state)
{
	static const struct value values[] = {{VALUE_ABSENT, NULL},
					      {VALUE_ANY, NULL},
					      {VALUE_NUMBER, "3"},
					      {VALUE_TEXT, "x"},
					      {0}};
	static const struct value any[] = {{VALUE_ANY, NULL}, {0}};
	json_t *json = parse("\"x\"");

	(void)state;
	assert_true(value_is_one_of(values, NULL));
	assert_true(value_is_one_of(any, json));
	assert_false(value_is_one_of(any, NULL));
	assert_false(value_is_one_of(any, json_null()));
	assert_true(value_is_one_of(values + 2, json));
	assert_false(value_is_one_of(values + 2, json_true()));
	assert_false(value_is_one_of(NULL, json));
	assert_ptr_equal(value_first(values), values + 2);
	assert_null(value_first(any));
	assert_null(value_first(NULL));
	json_decref(json);
}

static void test_json(void **state)
{
	static const char *const texts[] = {"null", "true",  "false",
					    "1",    "\"1\"", "1844674407370955161600.10"};
	struct value value;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *json;
		char *printed;

		assert_int_equal(value_read(texts[i], &value), 0);
		json = value_json(&value);
		printed = exact_print_text(json, 0);
		assert_string_equal(printed, texts[i]);
		free(printed);
		json_decref(json);
		value_clear(&value);
	}
	assert_null(value_json(&(struct value){VALUE_ANY, NULL}));
	assert_null(value_json(&(struct value){VALUE_ABSENT, NULL}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_is),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
