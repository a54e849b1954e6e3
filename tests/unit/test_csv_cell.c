/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_csv_cell.c - what a cell of a CSV looks like: its quotes, and what a spreadsheet must not
 * run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/tables/csv_cell.h"

static const struct table_style guard = {.guard = true}, raw = {0};

static void check(const struct table_style *style, const char *text, const char *wanted)
{
	struct table_out out = {0};
	size_t length = strlen(text);
	char *longer; /* what is behind the text would change the cell */

	assert_true(asprintf(&longer, "%s,\"\n", text) > 0);
	assert_int_equal(table_out_add(&out, "before", 6), 0);
	assert_int_equal(csv_cell_add(&out, longer, length, style), 0);
	assert_int_equal(csv_cell_length(longer, length, style), strlen(wanted));
	if (out.length != 6 + strlen(wanted) || memcmp(out.text + 6, wanted, strlen(wanted)) != 0)
		fail_msg("%s became %.*s", text, (int)out.length - 6, out.text + 6);
	free(longer);
	free(out.text);
}

static void test_quotes(void **state)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"a", "a"},
	    {" a b ", " a b "},
	    {"'", "'"},
	    {"a,b", "\"a,b\""},
	    {"\"", "\"\"\"\""},
	    {"say \"x\"", "\"say \"\"x\"\"\""},
	    {"a\nb", "\"a\nb\""},
	    {"a\rb", "\"a\rb\""},
	    {"a\tb", "a\tb"},
	    {"\xc3\xa4\xf0\x9f\x98\x80", "\xc3\xa4\xf0\x9f\x98\x80"},
	    {"[\"a\",1]", "\"[\"\"a\"\",1]\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		check(&raw, cases[i][0], cases[i][1]);
		check(&guard, cases[i][0], cases[i][1]);
	}
}

static void test_guard(void **state)
{
	/* each gets an apostrophe */
	static const char *const formulas[] = {
	    "=1+1",
	    "=",
	    "=cmd|' /C calc'!A0",
	    "\x0b=1",
	    "\x0c=1",
	    "\x01=1",
	    "+",
	    "-",
	    "@SUM(A1)",
	    "@",
	    "-1+2",
	    "+1+cmd",
	    "+1+2+3+4+5",
	    "-a",
	    "- 1",
	    "--1",
	    "+-1",
	    "+ ",
	    "-1e",
	    "-1.",
	    "-.5",
	    "-12 345",
	    "+1 (23",
	    "+49 89 1234x5",
	    "+49 89 12345 =1",
	    "\t=1",
	    "\t",
	    "\xef\xbc\x9dSUM(A1)",
	    "\xef\xbc\x8bx",
	    "\xef\xbc\x8dx",
	    "\xef\xbc\xa0SUM(A1)",
	};
	/* numbers, phone numbers, and what begins with something else */
	static const char *const others[] = {
	    "-1",
	    "-0",
	    "-12.5e3",
	    "+12.5E-3",
	    "-123456789012345678901234567890",
	    "+7",
	    "+49 (89) 1234-567",
	    "+44.20.7946.0000",
	    "+1/555/0100",
	    "+00 12345",
	    "1=1",
	    " =1",
	    "a@example.com",
	    "'=1",
	    "[-1]",
	    "\xef\xbc",
	    "\xef\xbc\xa1",
	    "\xef\xbb\xbf=",
	    "(1)",
	};
	char wanted[80];

	(void)state;
	for (size_t i = 0; i < sizeof(formulas) / sizeof(*formulas); i++) {
		snprintf(wanted, sizeof(wanted), "'%s", formulas[i]);
		check(&guard, formulas[i], wanted);
		check(&raw, formulas[i], formulas[i]);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		check(&guard, others[i], others[i]);
	/* within the quotes */
	check(&guard, "=1,2", "\"'=1,2\"");
	check(&guard, "-\"a\"", "\"'-\"\"a\"\"\"");
	check(&guard, "\r=1", "\"'\r=1\"");
	check(&guard, "\n=1", "\"'\n=1\"");
	check(&raw, "=1,2", "\"=1,2\"");
}

/* Texts of all lengths, which the cell must have room for. */
static void test_lengths(void **state)
{
	char text[300], wanted[700];

	(void)state;
	for (size_t length = 0; length < sizeof(text) - 1; length++) {
		memset(text, '"', length);
		text[length] = '\0';
		memset(wanted, '"', 2 * length + 2);
		wanted[length ? 2 * length + 2 : 0] = '\0';
		check(&guard, text, wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quotes),
	    cmocka_unit_test(test_guard),
	    cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
