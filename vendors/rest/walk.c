/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.c - see walk.h.
 *
 * Pages are reported in the list's order, so that most of what follows can think of one page at a
 * time; how far to ask ahead of it is decided in one place, page_limit. It must not know of HTTP,
 * JSON or ids, only of numbers.
 *
 * The size of a page is what page 0 held: all further pages are asked with that size, so that a
 * vendor that gives fewer rows than asked and one that counts pages by the size asked both give the
 * next rows. Where page 0 is all there is, that costs one request more, which is answered empty.
 */
#include "vendors/rest/walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Pages smaller than this could be as long without a row as with all: they tell nothing by their
 * look. */
#define ROWS_TO_LOOK_AT 8

static void begin_pass(struct walk *walk, bool sequential)
{
	walk->done = walk->rows = 0;
	walk->sequential = sequential;
	walk->fixed_step = walk->careful_start = walk->was_short = walk->gap = false;
	walk->ended = walk->probe = walk->probed = false;
	walk->first_size = walk->step = walk->page_size;
	walk->asked = walk->passed = walk->arrived = walk->seen = 0;
	walk->total = walk->pages = -1;
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

/* Three rounds: a page that is slow, or was passed over, shall not idle the other connections at
 * once, nor fill the memory. */
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

/* What was seen (walk->why) does not fit: from the start, as long as that is allowed. */
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

/* The pages that so many ROWS need. */
static size_t pages_of(const struct walk *walk, long long rows)
{
	return (size_t)rows / walk->step + ((size_t)rows % walk->step != 0);
}

/* Is there but a first page, not as long as asked, and nothing that tells of many more? */
static bool is_small_start(const struct walk *walk)
{
	return walk->done == 1 && walk->careful_start && !walk->total_certain &&
	       walk->total < (long long)walk->first_size;
}

/* Behind a page that looks full is another one, or the proof that it is the last. */
static size_t known_pages(const struct walk *walk)
{
	return walk->seen > walk->done ? walk->seen : walk->done;
}

/* How many pages there are, as far as is told or seen. */
static size_t told_pages(const struct walk *walk)
{
	size_t pages = SIZE_MAX;

	if (walk->total >= 0)
		pages = pages_of(walk, walk->total);
	else if (walk->pages >= 0)
		pages = (size_t)walk->pages;
	return pages > walk->done ? pages : walk->done + 1;
}

/* Where the pages are counted: how many there would be if that were the number of records, as with
 * some it is. */
static size_t pages_at_least(const struct walk *walk)
{
	return pages_of(walk, walk->pages);
}

/* Pages are counted, and there are more of them than records would need. */
static bool counts_pages(const struct walk *walk)
{
	return walk->pages >= 0 && walk->done > pages_at_least(walk);
}

/* How many pages behind those that are known may be asked for; one passed over is none, unless it
 * will have to be asked for even where the list ends right here. */
static size_t pages_ahead(const struct walk *walk)
{
	size_t bets = walk->parallel > 2 ? walk->parallel - 1 : walk->parallel;

	if (walk->total >= 0 || counts_pages(walk))
		return walk->parallel;
	return bets + (walk->passed >= known_pages(walk) + 2);
}

/* Up to which page may be asked for by now. */
static size_t page_limit(const struct walk *walk)
{
	size_t limit;

	if (walk->ended)
		return 0;
	if (walk->done == 0 || walk->sequential)
		return walk->done + 1;
	/* a short page is most likely the last one, and so is a first page that was not as asked */
	if (!walk->gap && (walk->was_short || is_small_start(walk)))
		return walk->done + 1;
	limit = smaller(known_pages(walk) + pages_ahead(walk), walk->done + walk_window(walk));
	if (walk->total < 0 && walk->pages >= 0 && walk->done < pages_at_least(walk))
		limit = smaller(limit, pages_at_least(walk));
	return smaller(limit, told_pages(walk));
}

/* Is it time for the page that was passed over: one behind it is there, or it is the next? */
static bool wants_passed(const struct walk *walk)
{
	return walk->passed && !walk->ended &&
	       (walk->passed < known_pages(walk) || walk->passed == walk->done);
}

/* Pass over the last page of LIMIT but for the one that this makes room for, if there is none yet.
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

/* The end is known: what was passed over behind it is not asked for any more. */
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
	ask->page = back ? walk->passed : walk->asked;
	ask->size = walk->probe ? 1 : walk->step;
	if (walk->probe) {
		ask->start = walk->offsets ? walk->rows : walk->rows + 1;
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
 * What the first page tells of the total. A count that is as large as the page, or as the size
 * asked for, may be just that; what the vendor's documents call the total may be as large as the
 * page.
 */
static void believe_total(struct walk *walk, const struct walk_result *result)
{
	long long rows = (long long)result->rows;
	long long asked = (long long)walk->first_size;

	/* with another step the pages would be others */
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

/* Does a later page tell the same total? False: it moved, see walk->why. */
static bool total_stands(struct walk *walk, const struct walk_result *result)
{
	long long told = walk->total_certain ? result->totals.records : result->totals.count;

	if (walk->total < 0 || told < 0 || told == walk->total)
		return true;
	/* behind the end some tell 0, which is nothing about the list */
	if (result->rows == 0 && told == 0)
		return true;
	/* the first was asked with another size than the second: both are the size, capped */
	if (!walk->total_certain && walk->done == 2 && walk->total < (long long)walk->first_size &&
	    told == (long long)walk->step) {
		walk->total = -1;
		return true;
	}
	say(walk, "the vendor's total moved from %lld to %lld on page %zu", walk->total, told,
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

/* The next page is asked for by the rows received: what a cut page lacks, the next one brings. */
static bool steps_by_rows(const struct walk *walk)
{
	return walk->offsets && walk->sequential;
}

/* There are short pages in the middle: read all again with smaller pages, and compare. */
static enum walk_verdict walk_compare(struct walk *walk)
{
	size_t rows = walk->rows;
	size_t step = walk->step > 1 ? walk->step * 2 / 3 : 1;
	uint64_t sum = walk->sum;
	enum walk_verdict verdict;

	say(walk, "there are pages behind one that is not full, and %zu rows in all", rows);
	verdict = again(walk, false);
	walk->has_previous = true;
	walk->previous_rows = rows;
	walk->previous_sum = sum;
	walk->fixed_step = true; /* a page of that size is not capped: larger ones came */
	walk->first_size = walk->step = step;
	return verdict;
}

/* The page just reported is empty. */
static enum walk_verdict at_end(struct walk *walk)
{
	bool proved = walk->total >= 0 && (long long)walk->rows == walk->total;
	bool same = walk->has_previous && walk->previous_rows == walk->rows &&
		    walk->previous_sum == walk->sum;

	if (walk->total >= 0 && !proved) {
		say(walk, "the vendor tells of %lld rows, but its pages hold %zu", walk->total,
		    walk->rows);
		return again(walk, walk->offsets && walk->was_short);
	}
	if (walk->gap && !proved && !same)
		return walk_compare(walk);
	walk->ended = true;
	walk->probe = !proved && !same && walk->was_short && !steps_by_rows(walk);
	skip_passed(walk);
	return walk->probe || walk->asked > walk->done ? WALK_WAIT : WALK_DONE;
}

/* Once a page was empty: is there more to look at? */
static enum walk_verdict walk_settle(struct walk *walk)
{
	skip_passed(walk);
	return walk->probe || (walk->probed && walk->done < walk->asked) ? WALK_WAIT : WALK_DONE;
}

/*
 * The page behind the empty one had been asked for as well: it costs nothing to look. The probe may
 * bring a row that is known, where the vendor counts rows that it leaves out, but no other.
 */
static enum walk_verdict behind_end(struct walk *walk, const struct walk_result *result)
{
	bool is_probe = walk->probed && walk->done == walk->asked;

	if (is_probe ? result->fresh == 0 : result->rows == 0)
		return walk_settle(walk);
	if (is_probe) {
		say(walk, "the last page was cut: there are rows behind its %zu", walk->rows);
		return again(walk, walk->offsets);
	}
	say(walk, "page %zu holds %zu rows, but one before it is empty", walk->done, result->rows);
	return again(walk, false);
}

/*
 * The vendor says that no page follows. That is enough for a page that is not full, and for a full
 * one when it said the contrary of each page before: then it knows what it says.
 */
static bool says_end(const struct walk *walk, const struct walk_result *result)
{
	size_t asked = walk->done == 1 ? walk->first_size : walk->step;

	/* nor does it know of a next page where its total was too small */
	if (result->totals.more != 0 || walk->gap || walk->disproved)
		return false;
	if (walk->total >= 0 && (long long)walk->rows != walk->total)
		return false;
	return result->rows < asked || (walk->done > 1 && walk->always_more);
}

/*
 * The one response of a vendor without pages. If it tells of more rows than it holds, or of another
 * page, the vendor has pages after all.
 */
static enum walk_verdict whole_result(struct walk *walk, const struct walk_result *result)
{
	const struct walk_totals *totals = &result->totals;
	long long rows = (long long)result->rows;

	walk->rows = result->rows;
	if (result->fresh < result->rows) {
		say(walk, "%zu of the %zu rows come a second time", result->rows - result->fresh,
		    result->rows);
		return again(walk, false);
	}
	if (totals->records <= rows && totals->count <= rows && totals->pages <= 1 &&
	    totals->more != 1)
		return WALK_DONE;
	say(walk,
	    "the list is read without pages, but the vendor tells of more than the %zu rows that "
	    "came",
	    result->rows);
	return WALK_FAILED;
}

enum walk_verdict walk_page_result(struct walk *walk, const struct walk_result *result)
{
	bool by_rows = steps_by_rows(walk);

	walk->done++;
	if (walk->unpaged)
		return whole_result(walk, result);
	if (walk->ended)
		return behind_end(walk, result);
	if (result->fresh < result->rows)
		return repeated(walk, result);
	walk->rows += result->rows;
	walk->sum += result->sum;
	if (walk->done == 1) {
		if (!walk->fixed_step)
			walk->step = result->rows ? result->rows : 1;
		walk->careful_start = result->rows != walk->first_size;
		believe_total(walk, result);
	} else if (!total_stands(walk, result)) {
		return again(walk, false);
	}
	if (result->rows == 0)
		return at_end(walk);
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
	    (by_rows || walk->done >= pages_of(walk, walk->total)))
		return WALK_DONE;
	/* it was the records that were counted, and here is the last of them */
	if (walk->total < 0 && walk->was_short && !walk->gap &&
	    (long long)walk->rows == walk->pages)
		return WALK_DONE;
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
