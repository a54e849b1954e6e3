/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - items found by a text: a hash table of 11 to 22 bytes an item.
 *
 * For what there are hundreds of thousands of. An item need not know that it stands in a table, so
 * it may stand in several; uthash wants 56 bytes inside of each. The owner locks. Nothing here
 * waits.
 */
#ifndef ROSTERFS_TABLE_H
#define ROSTERFS_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table {
	void **slots;  /* NULL: nobody */
	uint8_t *tags; /* of the same places: a part of the hash, 0: nobody */
	size_t room;   /* a power of two, or 0 */
	size_t count;
	const char *(*key)(const void *item); /* the text that ITEM is found by */
};

/* An empty table of items with KEY; it needs no memory. */
void table_init(struct table *table, const char *(*key)(const void *item));

/* Forget all items; they are not touched. */
void table_clear(struct table *table);

/* The item with KEY, or NULL. HASH: hash_text of KEY. */
void *table_find(const struct table *table, const char *key, uint64_t hash);

/* Add ITEM, whose key no other has. HASH as above. 0 or -ENOMEM. */
int table_add(struct table *table, void *item, uint64_t hash);

/* Take out ITEM, which is there. */
void table_remove(struct table *table, const void *item);

/*
 * The item at or after place *AT, which is moved behind it; NULL: there are no more. Begin with 0;
 * meanwhile nothing may be added or removed.
 */
void *table_next(const struct table *table, size_t *at);

#endif
