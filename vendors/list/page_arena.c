/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page_arena.c - see page_arena.h.
 *
 * Each thread has one block, so there is no lock. What does not fit into it comes from malloc. If
 * a value of a page outlives the page, the block is not reused but filled further, and then stays
 * unused until the last value is freed: that costs speed, but never frees memory that is in use.
 * It must not know what is parsed.
 */
#include "vendors/list/page_arena.h"

#include <jansson.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* A page of 100 users takes a quarter of the block. */
#define PIECE ((size_t)1 << 20)

struct page_arena {
	char *piece;
	size_t used;  /* bytes of the block */
	size_t lives; /* allocations in it that are not freed */
	bool active;
};

static _Thread_local struct page_arena heap;

static void *page_arena_take(size_t size)
{
	size_t room = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	char *taken;

	if (!heap.active || room < size || room > PIECE - heap.used)
		return malloc(size);
	taken = heap.piece + heap.used;
	heap.used += room;
	heap.lives++;
	return taken;
}

static void page_arena_give_back(void *taken)
{
	/* one comparison: for an address below the block, the difference wraps round and is far
	 * larger */
	if (heap.piece && (uintptr_t)taken - (uintptr_t)heap.piece < PIECE)
		heap.lives--;
	else
		free(taken);
}

void page_arena_install(void)
{
	json_set_alloc_funcs(page_arena_take, page_arena_give_back);
}

void page_arena_begin(void)
{
	if (!heap.piece)
		heap.piece = malloc(PIECE);
	if (!heap.lives)
		heap.used = 0;
	heap.active = heap.piece != NULL;
}

void page_arena_pause(void)
{
	heap.active = false;
}

void page_arena_free(void)
{
	if (heap.lives)
		return;
	free(heap.piece);
	heap.piece = NULL;
}
