/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c - see arena.h.
 *
 * Each piece is a block of its own, so that AddressSanitizer sees its ends. A description has some
 * hundred of them.
 */
#include "vendors/description/arena.h"

#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	max_align_t bytes[];
};

void *arena_get(struct arena *arena, size_t size)
{
	struct arena_block *block = calloc(1, sizeof(*block) + size);

	if (!block) {
		arena->failed = true;
		return NULL;
	}
	block->next = arena->blocks;
	arena->blocks = block;
	return block->bytes;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_get(arena, length + 1);

	if (copy)
		memcpy(copy, text, length);
	return copy;
}

void *arena_append(struct arena *arena, const void *list, size_t count, size_t size,
		   const void *element)
{
	char *longer = arena_get(arena, (count + 2) * size);

	if (!longer)
		return NULL;
	if (count)
		memcpy(longer, list, count * size);
	memcpy(longer + count * size, element, size);
	return longer;
}

void arena_clear(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
	arena->failed = false;
}
