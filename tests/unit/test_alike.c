/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_alike.c - what counts as another way of writing the same value.
 */
#include "cache/document/alike.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static bool are_alike(const char *wanted, const char *made)
{
	json_t *a = parse(wanted), *b = made ? parse(made) : NULL;
	bool same = alike(a, b);

	json_decref(a);
	json_decref(b);
	return same;
}

static void test_alike(void **state)
{
	(void)state;
	assert_true(are_alike("\" Jane\\t\"", "\"jane\""));
	assert_true(are_alike("\"JÖRG É\"", "\"jörg é\""));
	assert_true(are_alike("\"ΣΟΦΙΑ\"", "\"σοφια\""));
	assert_true(are_alike("\"\\u00a0x\\u200b\"", "\"x\""));
	assert_true(are_alike("\"  \"", "null"));
	assert_true(are_alike("\"\"", NULL));
	assert_true(are_alike("null", "\"\""));
	assert_true(are_alike("\"7\"", "7"));
	assert_true(are_alike("7", "\"7\""));
	assert_true(are_alike("7", "7.0"));
	assert_true(are_alike("\"TRUE\"", "true"));
	assert_true(are_alike("[\"A \", {\"b\": 1}]", "[\"a\", {\"b\": 1, \"c\": 2}]"));
	assert_true(are_alike("{\"a\": \"X\"}", "{\"a\": \"x\", \"b\": 2}"));
}

static void test_not_alike(void **state)
{
	(void)state;
	assert_false(are_alike("\"Jane\"", "\"Jan\""));
	assert_false(are_alike("\"Jan\"", "\"Jane\""));
	assert_false(are_alike("\"Ja ne\"", "\"Jane\""));
	assert_false(are_alike("\"Jane\"", "null"));
	assert_false(are_alike("\"Jane\"", NULL));
	assert_false(are_alike("\"\"", "\"Jane\""));
	assert_false(are_alike("\"active\"", "\"inactive\""));
	assert_false(are_alike("\"7\"", "8"));
	assert_false(are_alike("\"true\"", "1"));
	assert_false(are_alike("false", "null"));
	assert_false(are_alike("0", "false"));
	assert_false(are_alike("[1, 2]", "[2, 1]"));
	assert_false(are_alike("[1]", "[1, 2]"));
	assert_false(are_alike("{\"a\": 1, \"b\": 2}", "{\"a\": 1}"));
	assert_false(are_alike("{\"a\": 1}", "[1]"));
	assert_false(are_alike("\"{}\"", "{}"));
}

static void test_remove(void **state)
{
	json_t *wanted = parse(
	    "{\"a\": \" X\", \"b\": {\"c\": 1, \"d\": 2}, \"e\": [\"Y\"], \"f\": 3}");
	json_t *made = parse("{\"a\": \"x\", \"b\": {\"c\": 1, \"d\": 3}, \"e\": [\"y\"]}");
	json_t *left = parse("{\"b\": {\"d\": 2}, \"f\": 3}");

	(void)state;
	alike_remove(wanted, made);
	assert_true(json_equal(wanted, left));
	json_decref(wanted);
	json_decref(made);
	json_decref(left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_alike),
	    cmocka_unit_test(test_not_alike),
	    cmocka_unit_test(test_remove),
	};

	return cmocka_run_group_tests_name("alike", tests, NULL, NULL);
}
