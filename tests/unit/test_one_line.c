/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_one_line.c - no character of a line acts on a terminal, and each line is UTF-8.
 */
#include "vendors/base/one_line.h"
#include "vendors/json/exact_print.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_replaced(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
	    {"plain", "plain"},
	    {"a\tb\x1b[2J\x7f", "a?b?[2J?"},
	    {"Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x99\x82",
	     "Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x99\x82"},
	    /* C1: the sequence introducer, the next line */
	    {"a\xc2\x9b"
	     "2J",
	     "a?2J"},
	    {"a\xc2\x85"
	     "b",
	     "a?b"},
	    /* marks of direction, separators */
	    {"\xe2\x80\xae"
	     "gpj.exe",
	     "?gpj.exe"},
	    {"\xe2\x81\xa6x\xe2\x81\xa9\xd8\x9c", "?x??"},
	    {"a\xe2\x80\xa8"
	     "b\xe2\x80\xa9",
	     "a?b?"},
	    /* cut inside a character, alone, too long */
	    {"a\xe2\x82", "a??"},
	    {"\x9b", "?"},
	    {"\xc0\xaf", "??"},
	    {"\xed\xa0\x80", "???"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", cases[i].text);
		one_line(text, '?');
		assert_string_equal(text, cases[i].shown);
	}
}

static void test_escaped(void **state)
{
	json_t *value = json_pack("{s:s, s:s}", "a\xe2\x80\xae", "\xc2\x9b\x7f\n", "b", "\xc3\xab"),
	       *again;
	char *text = exact_print_text(value, EXACT_PRINT_LINE);

	(void)state;
	assert_string_equal(text, "{\"a\\u202e\":\"\\u009b\\u007f\\n\",\"b\":\"\xc3\xab\"}");
	/* a reader gets what was there */
	again = json_loads(text, 0, NULL);
	assert_true(json_equal(value, again));
	json_decref(again);
	json_decref(value);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replaced),
	    cmocka_unit_test(test_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
