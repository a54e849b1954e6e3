/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - a hash table of items with a text as key, 11 to 22 bytes per item.
 *
 * For hundreds of thousands of items. An item does not contain a handle, so it can be in several
 * tables; uthash needs 56 bytes inside of each. The owner locks. Nothing here waits.
 */
#ifndef ROSTERFS_TABLE_H
#define ROSTERFS_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table {
	void **slots;  /* the items */
	uint8_t *tags; /* for each slot: a part of the hash, or 0: the slot is free */
	size_t room;   /* number of slots: a power of two, or 0 */
	size_t count;
	const char *(*key)(const void *item); /* returns the key of ITEM */
};

/* Make TABLE an empty table of items with KEY. Allocates nothing. */
void table_init(struct table *table, const char *(*key)(const void *item));

/* Remove all items, which are not touched, and free the memory of TABLE. */
void table_clear(struct table *table);

/* Return the item with KEY, or NULL. HASH is hash_text of KEY. */
void *table_find(const struct table *table, const char *key, uint64_t hash);

/* Add ITEM, whose key no other item has. HASH as above. Return 0 or -ENOMEM. */
int table_add(struct table *table, void *item, uint64_t hash);

/* Remove ITEM, which is in TABLE. */
void table_remove(struct table *table, const void *item);

/*
 * Return the first item at or after slot *AT, and move *AT behind it. NULL: there are no more.
 * Begin with 0. Do not add or remove items meanwhile.
 */
void *table_next(const struct table *table, size_t *at);

#endif
