/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bound.c - see bound.h.
 */
#include "vendors/list/bound.h"

#include "vendors/base/call.h"
#include "vendors/list/page.h"
#include "vendors/vendor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* A list is large when so many bytes of it have come, and what is left for all else: a few
 * threads and what they need, or half of a small limit. */
#define LARGE ((size_t)1 << 20)
#define RESERVE ((size_t)32 << 20)

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

/* Return how many bytes count for RLIMIT_DATA, or 0: unknown. */
static size_t data_used(void)
{
	unsigned long pages = 0;
	char text[256] = "";
	int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return 0;
	if (read(file, text, sizeof(text) - 1) <= 0 ||
	    sscanf(text, "%*u %*u %*u %*u %*u %lu", &pages) != 1)
		pages = 0;
	close(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

int bound_check_memory(const struct page *page)
{
	size_t received = page->sink->received, used, reserve;
	struct rlimit limit;

	if (received < LARGE || getrlimit(RLIMIT_DATA, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return 0;
	used = data_used();
	reserve = limit.rlim_cur / 2 < RESERVE ? (size_t)limit.rlim_cur / 2 : RESERVE;
	if (used + reserve <= limit.rlim_cur)
		return 0;
	return call_fail(page->call, CALL_NO_MEMORY,
			 "the list of %s needs more memory than RLIMIT_DATA (%zu MiB) leaves for "
			 "it: raise the limit (ulimit -d, LimitDATA); %zu bytes were received",
			 page->collection->name, (size_t)limit.rlim_cur >> 20, received);
}
