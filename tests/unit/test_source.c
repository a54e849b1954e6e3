/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_source.c - vendors/template/source.h: where a response says something.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/template/source.h"

static const char headers[] = "X-Total:  230 \nLink: <a>; rel=\"next\"\nlink: <b>; rel=\"last\"\n"
			      "X-Empty:\nX-More: true\n";

static json_t *parse(const char *text)
{
	json_t *value = exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static void test_read(void **state)
{
	static const char *const wrong[] = {"",           "a/b",   "header:",
					    "header:X Y", "last:", "last:a/b"};
	struct source source;

	(void)state;
	assert_null(source_read("/a/b", &source));
	assert_int_equal(source.kind, SOURCE_BODY);
	assert_string_equal(source.name, "/a/b");
	assert_null(source_read("header:X-Total", &source));
	assert_int_equal(source.kind, SOURCE_HEADER);
	assert_string_equal(source.name, "X-Total");
	assert_null(source_read("last:/id", &source));
	assert_int_equal(source.kind, SOURCE_LAST);
	assert_string_equal(source.name, "/id");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_non_null(source_read(wrong[i], &source));
}

/* Assert that TEXT finds JSON (NULL: nothing). */
static void assert_found(const char *text, const struct source_reply *reply, const char *json)
{
	struct source source;
	json_t *found;
	char *printed;

	assert_null(source_read(text, &source));
	found = source_get(&source, reply);
	printed = exact_print_text(found, 0);
	if (json)
		assert_string_equal(printed ? printed : "(none)", json);
	else
		assert_null(found);
	free(printed);
	json_decref(found);
}

static void test_get(void **state)
{
	json_t *body = parse("{\"a\":{\"n\":1.50},\"e\":\"\",\"z\":null,\"t\":\"x\"}");
	json_t *last = parse("{\"id\":9}");
	const struct source_reply reply = {body, headers, last}, nothing = {0};
	const struct source sources[] = {{SOURCE_BODY, "missing"}, {SOURCE_BODY, "e"},
					 {SOURCE_BODY, "z"},       {SOURCE_HEADER, "X-Empty"},
					 {SOURCE_BODY, "t"},       {SOURCE_BODY, "/a/n"},
					 {SOURCE_NONE, NULL}};
	json_t *first = source_first(sources, &reply);

	(void)state;
	assert_found("/a/n", &reply, "1.50");
	assert_found("/missing", &reply, NULL);
	assert_found("header:x-total", &reply, "\"230\"");
	assert_found("header:LINK", &reply, "\"<a>; rel=\\\"next\\\", <b>; rel=\\\"last\\\"\"");
	assert_found("header:X-Empty", &reply, "\"\"");
	assert_found("header:X-Tota", &reply, NULL);
	assert_found("last:/id", &reply, "9");
	assert_found("last:/id", &nothing, NULL);
	assert_found("header:X-Total", &nothing, NULL);
	assert_found("/a", &nothing, NULL);
	assert_string_equal(json_string_value(first), "x");
	assert_null(source_first(NULL, &reply));
	assert_null(source_first(sources, &nothing));
	json_decref(first);
	json_decref(body);
	json_decref(last);
}

static void test_conditions(void **state)
{
	static const struct {
		const char *source, *value;
		bool holds;
	} cases[] = {
	    {"/ok", "false", true},
	    {"/ok", "true", false},
	    {"/ok", "*", true},
	    {"/errors/*/reason", "slow", true},
	    {"/errors/*/reason", "fast", false},
	    {"/errors/*/other", "absent", true},
	    {"/errors/*/reason", "absent", false},
	    {"/z", "null", true},
	    {"/z", "absent", false},
	    {"/z", "*", false},
	    {"/q", "absent", true},
	    {"header:X-Total", "230", true},
	    {"header:X-Total", "230.0", true},
	    {"header:X-Total", "\"230\"", true},
	    {"header:X-Total", "23", false},
	    {"header:X-More", "true", true},
	    {"header:X-More", "false", false},
	    {"header:X-Gone", "absent", true},
	    {"header:X-More", "absent", false},
	    {"header:X-More", "*", true},
	    {"header:X-Gone", "*", false},
	    {"last:/id", "9", true},
	};
	json_t *body = parse(
	    "{\"ok\":false,\"errors\":[{\"reason\":\"x\"},{\"reason\":\"slow\"}],\"z\":null}");
	json_t *last = parse("{\"id\":9}");
	const struct source_reply reply = {body, headers, last}, nothing = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct value values[2] = {{0}};
		struct condition condition = {.values = values};

		assert_null(source_read(cases[i].source, &condition.source));
		assert_int_equal(value_read(cases[i].value, values), 0);
		if (condition_holds(&condition, &reply) != cases[i].holds)
			fail_msg("%s %s", cases[i].source, cases[i].value);
		/* without a body, nothing is said about it */
		if (condition.source.kind == SOURCE_BODY)
			assert_false(condition_holds(&condition, &nothing));
		value_clear(values);
	}
	assert_false(condition_holds(&(struct condition){0}, &reply));
	json_decref(body);
	json_decref(last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_get),
	    cmocka_unit_test(test_conditions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
