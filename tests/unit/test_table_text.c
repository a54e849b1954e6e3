/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table_text.c - any part of a table reads as it stands in the whole, whatever its rows are
 * and however it learns of their lengths.
 *
 * table_text.c is compiled in here with allocations that fail when they are told to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int allocations_left = -1; /* below 0: no end of them */

static bool may_allocate(void)
{
	return allocations_left < 0 || allocations_left-- > 0;
}

static void *failing_malloc(size_t size)
{
	return may_allocate() ? malloc(size) : NULL;
}

static void *failing_realloc(void *old, size_t size)
{
	return may_allocate() ? realloc(old, size) : NULL;
}

#define malloc failing_malloc
#define realloc failing_realloc
#include "cache/tables/table_text.c" /* NOLINT(bugprone-suspicious-include) */
#undef malloc
#undef realloc

#include "tests/unit/table_reader.h"

/* Rows of which number i is i % LONGEST bytes and a newline. */
struct invented {
	size_t longest;
	size_t appended, counted, freed;
	bool asked_twice; /* the head asks for the lengths again, once */
	int error;        /* of the row in the middle */
	size_t middle;
};

static int append(void *arg, size_t index, struct table_out *out)
{
	struct invented *source = arg;
	char row[400];
	size_t length = index % source->longest;

	source->appended++;
	if (source->error && index == source->middle)
		return source->error;
	for (size_t i = 0; i < length; i++)
		row[i] = (char)('a' + (index + i) % 26);
	row[length] = '\n';
	return table_out_add(out, row, length + 1);
}

/* One byte less than append, which the head makes up for; until it has asked again, a wrong length.
 */
static ssize_t count(void *arg, size_t index)
{
	struct invented *source = arg;

	source->counted++;
	if (source->error && index == source->middle)
		return source->error;
	return (ssize_t)(index % source->longest) + (source->asked_twice ? 1000 : 0);
}

static ssize_t late_head(void *arg, struct table_out *head)
{
	struct invented *source = arg;

	if (source->asked_twice) {
		source->asked_twice = false;
		return -EAGAIN;
	}
	return table_out_add(head, "head\n", 5) ? -ENOMEM : 1;
}

static void note_free(void *arg)
{
	struct invented *source = arg;

	source->freed++;
}

static struct table_text *make(struct invented *source, size_t rows, const char *head)
{
	const struct table_rows from = {source, rows, append, NULL, NULL, note_free};

	return table_text_new(head, strlen(head), &from);
}

static void check_whole(const struct table_text *table, struct invented *source, size_t rows,
			const char *head)
{
	struct table_out wanted = {0};
	char *whole = table_reader_whole(table);

	table_out_add(&wanted, head, strlen(head));
	for (size_t i = 0; i < rows; i++)
		append(source, i, &wanted);
	assert_int_equal(table_text_size(table), wanted.length);
	assert_memory_equal(whole, wanted.text ? wanted.text : "", wanted.length);
	free(wanted.text);
	free(whole);
}

static void test_reads(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 15, 16, 17, 31, 32, 33, 160, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (size_t longest = 1; longest < 400; longest += 133) {
			const char *const heads[] = {"", "h", "a head with a line end\r\n"};

			for (size_t j = 0; j < 3; j++) {
				struct invented source = {.longest = longest};
				struct table_text *table = make(&source, sizes[i], heads[j]);

				assert_non_null(table);
				assert_int_equal(source.appended, sizes[i]);
				check_whole(table, &source, sizes[i], heads[j]);
				assert_int_equal(source.freed, 0);
				table_text_free(table);
				assert_int_equal(source.freed, 1);
			}
		}
	}
	table_text_free(NULL);
}

/* Lengths that are told, and that depend on what the head is: no row is made to count it. */
static void test_lengths(void **state)
{
	(void)state;
	for (int twice = 0; twice < 2; twice++) {
		struct invented source = {.longest = 50, .asked_twice = twice};
		const struct table_rows rows = {&source, 100, append, count, late_head, note_free};
		struct table_text *table = table_text_new("first\n", 6, &rows);

		assert_non_null(table);
		assert_int_equal(source.appended, 0);
		assert_int_equal(source.counted, twice ? 200 : 100);
		check_whole(table, &source, 100, "first\nhead\n");
		table_text_free(table);
	}
}

