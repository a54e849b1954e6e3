/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_progress.c - vendors/base/progress.h and columns.h: what fits into how many columns.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vendors/base/columns.h"
#include "vendors/base/progress.h"

static const struct {
	unsigned pages, total;
	size_t rows;
	double spent;
	size_t width;
	const char *words;
} examples[] = {
    {0, 0, 0, 9, 36, "fetching: no page yet"},
    {57, 0, 5700, 9, 36, "fetching: page 57, 5,700 users"},
    {123456, 0, 12345600, 9, 36, "page 123,456, 12,345,600"},
    {57, 1000, 5700, 57, 36, "[....] page 57 of 1,000, 15m43s left"},
    {57, 1000, 5700, 57, 60, "[#...........................] page 57 of 1,000, 15m43s left"},
    {500, 1000, 0, 12, 36, "[###...] page 500 of 1,000, 12s left"},
    {10, 10, 1000, 2, 36, "[###########] page 10 of 10, 0s left"},
    {1, 100, 100, 100, 36, "[........] page 1 of 100, 2h45m left"},
    {1, 100, 100, 1e9, 60, "[..........................] page 1 of 100, 1000000h00m left"},
    {123456, 1000000, 12345600, 9e4, 36, "[........] page 123,456 of 1,000,000"},
    {12345678, 100000000, 0, 9, 20, "page 12,345,678 of 1"},
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct progress progress = {.pages = examples[i].pages,
					    .total = examples[i].total,
					    .rows = examples[i].rows,
					    .began = 1000};
		char text[PROGRESS_TEXT_MAX];

		progress_words(&progress, 1000 + examples[i].spent, examples[i].width, text);
		print_message("%s\n", text);
		assert_true(strlen(text) <= examples[i].width);
		assert_string_equal(text, examples[i].words);
	}
}

/* Another host that reads: its name stays readable, and the page is never lost for it. */
static void test_hosts(void **state)
{
	static const struct {
		const char *host;
		unsigned pages, total;
		size_t width;
		const char *words;
	} hosts[] = {
	    {"a", 0, 0, 36, "a fetches: no page yet"},
	    {"a", 52, 0, 36, "a fetches: page 52, 5,200 users"},
	    {"a", 52, 200, 36, "a fetches: page 52 of 200"},
	    {"jump-box-7", 52, 0, 36, "jump-box-7 fetches: page 52"},
	    {"jump-box-frankfurt.internal.example", 52, 0, 36,
	     "jump-box..l.example fetches: page 52"},
	    {"jump-box-frankfurt", 1234, 5678, 20, "j..t fetches: page 1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct progress progress = {.pages = hosts[i].pages,
					    .total = hosts[i].total,
					    .rows = 5200};
		char text[PROGRESS_TEXT_MAX];

		snprintf(progress.host, sizeof(progress.host), "%s", hosts[i].host);
		progress_words(&progress, 1, hosts[i].width, text);
		print_message("%s\n", text);
		assert_string_equal(text, hosts[i].words);
	}
}

/* A total that is too small is none, whatever the numbers are. */
static void test_any_numbers(void **state)
{
	static const unsigned numbers[] = {0, 1, 9, 10, 999, 1000, 999999, 4294967295u};
	static const double times[] = {-5, 0, 0.4, 59.6, 3599, 1e5, 1e18};
	char text[PROGRESS_TEXT_MAX];

	(void)state;
	for (unsigned n = 0; n < 8 * 8 * 7; n++) {
		struct progress progress = {.pages = numbers[n % 8], .total = numbers[n / 8 % 8]};

		for (size_t width = 20; width < 130; width++) {
			progress_words(&progress, times[n / 64], width, text);
			assert_true(strlen(text) <= width);
			assert_false(progress.total < progress.pages && strchr(text, '['));
		}
	}
}

static const void *told;
static unsigned tells, ends;

static void watch(void *arg, const struct progress *progress, bool over)
{
	assert_ptr_equal(arg, &told);
	told = progress;
	tells += !over;
	ends += over;
}

