/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bound.h - the bound for the memory of a list, by the bytes that were received of it
 * (json_heap.h).
 *
 * For page.c and passes.c. Functions here are local and quick.
 */
#ifndef ROSTERFS_BOUND_H
#define ROSTERFS_BOUND_H

#include "vendors/json/json_heap.h"
#include "vendors/list/list.h"

#include <stdbool.h>
#include <stddef.h>

struct call;
struct collection;
struct page;

/* Return true if what SINK holds, and BYTES beside it, such as those of a page and its tree, are
 * too much. */
static inline bool bound_exceeded(const struct list_sink *sink, size_t bytes)
{
	/* some of the slack is for the rest of the process */
	return sink->held + bytes > JSON_HEAP_TIMES * sink->received + JSON_HEAP_SLACK * 3 / 4;
}

/* Fail PAGE because its sink holds too much with row NUMBER. Returns -EREMOTEIO. */
int bound_fail(const struct page *page, size_t number);

/* Fail CALL because the list of COLLECTION that SINK has received is too much. Returns -EREMOTEIO.
 */
int bound_fail_list(struct call *call, const struct collection *collection,
		    const struct list_sink *sink);

/*
 * Fail PAGE if its list is a large one, and too little of the memory that RLIMIT_DATA allows is
 * left for the rest of the process: its threads, and the lists of other vendors. Returns 0 or
 * -ENOMEM.
 */
int bound_check_memory(const struct page *page);

#endif
