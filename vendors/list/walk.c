/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.c - see walk.h.
 *
 * Pages are reported in the list's order, so most of this file deals with one page at a time. How
 * far to ask ahead is decided in one place, page_limit. It must not know of HTTP, JSON or ids,
 * only of numbers.
 *
 * The size of a page is the number of rows in page 0. All further pages are asked for with that
 * size. So a vendor that returns fewer rows than asked, and one that counts pages by the size
 * asked, both return the next rows. If page 0 is the whole list, that costs one more request,
 * whose response is empty.
 */
#include "vendors/list/walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Smaller pages tell nothing by their length: one without a row could be as long as a full one. */
#define ROWS_TO_LOOK_AT 8

static void begin_pass(struct walk *walk, bool sequential)
{
	walk->done = walk->rows = 0;
	walk->sequential = sequential;
	walk->fixed_step = walk->careful_start = walk->was_short = walk->gap = false;
	walk->ended = walk->probe = walk->probed = walk->wrapped = false;
	walk->first_size = walk->step = walk->page_size;
	walk->asked = walk->passed = walk->arrived = walk->seen = 0;
	walk->total = walk->pages = -1;
	walk->fits = false;
	walk->always_more = true;
	walk->total_certain = walk->disproved = false;
	walk->sum = 0;
	walk->has_previous = false;
}

void walk_init(struct walk *walk, bool offsets, size_t page_size, size_t parallel)
{
	memset(walk, 0, sizeof(*walk));
	walk->offsets = offsets;
	walk->page_size = page_size ? page_size : 1;
	walk->parallel = parallel ? parallel : 1;
	begin_pass(walk, walk->parallel == 1);
}

void walk_begin_at(struct walk *walk, size_t page)
{
	walk->sequential = true;
	walk->done = walk->asked = walk->arrived = page - 1;
	walk->rows = walk->done * walk->page_size;
}

/*
 * Three rounds: enough that a page that is slow, or was passed over, does not idle the other
 * connections, and few enough that waiting pages do not fill the memory.
 */
size_t walk_window(const struct walk *walk)
{
	return 3 * walk->parallel;
}

static __attribute__((format(printf, 2, 3))) void say(struct walk *walk, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(walk->why, sizeof(walk->why), format, arguments);
	va_end(arguments);
}

