/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - a hash table of items that are found by a text. It takes 11 to 22 bytes per item.
 *
 * For hundreds of thousands of items. An item needs no field for the table and may be in several;
 * uthash needs 56 bytes in each item. The owner locks. Nothing here blocks.
 */
#ifndef ROSTERFS_TABLE_H
#define ROSTERFS_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table {
	void **slots;  /* undefined where the tag is 0 */
	uint8_t *tags; /* of the same places: a part of the hash, 0: no item */
	size_t room;   /* a power of two, or 0 */
	size_t count;
	const char *(*key)(const void *item); /* returns the text that ITEM is found by */
};

/* Initialize an empty table of items with KEY. Allocates nothing. */
void table_init(struct table *table, const char *(*key)(const void *item));

/* Remove all items, without accessing them, and free the memory. */
void table_clear(struct table *table);

/* Return the item with KEY, or NULL. HASH is hash_text of KEY. */
void *table_find(const struct table *table, const char *key, uint64_t hash);

/* Add ITEM, whose key no other item has. HASH is hash_text of its key. Returns 0 or -ENOMEM. */
int table_add(struct table *table, void *item, uint64_t hash);

/* Remove ITEM, which is in the table. */
void table_remove(struct table *table, const void *item);

/*
 * Return the item at or after place *AT, and move *AT behind it. NULL: there are no more. Begin
 * with 0, and do not add or remove items in between.
 */
void *table_next(const struct table *table, size_t *at);

#endif
