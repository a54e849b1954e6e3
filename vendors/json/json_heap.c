/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_heap.c - see json_heap.h.
 *
 * Each thread has one block, so there is no lock. It is as large as the limit of its page, but only
 * what is used of it is resident. If a value of a page outlives the page, the block stays unused
 * until the last value is freed: that costs speed, but never frees memory that is in use. It must
 * not know what is parsed.
 */
#include "vendors/json/json_heap.h"

#include <jansson.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A page of 100 users takes a quarter of this. */
#define USUAL ((size_t)1 << 20)
/* What jansson allocates holds no larger type than these, and alignof(max_align_t) is twice that.
 */
#define ALIGNMENT (sizeof(json_int_t) > sizeof(void *) ? sizeof(json_int_t) : sizeof(void *))
#define MALLOC_HEAD sizeof(size_t)

enum json_heap_mode { JSON_HEAP_FREE, JSON_HEAP_BLOCK, JSON_HEAP_COUNTED };

struct json_heap {
	enum json_heap_mode mode;
	bool refused, starved;
	/* while the block is in use: what comes next, and how many bytes it may still give */
	char *next;
	size_t left;
	size_t lives; /* allocations in the block that are not freed */
	char *block;
	size_t room;           /* bytes of the block */
	size_t limit, counted; /* of bytes from malloc */
	unsigned wiping;       /* how many json_heap_wipe(true) have no json_heap_wipe(false) yet */
};

static _Thread_local struct json_heap heap;

static void *json_heap_refuse(void)
{
	heap.refused = true;
	return NULL;
}

/* As malloc, between json_heap_begin and json_heap_end. Not inline, because that would cost each
 * other allocation as well. */
__attribute__((noinline)) static void *take_counted(size_t size)
{
	void *taken;

	if (heap.mode == JSON_HEAP_BLOCK || size >= heap.limit || heap.counted > heap.limit - size)
		return json_heap_refuse();
	taken = malloc(size);
	if (taken)
		heap.counted += malloc_usable_size(taken) + MALLOC_HEAD;
	else
		heap.starved = true;
	return taken;
}

static void *take_freely(size_t size)
{
	void *taken = malloc(size);

	if (!taken)
		heap.starved = true;
	return taken;
}

static void *json_heap_take(size_t size)
{
	size_t room = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	char *taken = heap.next;

	if (room > heap.left || room < size)
		return heap.mode == JSON_HEAP_FREE ? take_freely(size) : take_counted(size);
	heap.next += room;
	heap.left -= room;
	heap.lives++;
	return taken;
}

static void json_heap_give_back(void *taken)
{
	size_t size;

	/* one comparison: for an address below the block, the difference wraps round and is far
	 * larger */
	if ((uintptr_t)taken - (uintptr_t)heap.block < heap.room) {
		heap.lives--;
		return;
	}
	if (heap.mode == JSON_HEAP_COUNTED && taken) {
		size = malloc_usable_size(taken) + MALLOC_HEAD;
		heap.counted -= size < heap.counted ? size : heap.counted;
	}
	if (heap.wiping && taken)
		explicit_bzero(taken, malloc_usable_size(taken));
	free(taken);
}

void json_heap_wipe(bool on)
{
	heap.wiping += on ? 1 : -1u;
}

bool json_heap_wipes(void)
{
	return heap.wiping;
}

void json_heap_install(void)
{
	json_set_alloc_funcs(json_heap_take, json_heap_give_back);
}

/* Return true if this thread has a block of LIMIT bytes that is not in use. */
static bool make_block(size_t limit)
{
	if (heap.lives)
		return false;
	json_heap_shrink();
	if (heap.room >= limit)
		return true;
	json_heap_free();
	heap.block = mmap(NULL, limit, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (heap.block == MAP_FAILED) {
		heap.block = NULL;
		return false;
	}
	heap.room = limit;
#ifdef MADV_NOHUGEPAGE
	/* a huge page would be resident whole */
	(void)madvise(heap.block, limit, MADV_NOHUGEPAGE);
#endif
	return true;
}

void json_heap_begin(size_t limit, bool blocked)
{
	heap.refused = false;
	if (blocked && make_block(limit)) {
		heap.mode = JSON_HEAP_BLOCK;
		heap.next = heap.block;
		heap.left = limit;
	} else {
		heap.mode = JSON_HEAP_COUNTED;
		heap.limit = limit;
		heap.counted = 0;
	}
}

void json_heap_charge(size_t bytes)
{
	if (heap.mode == JSON_HEAP_BLOCK)
		heap.left -= bytes < heap.left ? bytes : heap.left;
	else if (heap.mode == JSON_HEAP_COUNTED)
		heap.counted += bytes;
}

bool json_heap_end(void)
{
	heap.mode = JSON_HEAP_FREE;
	heap.left = 0;
	return heap.refused;
}

bool json_heap_starved(void)
{
	bool starved = heap.starved;

	heap.starved = false;
	return starved;
}

void json_heap_starve(void)
{
	heap.starved = true;
}

size_t json_heap_used(void)
{
	return heap.lives ? (size_t)(heap.next - heap.block) : 0;
}

void json_heap_shrink(void)
{
	size_t used = heap.block ? (size_t)(heap.next - heap.block) : 0;

	if (heap.lives || used <= USUAL)
		return;
	(void)madvise(heap.block + USUAL, heap.room - USUAL, MADV_DONTNEED);
	heap.next = heap.block;
}

void json_heap_free(void)
{
	if (heap.lives || !heap.block)
		return;
	(void)munmap(heap.block, heap.room);
	heap.block = heap.next = NULL;
	heap.room = 0;
}