/* Something does not fit (walk->why): begin again, as long as that is allowed. */
static enum walk_verdict again(struct walk *walk, bool sequential)
{
	if (walk->restarts == WALK_RESTARTS)
		return WALK_FAILED;
	walk->restarts++;
	begin_pass(walk, sequential || walk->sequential || walk->restarts == WALK_RESTARTS);
	return WALK_RESTART;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Return the number of pages that ROWS need. */
static size_t pages_of(const struct walk *walk, long long rows)
{
	return (size_t)rows / walk->step + ((size_t)rows % walk->step != 0);
}

/*
 * Return true if there is only a first page, and nothing tells of many more: it is shorter than
 * asked, or its count says that it is all.
 */
static bool is_small_start(const struct walk *walk)
{
	if (walk->done == 1 && walk->fits)
		return true;
	return walk->done == 1 && walk->careful_start && !walk->total_certain &&
	       walk->total < (long long)walk->first_size;
}

/*
 * Return the number of pages that are known: behind a page that looks full there is another one,
 * or the proof that it is the last.
 */
static size_t known_pages(const struct walk *walk)
{
	return walk->seen > walk->done ? walk->seen : walk->done;
}

/*
 * Return the number of pages that the vendor tells of, at least one more than was reported, or
 * SIZE_MAX if it does not tell.
 */
static size_t told_pages(const struct walk *walk)
{
	size_t pages = SIZE_MAX;

	if (walk->total >= 0)
		pages = pages_of(walk, walk->total);
	else if (walk->pages >= 0)
		pages = (size_t)walk->pages;
	return pages > walk->done ? pages : walk->done + 1;
}

/*
 * Return the number of pages if the vendor's number of pages is one of records, as it is at some
 * vendors.
 */
static size_t pages_at_least(const struct walk *walk)
{
	return pages_of(walk, walk->pages);
}

/*
 * Return true if the vendor's number of pages counts pages: there are more than that many records
 * need.
 */
static bool counts_pages(const struct walk *walk)
{
	return walk->pages >= 0 && walk->done > pages_at_least(walk);
}

/*
 * Return how many pages behind the known ones may be asked for. A page that was passed over counts
 * only if it must be asked for even if the list ends here.
 */
static size_t pages_ahead(const struct walk *walk)
{
	size_t bets = walk->parallel > 2 ? walk->parallel - 1 : walk->parallel;

	if (walk->total >= 0 || counts_pages(walk))
		return walk->parallel;
	return bets + (walk->passed >= known_pages(walk) + 2);
}

/* Return the page before which pages may be asked for by now. */
static size_t page_limit(const struct walk *walk)
{
	size_t limit;

	if (walk->ended)
		return 0;
	if (walk->done == 0 || walk->sequential)
		return walk->done + 1;
	/* a short page is most likely the last one, and so is a first page that is shorter than
	 * asked */
	if (!walk->gap && (walk->was_short || is_small_start(walk)))
		return walk->done + 1;
	limit = smaller(known_pages(walk) + pages_ahead(walk), walk->done + walk_window(walk));
	if (walk->total < 0 && walk->pages >= 0 && walk->done < pages_at_least(walk))
		limit = smaller(limit, pages_at_least(walk));
	return smaller(limit, told_pages(walk));
}

/*
 * Return true if it is time for the page that was passed over: one behind it has arrived, or it is
 * next.
 */
static bool wants_passed(const struct walk *walk)
{
	return walk->passed && !walk->ended &&
	       (walk->passed < known_pages(walk) || walk->passed == walk->done);
}

/*
 * Pass over the last page before LIMIT, except if that makes no room for another one. One page at
 * a time.
 */
static void pass_over(struct walk *walk, size_t limit)
{
	if (walk->passed || walk->asked + 1 != limit)
		return;
	walk->passed = walk->asked++;
	if (page_limit(walk) <= walk->asked) {
		walk->passed = 0;
		walk->asked--;
	}
}

/* The end is known: a page that was passed over behind it is not asked for any more. */
static void skip_passed(struct walk *walk)
{
	if (!walk->passed || walk->passed != walk->done)
		return;
	walk->passed = 0;
	walk->done++;
	walk->arrived++;
}

enum walk_verdict walk_next(struct walk *walk, struct walk_ask *ask)
{
	size_t limit = page_limit(walk);
	bool back = wants_passed(walk);

