/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - see table.h.
 *
 * Open addressing: if a place is taken, the next one is tried. A removed item leaves no gap,
 * because the items after it move up. A byte of each hash is kept in an array of its own, so a
 * search accesses hardly any item except the right one; each would be a cache miss. It must not
 * know what the items are.
 */
#include "vendors/base/table.h"

#include "vendors/base/hash.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 16

void table_init(struct table *table, const char *(*key)(const void *item))
{
	memset(table, 0, sizeof(*table));
	table->key = key;
}

void table_clear(struct table *table)
{
	free(table->slots);
	free(table->tags);
	table_init(table, table->key);
}

/* Return where the search for HASH begins. FNV mixes the upper bits better. */
static size_t home_of(const struct table *table, uint64_t hash)
{
	return (size_t)((hash ^ (hash >> 32)) & (table->room - 1));
}

static uint8_t tag_of(uint64_t hash)
{
	return (uint8_t)(hash >> 56 | 1);
}

static size_t place_after(const struct table *table, size_t at)
{
	return (at + 1) & (table->room - 1);
}

void *table_find(const struct table *table, const char *key, uint64_t hash)
{
	uint8_t tag = tag_of(hash);

	if (!table->room)
		return NULL;
	for (size_t at = home_of(table, hash); table->tags[at]; at = place_after(table, at)) {
		if (table->tags[at] == tag && strcmp(table->key(table->slots[at]), key) == 0)
			return table->slots[at];
	}
	return NULL;
}

static void table_put(struct table *table, void *item, uint64_t hash)
{
	size_t at = home_of(table, hash);

	while (table->tags[at])
		at = place_after(table, at);
	table->slots[at] = item;
	table->tags[at] = tag_of(hash);
	table->count++;
}

static int table_grow(struct table *table)
{
	struct table old = *table;
	struct table larger = {.room = old.room ? 2 * old.room : ROOM_FIRST, .key = old.key};

	larger.slots = malloc(larger.room * sizeof(void *));
	larger.tags = calloc(larger.room, 1);
	if (!larger.slots || !larger.tags) {
		free(larger.slots);
		free(larger.tags);
		return -ENOMEM;
	}
	for (size_t i = 0; i < old.room; i++) {
		if (old.tags[i])
			table_put(&larger, old.slots[i], hash_text(old.key(old.slots[i])));
	}
	*table = larger;
	free(old.slots);
	free(old.tags);
	return 0;
}

int table_add(struct table *table, void *item, uint64_t hash)
{
	/* at most four fifths full, so that 100,000 items fit into 2^17 slots */
	if (table->count >= table->room / 5 * 4 && table_grow(table))
		return -ENOMEM;
	table_put(table, item, hash);
	return 0;
}

/* Return true if an item whose search begins at HOME may stay at AT when GAP becomes free: the
 * search must not end at the gap. */
static bool may_stay(size_t home, size_t gap, size_t at)
{
	return gap < at ? home > gap && home <= at : home > gap || home <= at;
}

void table_remove(struct table *table, const void *item)
{
	size_t gap = home_of(table, hash_text(table->key(item)));

	while (table->slots[gap] != item || !table->tags[gap])
		gap = place_after(table, gap);
	for (size_t at = place_after(table, gap); table->tags[at]; at = place_after(table, at)) {
		size_t home = home_of(table, hash_text(table->key(table->slots[at])));

		if (may_stay(home, gap, at))
			continue;
		table->slots[gap] = table->slots[at];
		table->tags[gap] = table->tags[at];
		gap = at;
	}
	table->tags[gap] = 0;
	table->count--;
}

void *table_next(const struct table *table, size_t *at)
{
	while (*at < table->room) {
		size_t place = (*at)++;

		if (table->tags[place])
			return table->slots[place];
	}
	return NULL;
}
