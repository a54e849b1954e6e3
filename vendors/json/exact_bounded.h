/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_bounded.h - the JSON of a vendor's response, in memory that is bounded by its length.
 *
 * Functions here are local and quick, and any thread may call them.
 */
#ifndef ROSTERFS_EXACT_BOUNDED_H
#define ROSTERFS_EXACT_BOUNDED_H

#include "vendors/json/exact_parse.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Where a tree is laid out (json_heap.h). */
enum exact_bounded_place {
	EXACT_BOUNDED_HEAP,  /* from malloc: at most three quarters of what a page may take,
				because the code that changes a record copies it */
	EXACT_BOUNDED_BLOCK, /* in this thread's block, for a page: the caller frees the tree, and
				then calls json_heap_shrink or json_heap_free */
};

/* Why there is no tree. */
enum exact_bounded_failure {
	EXACT_BOUNDED_BROKEN,    /* the text is not JSON */
	EXACT_BOUNDED_LARGE,     /* the tree would take too much memory for its text */
	EXACT_BOUNDED_NO_MEMORY, /* this process has no memory left */
};

/*
 * As exact_parse, for LENGTH bytes of a response. NULL also if the tree would take too much memory:
 * the words of *ERROR say so then; its position is 0. *FAILURE (may be NULL) says why it is NULL.
 */
json_t *exact_bounded_parse(const char *text, size_t length, unsigned flags,
			    enum exact_bounded_place place, enum exact_bounded_failure *failure,
			    struct exact_parse_error *error);

/*
 * As exact_bounded_parse, for a whole response, of any type. NULL also if an object has two equal
 * keys. WHY (or NULL), of SIZE bytes, says then what is wrong.
 */
json_t *exact_bounded_response(const char *text, size_t length, enum exact_bounded_place place,
			       char *why, size_t size, enum exact_bounded_failure *failure);

/* As exact_mend (exact_mend.h), from malloc. NULL also if it would take too much memory, or there
 * is none. */
json_t *exact_bounded_mend(const char *text, size_t length);

#endif