	if (!back && walk->asked >= limit && !walk->probe)
		return WALK_WAIT;
	if (walk->asked - (walk->passed != 0) - walk->arrived >= walk->parallel)
		return WALK_WAIT;
	if (!back)
		pass_over(walk, limit);
	*ask = (struct walk_ask){.page = back ? walk->passed : walk->asked, .size = walk->step};
	if (walk->probe) {
		ask->start = walk->offsets ? walk->rows - walk->wrapped : walk->rows + 1;
		ask->size = walk->wrapped ? 2 : 1;
		walk->probe = false;
		walk->probed = true;
	} else if (!walk->offsets) {
		ask->start = ask->page + 1;
	} else {
		ask->start = walk->sequential ? walk->rows : ask->page * walk->step;
	}
	if (back)
		walk->passed = 0;
	else
		walk->asked++;
	return WALK_MORE;
}

void walk_arrived(struct walk *walk, size_t page, bool full)
{
	walk->arrived++;
	if (full && walk->done && walk->step >= ROWS_TO_LOOK_AT && page + 1 > walk->seen)
		walk->seen = page + 1;
}

/*
 * Note what the first page tells of the total. A count that equals the rows of the page, or the
 * size asked for, may be just that. A number that the vendor's documents call the total may equal
 * the rows of the page.
 */
static void believe_total(struct walk *walk, const struct walk_result *result)
{
	long long rows = (long long)result->rows;
	long long asked = (long long)walk->first_size;

	/* a vendor that counts the rows of each page says so of every full page */
	walk->fits = walk->wraps && result->totals.count == rows && (rows < asked || walk->offsets);
	/* with another page size, the number of pages would be another */
	if (rows == asked)
		walk->pages = result->totals.pages;
	if (result->totals.records >= rows) {
		walk->total = result->totals.records;
		walk->total_certain = true;
	} else if (result->totals.records < 0 && result->totals.count > rows &&
		   result->totals.count != asked) {
		walk->total = result->totals.count;
	} else if (result->totals.records >= 0) {
		walk->disproved = true;
	}
}

/* Return true if a later page tells the same total. False: it changed, see walk->why. */
static bool total_stands(struct walk *walk, const struct walk_result *result)
{
	long long told = walk->total_certain ? result->totals.records : result->totals.count;

	if (walk->total < 0 || told < 0 || told == walk->total)
		return true;
	/* behind the end some vendors tell 0, which says nothing about the list */
	if (result->rows == 0 && told == 0)
		return true;
	/* the two pages were asked for with different sizes: both numbers are the size, capped */
	if (!walk->total_certain && walk->done == 2 && walk->total < (long long)walk->first_size &&
	    told == (long long)walk->step) {
		walk->total = -1;
		return true;
	}
	say(walk, "the vendor's total changed from %lld to %lld on page %zu", walk->total, told,
	    walk->done);
	return false;
}

static enum walk_verdict repeated(struct walk *walk, const struct walk_result *result)
{
	if (result->fresh == 0 && walk->done > 1)
		say(walk,
		    "page %zu brings only rows that came before: the vendor ignores paging, repeats a "
		    "page, or rows keep moving",
		    walk->done);
	else
		say(walk, "page %zu brings %zu of %zu rows a second time: rows keep moving",
		    walk->done, result->rows - result->fresh, result->rows);
	return again(walk, false);
}

/*
 * Return true if the next page is asked for by the rows received, so that it has what a cut page
 * lacks.
 */
static bool steps_by_rows(const struct walk *walk)
{
	return walk->offsets && walk->sequential;
}

/* There are short pages in the middle: read everything again with smaller pages, and compare. */
static enum walk_verdict walk_compare(struct walk *walk)
{
	size_t rows = walk->rows;
	size_t step = walk->step > 1 ? walk->step * 2 / 3 : 1;
	uint64_t sum = walk->sum;
	enum walk_verdict verdict;

	say(walk, "there are pages behind one that is not full, and %zu rows in all", rows);
	verdict = again(walk, false);
	/* no other size can be asked for, so nothing can be compared */
	if (walk->one_size)
		return verdict;
	walk->has_previous = true;
	walk->previous_rows = rows;
	walk->previous_sum = sum;
	walk->fixed_step = true; /* a page of that size is not capped, because larger ones came */
	walk->first_size = walk->step = step;
	return verdict;
}

/* The page that was just reported is empty, or LAST: the vendor says that no page follows. */
static enum walk_verdict at_end(struct walk *walk, bool last)
{
	bool proved = walk->total >= 0 && (long long)walk->rows == walk->total;
	bool same = walk->has_previous && walk->previous_rows == walk->rows &&
		    walk->previous_sum == walk->sum;

	if (walk->total >= 0 && !proved) {
		say(walk, "the vendor tells of %lld rows, but its pages hold %zu", walk->total,
		    walk->rows);
		return again(walk, walk->offsets && walk->was_short);
	}
	if (walk->beyond >= (steps_by_rows(walk) ? walk->rows + 1 : walk->done * walk->step)) {
		say(walk, "it seems to end after %zu rows, but there are rows behind that page",
		    walk->rows);
		return again(walk, false);
	}
	if (walk->gap && !proved && !same)
		return walk_compare(walk);
	if (last)
		return WALK_DONE;
	walk->ended = true;
	walk->probe = walk->wrapped || (!proved && !same && walk->was_short &&
					!steps_by_rows(walk) && (walk->offsets || !walk->one_size));
	skip_passed(walk);
	return walk->probe || walk->asked > walk->done ? WALK_WAIT : WALK_DONE;
}

/* A page was empty: wait if there is more to look at. */
static enum walk_verdict walk_settle(struct walk *walk)
{
	skip_passed(walk);
	return walk->probe || (walk->probed && walk->done < walk->asked) ? WALK_WAIT : WALK_DONE;
}

/*
 * A page behind the empty one had been asked for already, so that looking at it costs nothing. The
 * probe may bring a row that is known, if the vendor counts rows that it leaves out, but no other
 * row.
 */
static enum walk_verdict behind_end(struct walk *walk, const struct walk_result *result)
{
	bool is_probe = walk->probed && walk->done == walk->asked;

