/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table_memory.c - tables of records and people for which there is no memory: whichever
 * allocation fails, making one returns NULL, and reading one fails with ENOMEM. Whatever a table
 * took is freed (AddressSanitizer sees what is not).
 *
 * The files of cache/tables/ are compiled in here with allocations that fail when they are told to.
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

static void *failing_calloc(size_t count, size_t size)
{
	return may_allocate() ? calloc(count, size) : NULL;
}

static void *failing_realloc(void *old, size_t size)
{
	return may_allocate() ? realloc(old, size) : NULL;
}

#define malloc failing_malloc
#define calloc failing_calloc
#define realloc failing_realloc
/* NOLINTBEGIN(bugprone-suspicious-include) */
#include "cache/tables/record_columns.c"
#undef ROOM_FIRST
#include "cache/tables/table_text.c"
#include "cache/tables/record_fields.c"
#include "cache/tables/record_jsonl.c"
#include "cache/tables/csv_cell.c"
#include "cache/tables/record_csv.c"
#include "cache/tables/record_table.c"
#include "cache/tables/record_values.c"
#include "cache/tables/people_table.c"
/* NOLINTEND(bugprone-suspicious-include) */
#undef malloc
#undef calloc
#undef realloc

#include "tests/unit/table_records.h"

#define RECORDS ((size_t)40)

static const char *const name_keys[] = {"/a", "/b\"", NULL};
static const char *const role_keys[] = {"/list/*/x", "/flag\"", NULL};
static const struct collection users = {
    TABLE_RECORDS_USERS,
    .status_key = "status",
    .name_keys = name_keys,
    .role_keys = role_keys,
};
static const struct table_style style = {.guard = true, .bom = true};

/* Records with escapes, arrays, and a hundred columns. */
static struct snapshot *make_snapshot(void)
{
	static char texts[RECORDS][300];
	const char *jsons[RECORDS];

	for (size_t i = 0; i < RECORDS; i++) {
		snprintf(texts[i], sizeof(texts[i]),
			 "{\"email\":\"\\u00e9%zu@x\",\"a\":\"=\\\"\",\"b\\\"\":\"c\\n\","
			 "\"list\":[{\"x\":\"\\\"%zu\"}],\"flag\\\"\":true,\"o%zu\":{\"p%zu\":1},"
			 "\"q%zu\":{}}",
			 i, i, i, i, i);
		jsons[i] = texts[i];
	}
	return table_records_snapshot(&users, jsons, RECORDS);
}

static struct table_text *make_csv(struct snapshot *snapshot)
{
	return record_table_new(snapshot, true, TABLE_CSV, &style);
}

static struct table_text *make_jsonl(struct snapshot *snapshot)
{
	return record_table_new(snapshot, true, TABLE_JSONL, NULL);
}

static struct table_text *make_people(struct snapshot *snapshot, enum table_format format)
{
	int left = allocations_left;
	struct people people = {.vendor_count = 2, .count = RECORDS / 2};

	allocations_left = -1;
	people.vendors = calloc(2, sizeof(*people.vendors));
	people.records = malloc(RECORDS * sizeof(struct record *));
	people.record_vendors = calloc(RECORDS, sizeof(*people.record_vendors));
	people.firsts = malloc((RECORDS / 2 + 1) * sizeof(*people.firsts));
	people.vendors[0].name = "n\"";
	people.vendors[0].users = &users;
	people.vendors[0].snapshot = snapshot_get(snapshot);
	people.vendors[1].name = "hand";
	for (size_t i = 0; i < RECORDS; i++)
		people.records[i] = snapshot->records[i];
	for (size_t i = 0; i <= RECORDS / 2; i++)
		people.firsts[i] = (uint32_t)(2 * i);
	allocations_left = left;
	return people_table_new(&people, format, &style);
}

static struct table_text *make_people_csv(struct snapshot *snapshot)
{
	return make_people(snapshot, TABLE_CSV);
}

static struct table_text *make_people_jsonl(struct snapshot *snapshot)
{
	return make_people(snapshot, TABLE_JSONL);
}

/* Fail each allocation of a read in turn, and return how many reads failed. */
static size_t fail_reads(const struct table_text *table, const char *whole)
{
	size_t size = table_text_size(table), failed = 0;
	char *again = malloc(size);
	ssize_t got = -1;

	for (int allowed = 0; got < 0; allowed++) {
		allocations_left = allowed;
		got = table_text_read(table, 0, again, size);
		allocations_left = -1;
		if (got < 0)
			assert_int_equal(got, -ENOMEM);
		failed += got < 0;
	}
	assert_int_equal(got, size);
	assert_memory_equal(again, whole, size);
	free(again);
	return failed;
}

/* LEAST: so many allocations there are at least, when it is made and when it is read. */
static void check(struct table_text *(*make)(struct snapshot *snapshot), size_t least)
{
	struct snapshot *snapshot = make_snapshot();
	struct table_text *table = make(snapshot), *again = NULL;
	size_t size = table_text_size(table), failed = 0;
	char *whole = malloc(size);

	assert_int_equal(table_text_read(table, 0, whole, size), size);
	for (int allowed = 0; !again; allowed++) {
		allocations_left = allowed;
		again = make(snapshot);
		allocations_left = -1;
		failed += !again;
	}
	assert_true(failed >= least);
	assert_int_equal(table_text_size(again), size);
	assert_true(fail_reads(again, whole) >= least);
	table_text_free(again);
	table_text_free(table);
	/* no reference is left behind, and none was put twice */
	assert_int_equal(atomic_load(&snapshot->references), 1);
	snapshot_put(snapshot);
	free(whole);
}

static void test_records(void **state)
{
	(void)state;
	check(make_jsonl, 1);
	check(make_csv, RECORDS);
}

static void test_people(void **state)
{
	(void)state;
	check(make_people_jsonl, RECORDS);
	check(make_people_csv, RECORDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