/* A read makes the rows that it shows, and less than a group more. */
static void test_cost(void **state)
{
	struct invented source = {.longest = 10};
	struct table_text *table = make(&source, 100000, "");
	char buffer[64];

	(void)state;
	source.appended = 0;
	for (uint64_t at = 0; at < table_text_size(table); at += 997) {
		size_t before = source.appended;

		assert_true(table_text_read(table, at, buffer, sizeof(buffer)) > 0);
		assert_true(source.appended - before <= 15 + sizeof(buffer));
	}
	table_text_free(table);
}

static void test_failing_row(void **state)
{
	struct invented source = {.longest = 20, .middle = 40};
	const struct table_rows rows = {&source, 100, append, count, late_head, note_free};
	struct table_text *table = table_text_new(NULL, 0, &rows);
	char buffer[16];

	(void)state;
	source.error = -ENOMEM;
	assert_int_equal(table_text_read(table, 0, buffer, sizeof(buffer)), sizeof(buffer));
	assert_int_equal(table_text_read(table, table_text_size(table) / 2, buffer, sizeof(buffer)),
			 sizeof(buffer));
	for (uint64_t at = 0, failed = 0; !failed; at++) {
		ssize_t got = table_text_read(table, at, buffer, sizeof(buffer));

		assert_true(at < table_text_size(table));
		failed = got < 0;
		assert_int_equal(got, failed ? -ENOMEM : (ssize_t)sizeof(buffer));
	}
	table_text_free(table);
	source.freed = 0;
	assert_null(table_text_new(NULL, 0, &rows));
	assert_null(make(&source, 100, ""));
	assert_int_equal(source.freed, 2);
}

static void test_no_memory(void **state)
{
	size_t failed = 0;
	bool made = false;

	(void)state;
	for (int allowed = 0; !made; allowed++) {
		struct invented invented = {.longest = 20};
		struct table_text *table;

		allocations_left = allowed;
		table = make(&invented, 50, "head");
		allocations_left = -1;
		made = table;
		failed += !made;
		assert_int_equal(invented.freed, !made);
		table_text_free(table);
	}
	assert_true(failed >= 2);
}

static void test_no_memory_to_read(void **state)
{
	struct invented invented = {.longest = 20};
	struct table_text *table = make(&invented, 50, "head");
	size_t failed = 0;
	ssize_t got = -1;
	char buffer[64];

	(void)state;
	for (int allowed = 0; got < 0; allowed++) {
		allocations_left = allowed;
		got = table_text_read(table, 100, buffer, sizeof(buffer));
		allocations_left = -1;
		assert_int_equal(got, got < 0 ? -ENOMEM : (ssize_t)sizeof(buffer));
		failed += got < 0;
	}
	assert_true(failed >= 1);
	check_whole(table, &invented, 50, "head");
	table_text_free(table);
}

static void test_out(void **state)
{
	struct table_out out = {0};
	char wanted[5000];

	(void)state;
	assert_int_equal(table_out_add(&out, NULL, 0), 0);
	assert_int_equal(out.length, 0);
	for (size_t i = 0; i < sizeof(wanted); i += 3) {
		memcpy(wanted + i, "xyz", i + 3 > sizeof(wanted) ? sizeof(wanted) - i : 3);
		assert_int_equal(table_out_add(&out, "xyz", 3), 0);
	}
	assert_memory_equal(out.text, wanted, sizeof(wanted));
	allocations_left = 0;
	assert_int_equal(table_out_reserve(&out, 100000), -ENOMEM);
	allocations_left = -1;
	assert_memory_equal(out.text, wanted, sizeof(wanted));
	free(out.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_reads),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_cost),
	    cmocka_unit_test(test_failing_row),
	    cmocka_unit_test(test_out),
	    cmocka_unit_test(test_no_memory),
	    cmocka_unit_test(test_no_memory_to_read),
	};

	srandom(5);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