	if (walk->wrapped) {
		if (result->fresh == 0 && (!is_probe || result->rows == 1))
			return walk_settle(walk);
		return repeated(walk, result);
	}
	if (is_probe ? result->fresh == 0 : result->rows == 0)
		return walk_settle(walk);
	if (is_probe) {
		say(walk, "the last page was cut: there are rows behind its %zu", walk->rows);
		return again(walk, walk->offsets);
	}
	say(walk, "page %zu holds %zu rows, but one before it is empty", walk->done, result->rows);
	walk->beyond = (walk->done - 1) * walk->step;
	return again(walk, false);
}

/*
 * Return true if the vendor credibly says that no page follows: for a page that is not full, or
 * for a full one if it said of each page before that one follows.
 */
static bool says_end(const struct walk *walk, const struct walk_result *result)
{
	size_t asked = walk->done == 1 ? walk->first_size : walk->step;

	/* a vendor whose total was too small does not know of a next page either */
	if (result->totals.more != 0 || walk->gap || walk->disproved)
		return false;
	if (walk->total >= 0 && (long long)walk->rows != walk->total)
		return false;
	return result->rows < asked || (walk->done > 1 && walk->always_more);
}

/* Return true if the page just reported is the first page again, past the end of the list. */
static bool begins_again(const struct walk *walk, const struct walk_result *result)
{
	long long told = result->totals.records >= 0 ? result->totals.records
						     : result->totals.count;

	return walk->wraps && walk->offsets && walk->done > 1 && result->fresh == 0 && !walk->gap &&
	       told == (long long)walk->rows;
}

enum walk_verdict walk_page_result(struct walk *walk, const struct walk_result *result)
{
	bool by_rows = steps_by_rows(walk);

	walk->done++;
	if (walk->ended)
		return behind_end(walk, result);
	if (result->fresh < result->rows) {
		if (!begins_again(walk, result))
			return repeated(walk, result);
		walk->wrapped = true;
		return at_end(walk, false);
	}
	walk->rows += result->rows;
	walk->sum += result->sum;
	if (walk->done == 1) {
		if (!walk->fixed_step)
			walk->step = result->rows ? result->rows : 1;
		if (walk->unknown_size && result->rows)
			walk->first_size = result->rows;
		walk->careful_start = result->rows != walk->first_size;
		believe_total(walk, result);
	} else if (!total_stands(walk, result)) {
		return again(walk, false);
	}
	if (result->rows == 0)
		return at_end(walk, false);
	if (walk->was_short && !by_rows) {
		walk->gap = true;
		if (walk->offsets) {
			say(walk, "page %zu is short, but page %zu is not empty", walk->done - 1,
			    walk->done);
			return again(walk, true);
		}
	}
	walk->was_short = result->rows < walk->step;
	if (walk->total >= 0 && (long long)walk->rows > walk->total) {
		walk->total = -1;
		walk->disproved = true;
	}
	if ((long long)walk->rows == walk->total && result->totals.more != 1 &&
	    (!walk->hints || walk->total_certain || walk->was_short || !result->totals.more) &&
	    (by_rows || walk->done >= pages_of(walk, walk->total)))
		return WALK_DONE;
	/* the number of pages was one of records, and this is the last of them */
	if (walk->total < 0 && walk->was_short && !walk->gap &&
	    (long long)walk->rows == walk->pages)
		return WALK_DONE;
	if (result->totals.last)
		return at_end(walk, true);
	if (says_end(walk, result))
		return WALK_DONE;
	walk->always_more &= result->totals.more == 1;
	if (walk->done >= WALK_PAGES_MAX) {
		say(walk, "there is no end after %zu pages", walk->done);
		return WALK_FAILED;
	}
	return WALK_MORE;
}

enum walk_verdict walk_page_error(struct walk *walk)
{
	walk->done++;
	walk->why[0] = '\0';
	if (!walk->ended || (walk->probed && walk->done == walk->asked))
		return WALK_FAILED;
	return walk_settle(walk);
}
