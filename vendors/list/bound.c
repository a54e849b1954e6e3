/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bound.c - see bound.h.
 */
#include "vendors/list/bound.h"

#include "vendors/base/call.h"
#include "vendors/list/page.h"
#include "vendors/vendor.h"

int bound_fail(const struct page *page, size_t number)
{
	return call_fail(page->call, CALL_MALFORMED,
			 "page %zu of the %s can't be read: with row %zu, the list would take more "
			 "than " JSON_HEAP_TIMES_WORDS
			 " times its size in memory (%zu bytes so far)",
			 page->number, page->collection->name, number, page->sink->received);
}

int bound_fail_list(struct call *call, const struct collection *collection,
		    const struct list_sink *sink)
{
	return call_fail(
	    call, CALL_MALFORMED,
	    "the list of %s can't be read: it would take more than " JSON_HEAP_TIMES_WORDS
	    " times its size in memory (%zu bytes)",
	    collection->name, sink->received);
}
