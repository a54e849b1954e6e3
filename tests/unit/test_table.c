/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table.c - the hash table that finds items by a text: against a plain array, and where its
 * places wrap around the end.
 */
#include "vendors/base/table.h"
#include "vendors/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct item {
	char key[24];
	bool in; /* the table, as the naive model has it */
};

static const char *key_of(const void *item)
{
	return ((const struct item *)item)->key;
}

static void add(struct table *table, struct item *item)
{
	assert_int_equal(table_add(table, item, hash_text(item->key)), 0);
	item->in = true;
}

static void take_out(struct table *table, struct item *item)
{
	table_remove(table, item);
	item->in = false;
}

static void *find(const struct table *table, const char *key)
{
	return table_find(table, key, hash_text(key));
}

/* TABLE holds those of COUNT ITEMS that the model says, each once, and no others. */
static void check(const struct table *table, const struct item *items, size_t count)
{
	size_t at = 0, seen = 0, wanted = 0;
	const struct item *item;

	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(find(table, items[i].key), items[i].in ? &items[i] : NULL);
		wanted += items[i].in;
	}
	while ((item = table_next(table, &at))) {
		assert_true(item->in);
		seen++;
	}
	assert_int_equal(seen, wanted);
	assert_int_equal(table->count, wanted);
}

static struct item *items_new(size_t count)
{
	struct item *items = calloc(count, sizeof(*items));

	assert_non_null(items);
	for (size_t i = 0; i < count; i++)
		snprintf(items[i].key, sizeof(items[i].key), "%zu", i);
	return items;
}

static void test_empty(void **state)
{
	struct item empty = {.key = ""};
	struct table table;
	size_t at = 0;

	(void)state;
	table_init(&table, key_of);
	assert_null(find(&table, "1"));
	assert_null(find(&table, ""));
	assert_null(table_next(&table, &at));
	table_clear(&table);
	add(&table, &empty);
	assert_ptr_equal(find(&table, ""), &empty);
	assert_null(find(&table, "1"));
	table_clear(&table);
	assert_null(find(&table, ""));
	/* and it can be used again */
	add(&table, &empty);
	check(&table, &empty, 1);
	table_clear(&table);
}

/* Each is found while it grows, and while it is emptied again. */
static void test_growth(void **state)
{
	enum { COUNT = 3000 };
	struct item *items = items_new(COUNT);
	struct table table;

	(void)state;
	table_init(&table, key_of);
	for (size_t i = 0; i < COUNT; i++) {
		add(&table, &items[i]);
		assert_true(table.count < table.room);
		if (i < 50 || i % 500 == 0)
			check(&table, items, COUNT);
	}
	check(&table, items, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		take_out(&table, &items[i]);
		if (i % 500 == 0)
			check(&table, items, COUNT);
	}
	check(&table, items, COUNT);
	table_clear(&table);
	free(items);
}

/* The place in a table of 16 at which the search for KEY begins: see table.c. */
static size_t home_of(const char *key)
{
	uint64_t hash = hash_text(key);

	return (size_t)((hash ^ (hash >> 32)) & 15);
}

/*
 * All orders of adding and removing eight items whose places lie around the end of the array: the
 * clusters wrap, and what is removed leaves no gap that a search would end at.
 */
static void test_wrapped_clusters(void **state)
{
	enum { COUNT = 8 };
	const size_t homes[COUNT] = {14, 14, 15, 15, 15, 0, 0, 1};
	struct item items[COUNT] = {{.in = false}};
	unsigned long number = 0;
	struct table table;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		do
			snprintf(items[i].key, sizeof(items[i].key), "k%lu", number++);
		while (home_of(items[i].key) != homes[i]);
	}
	for (unsigned order = 0; order < 2000; order++) {
		table_init(&table, key_of);
		srandom(order);
		for (size_t step = 0; step < 40; step++) {
			struct item *item = &items[random() % COUNT];

			if (item->in)
				take_out(&table, item);
			else
				add(&table, item);
			check(&table, items, COUNT);
			assert_int_equal(table.room, 16);
		}
		for (size_t i = 0; i < COUNT; i++)
			items[i].in = false;
		table_clear(&table);
	}
}

static void test_random(void **state)
{
	enum { COUNT = 2000, STEPS = 200000 };
	struct item *items = items_new(COUNT);
	size_t bound = COUNT;
	struct table table;

	(void)state;
	srandom(5);
	table_init(&table, key_of);
	for (size_t step = 0; step < STEPS; step++) {
		struct item *item;

		/* it fills up to a random part, and empties */
		if (step % 5000 == 0)
			bound = (size_t)random() % COUNT;
		item = &items[(size_t)random() % COUNT];
		if (item->in && (size_t)random() % COUNT >= bound)
			take_out(&table, item);
		else if (!item->in && (size_t)random() % COUNT < bound)
			add(&table, item);
		assert_ptr_equal(find(&table, item->key), item->in ? item : NULL);
		if (step % 2000 == 0)
			check(&table, items, COUNT);
	}
	check(&table, items, COUNT);
	table_clear(&table);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_growth),
	    cmocka_unit_test(test_wrapped_clusters),
	    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
