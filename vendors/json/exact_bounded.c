/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_bounded.c - see exact_bounded.h.
 *
 * The response itself is in memory beside its tree, and so are the records that are made of a page,
 * so a tree gets less than json_heap.h allows for all of these.
 */
#include "vendors/json/exact_bounded.h"

#include "vendors/json/exact_mend.h"
#include "vendors/json/json_heap.h"

#include <stdio.h>

/* For the response, its copies and the records of a page. */
#define KEPT_TIMES 3
#define KEPT_SLACK ((size_t)3 << 20)

/* No tree is larger than that, so it need not be counted. */
#define MOST_TIMES 100

/* Return how many bytes the tree of LENGTH bytes may take in PLACE. */
static size_t limit_of(size_t length, enum exact_bounded_place place)
{
	size_t limit = (JSON_HEAP_TIMES - KEPT_TIMES) * length + JSON_HEAP_SLACK - KEPT_SLACK;

	return place == EXACT_BOUNDED_BLOCK ? limit : limit / 4 * 3;
}

json_t *exact_bounded_parse(const char *text, size_t length, unsigned flags,
			    enum exact_bounded_place place, enum exact_bounded_failure *failure,
			    struct exact_parse_error *error)
{
	size_t limit = limit_of(length, place);
	struct exact_parse_error own = {.no_memory = false};
	bool exceeded = false;
	json_t *value;

	if (place == EXACT_BOUNDED_HEAP && length * MOST_TIMES <= limit) {
		value = exact_parse(text, length, flags, &own);
	} else {
		json_heap_begin(limit, place == EXACT_BOUNDED_BLOCK);
		value = exact_parse(text, length, flags, &own);
		exceeded = json_heap_end() && !value && !own.no_memory;
	}
	if (exceeded)
		own = (struct exact_parse_error){
		    .words = "it would take more than " JSON_HEAP_TIMES_WORDS
			     " times its size in memory",
		    .line = 1,
		};
	if (error)
		*error = own;
	if (failure)
		*failure = own.no_memory ? EXACT_BOUNDED_NO_MEMORY
			   : exceeded    ? EXACT_BOUNDED_LARGE
					 : EXACT_BOUNDED_BROKEN;
	return value;
}

json_t *exact_bounded_response(const char *text, size_t length, enum exact_bounded_place place,
			       char *why, size_t size, enum exact_bounded_failure *failure)
{
	struct exact_parse_error error;
	enum exact_bounded_failure reason;
	/* of two members with one key, it is not known which one is meant */
	json_t *value = exact_bounded_parse(text, length, EXACT_PARSE_ANY | EXACT_PARSE_NO_REPEATS,
					    place, &reason, &error);

	if (!value && why && reason == EXACT_BOUNDED_BROKEN)
		snprintf(why, size, "%s at byte %zu", error.words, error.position);
	else if (!value && why)
		snprintf(why, size, "%s (%zu bytes)", error.words, length);
	if (failure)
		*failure = reason;
	return value;
}

json_t *exact_bounded_mend(const char *text, size_t length)
{
	json_t *value;

	json_heap_starved(); /* before */
	json_heap_begin(limit_of(length, EXACT_BOUNDED_BLOCK), false);
	value = exact_mend(text, length);
	json_heap_end();
	if (!json_heap_starved())
		return value;
	/* what could not be read may be good */
	json_decref(value);
	return NULL;
}