static void test_watch(void **state)
{
	struct progress progress = {.what = "acme"};

	(void)state;
	progress_tell(&progress);
	progress_watch(watch, &told);
	progress_tell(&progress);
	progress_tell(&progress);
	progress_end(&progress);
	progress_watch(NULL, NULL);
	progress_end(&progress);
	assert_ptr_equal(told, &progress);
	assert_int_equal(tells, 2);
	assert_int_equal(ends, 1);
}

enum printer { PRINT, WRAP, NUMBER };

/* Check what is printed of TEXT, or VALUE, in WIDTH columns. */
static void expect(enum printer printer, const char *text, uint64_t value, unsigned width,
		   const char *expected)
{
	char *printed = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&printed, &length);

	assert_non_null(out);
	if (printer == PRINT)
		columns_print(out, text, width);
	else if (printer == WRAP)
		columns_wrap(out, text, 2, width);
	else
		columns_number(out, value, width);
	fclose(out);
	assert_string_equal(printed, expected);
	free(printed);
}

#define WIDE "\xe6\xbc\xa2"

static void test_print(void **state)
{
	(void)state;
	expect(PRINT, "acme", 0, 8, "acme    ");
	expect(PRINT, "acme-all", 0, 8, "acme-all");
	expect(PRINT, "a-long-name", 0, 8, "a-l..ame");
	expect(PRINT, "tab\there\x7f", 0, 10, "tab?here? ");
	expect(PRINT, "bad\xff", 0, 8, "bad?    ");
	expect(PRINT, "n\xc3\xa4me", 0, 8, "n\xc3\xa4me    ");
	/* wide characters take two columns; one that does not fit leaves a blank */
	expect(PRINT, WIDE WIDE WIDE WIDE, 0, 8, WIDE WIDE WIDE WIDE);
	expect(PRINT, WIDE WIDE WIDE WIDE WIDE, 0, 8, WIDE ".." WIDE "  ");
}

static void test_wrap(void **state)
{
	(void)state;
	expect(WRAP, "", 0, 10, "\n");
	expect(WRAP, "0123456789", 0, 10, "0123456789\n");
	expect(WRAP, "one two three four", 0, 10, "one two\n  three\n  four\n");
	expect(WRAP, "0123456789 one", 0, 10, "0123456789\n  one\n");
	expect(WRAP, "0123456789abcdefghijk l", 0, 10, "0123456789\n  abcdefgh\n  ijk l\n");
	expect(WRAP, "ab " WIDE WIDE WIDE WIDE, 0, 10, "ab\n  " WIDE WIDE WIDE WIDE "\n");
	expect(WRAP, WIDE WIDE WIDE WIDE WIDE WIDE, 0, 11,
	       WIDE WIDE WIDE WIDE WIDE "\n  " WIDE "\n");
}

static void test_numbers(void **state)
{
	char text[COLUMNS_COUNT_MAX];

	(void)state;
	expect(NUMBER, NULL, 12345678, 8, "12345678");
	expect(NUMBER, NULL, 123456789, 8, " 123456k");
	expect(NUMBER, NULL, UINT64_MAX, 4, " 18E");
	assert_string_equal(columns_count(0, text), "0");
	assert_string_equal(columns_count(999, text), "999");
	assert_string_equal(columns_count(1000, text), "1,000");
	assert_string_equal(columns_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
	assert_string_equal(columns_age(-1, text), "0s");
	assert_string_equal(columns_age(119.9, text), "119s");
	assert_string_equal(columns_age(120, text), "2m");
	assert_string_equal(columns_age(7199, text), "119m");
	assert_string_equal(columns_age(7200, text), "2h");
	assert_string_equal(columns_age(48 * 3600 - 1, text), "47h");
	assert_string_equal(columns_age(48 * 3600, text), "2d");
	assert_string_equal(columns_age(1e12, text), "999d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),       cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_any_numbers), cmocka_unit_test(test_watch),
	    cmocka_unit_test(test_print),       cmocka_unit_test(test_wrap),
	    cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
