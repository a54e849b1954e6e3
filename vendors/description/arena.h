/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h - memory that is freed at once: the tables that are made from a description.
 */
#ifndef ROSTERFS_ARENA_H
#define ROSTERFS_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

/* All zero is an empty arena. */
struct arena {
	struct arena_block *blocks;
	bool failed; /* there was no memory once */
};

/* Return SIZE bytes, all zero, or NULL without memory. */
void *arena_get(struct arena *arena, size_t size);

/* Return a copy of the LENGTH bytes at TEXT, with a NUL, or NULL without memory. */
char *arena_text(struct arena *arena, const char *text, size_t length);

/* Return a copy of the LIST of COUNT elements of SIZE bytes with ELEMENT appended and an element of
 * zeros behind it, or NULL without memory. LIST may be NULL. */
void *arena_append(struct arena *arena, const void *list, size_t count, size_t size,
		   const void *element);

/* Free everything. */
void arena_clear(struct arena *arena);

#endif
