/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paged_vendor.h - a simulated vendor that lists its rows in pages, and a client that walks them,
 * for test_walk.c.
 *
 * The vendor is an array of ids and a rule for each way to answer; it shares nothing with walk.c.
 * Pages come back in an order drawn from a seeded random number, and are answered when they come
 * back. So different pages show different states of a roster that changes meanwhile. walk_vendor
 * does what list.c does, without a network, and checks what must always hold: never more than
 * `parallel` requests in flight, and never a walk that waits for nothing. For one test program.
 */
#ifndef ROSTERFS_TEST_PAGED_VENDOR_H
#define ROSTERFS_TEST_PAGED_VENDOR_H

#include "vendors/list/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ROWS_MAX 2048
#define PAGE_SIZE 100
#define IN_FLIGHT_MAX 64
#define FOREVER 20000 /* requests */

enum telling {
	TELLS_NOTHING,
	TELLS_PAGE,      /* count: the rows on this page */
	TELLS_SIZE,      /* count: the size asked for */
	TELLS_CAPPED,    /* count: the size asked for, at most the cap */
	TELLS_COUNT,     /* count: the total */
	TELLS_RECORDS,   /* the total, where there is no doubt */
	TELLS_COUNT_BIG, /* wrong from here on */
	TELLS_RECORDS_BIG,
	TELLS_COUNT_SMALL,
	TELLS_RECORDS_SMALL,
	TELLS_SMALL_BUT_NEXT, /* records, too small, but with a link to the next page */
	TELLS_SMALL_AND_LAST, /* records, too small, and no link behind so many */
	TELLS_PAGES,          /* the number of this page, and how many there are */
	TELLS_NO_PAGES,       /* the number of this page, and how many records there are */
	TELLINGS,
};

enum mishap {
	NO_MISHAP,
	HIDES_ROWS, /* rows with a number that 7 divides are left out of each page, not of the count
		       of pages */
	CUTS_PAGES, /* half of each page but the first */
	IGNORES_PAGING,
	REPEATS_PAGE, /* page 3 shows page 2, always */
	/* these happen once, with request number `when` */
	REPEATS_ONCE,
	EMPTY_ONCE,
	SHORT_ONCE,
	MOVES_FORTH, /* a row goes from the front to the back */
	MOVES_BACK,
	LOSES_ROW,
	GAINS_ROW,
	MISHAPS,
};

struct paged_vendor {
	bool offsets;
	size_t cap;
	enum telling telling;
	enum mishap mishap;
	size_t when;
	size_t count;
	int rows[ROWS_MAX];
	size_t answered;
};

struct page {
	size_t count;
	int rows[ROWS_MAX];
	struct walk_totals totals;
};

struct outcome {
	bool failed;
	size_t requests;
	size_t restarts;
	size_t count;
	int rows[ROWS_MAX];
	char why[WALK_WHY_MAX];
};

static struct paged_vendor vendor;
static struct outcome outcome;
static uint64_t seed;

static size_t draw(size_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return below ? (size_t)(seed >> 33) % below : 0;
}

/* ---- the vendor ---- */

static void open_vendor(size_t count, bool offsets, size_t cap, enum telling telling)
{
	memset(&vendor, 0, sizeof(vendor));
	vendor.count = count;
	vendor.offsets = offsets;
	vendor.cap = cap;
	vendor.telling = telling;
	for (size_t i = 0; i < count; i++)
		vendor.rows[i] = (int)i + 1;
}

static void move_row(size_t from, size_t to)
{
	int row = vendor.rows[from];

	memmove(vendor.rows + from, vendor.rows + from + 1,
		(vendor.count - from - 1) * sizeof(int));
	memmove(vendor.rows + to + 1, vendor.rows + to, (vendor.count - 1 - to) * sizeof(int));
	vendor.rows[to] = row;
}

static void change_roster(void)
{
	size_t half = vendor.count / 2;

	if (vendor.answered != vendor.when || vendor.count < 4)
		return;
	if (vendor.mishap == MOVES_FORTH) {
		move_row(draw(half), half + draw(half));
	} else if (vendor.mishap == MOVES_BACK) {
		move_row(half + draw(half), draw(half));
	} else if (vendor.mishap == LOSES_ROW) {
		move_row(draw(vendor.count), vendor.count - 1);
		vendor.count--;
	} else if (vendor.mishap == GAINS_ROW) {
		vendor.rows[vendor.count++] = ROWS_MAX - 1;
		move_row(vendor.count - 1, draw(vendor.count));
	}
}

static void tell_totals(struct page *page, size_t start, size_t size)
{
	long long total = (long long)vendor.count;
	size_t capped = size < vendor.cap ? size : vendor.cap;
	long long each = capped ? (long long)capped : 1;

	page->totals = WALK_TOTALS_UNKNOWN;
	switch (vendor.telling) {
	case TELLS_PAGE:
		page->totals.count = (long long)page->count;
		break;
	case TELLS_SIZE:
		page->totals.count = (long long)size;
		break;
	case TELLS_CAPPED:
		page->totals.count = (long long)capped;
		break;
	case TELLS_COUNT:
		page->totals.count = total;
		break;
	case TELLS_RECORDS:
		page->totals.records = total;
		break;
	case TELLS_COUNT_BIG:
		page->totals.count = total + 13;
		break;
	case TELLS_RECORDS_BIG:
		page->totals.records = total + 13;
		break;
	case TELLS_COUNT_SMALL:
		page->totals.count = total > 7 ? total - 7 : 0;
		break;
	case TELLS_RECORDS_SMALL:
	case TELLS_SMALL_BUT_NEXT:
		page->totals.records = total > 7 ? total - 7 : 0;
		break;
	case TELLS_SMALL_AND_LAST:
		page->totals.records = total > 60 ? total - 60 : 0;
		break;
	case TELLS_PAGES:
	case TELLS_NO_PAGES:
		page->totals.pages = vendor.telling == TELLS_PAGES ? (total + each - 1) / each
								   : total;
		page->totals.more = (vendor.offsets ? (long long)start / each + 1
						    : (long long)start) < page->totals.pages;
		break;
	case TELLS_NOTHING:
	case TELLINGS:
		break;
	}
}

static void answer(size_t start, size_t size, struct page *page)
{
	size_t give = size < vendor.cap ? size : vendor.cap;
	size_t first = vendor.offsets ? start : (start - 1) * give;
	bool now = vendor.answered == vendor.when;
	size_t end;

	change_roster();
	if (vendor.mishap == IGNORES_PAGING) {
		first = 0;
		give = vendor.count;
	}
	if ((vendor.mishap == REPEATS_PAGE && first == 2 * give) ||
	    (vendor.mishap == REPEATS_ONCE && now && first >= give))
		first -= give;
	if (vendor.mishap == SHORT_ONCE && now && give > 1)
		give /= 2;
	if (vendor.mishap == CUTS_PAGES && first > 0)
		give = (give + 1) / 2;
	if (vendor.mishap == EMPTY_ONCE && now)
		give = 0;
	end = first + give < vendor.count ? first + give : vendor.count;
	page->count = 0;
	for (size_t i = first; i < end; i++) {
		if (vendor.mishap != HIDES_ROWS || i < PAGE_SIZE || i % 7 != 0)
			page->rows[page->count++] = vendor.rows[i];
	}
	tell_totals(page, start, size);
	if (vendor.telling == TELLS_SMALL_BUT_NEXT)
		page->totals.more = end < vendor.count;
	if (vendor.telling == TELLS_SMALL_AND_LAST)
		page->totals.more = (long long)end < page->totals.records;
	vendor.answered++;
}

/* ---- the walk: what list.c does, without a network ---- */

struct slot {
	struct walk_ask ask;
	bool asked, came;
	struct page page;
};

static struct slot slots[IN_FLIGHT_MAX * 2];

static struct slot *slot_of(const struct walk *walk, size_t page)
{
	return &slots[page % walk_window(walk)];
}

static struct walk_result take(const struct page *page)
{
	static bool known[ROWS_MAX];
	struct walk_result result = {.rows = page->count, .totals = page->totals};

	if (outcome.count == 0)
		memset(known, 0, sizeof(known));
	for (size_t i = 0; i < page->count; i++) {
		if (known[page->rows[i]])
			continue;
		known[page->rows[i]] = true;
		outcome.rows[outcome.count++] = page->rows[i];
		result.fresh++;
		result.sum += (uint64_t)page->rows[i] * 0x9e3779b97f4a7c15u;
	}
	return result;
}

/* Pages in flight, as numbers; returns how many. */
static size_t in_flight(const struct walk *walk, size_t asked, size_t *pages)
{
	size_t count = 0;

	for (size_t page = walk->done; page < asked; page++) {
		const struct slot *place = slot_of(walk, page);

		if (place->asked && !place->came)
			pages[count++] = page;
	}
	return count;
}

/* Ask for PAGE, which may be no farther than one behind ASKED. Returns how far is asked now. */
static size_t ask_page(const struct walk *walk, const struct walk_ask *ask, size_t asked)
{
	struct slot *place = slot_of(walk, ask->page);

	assert_in_range(ask->page, walk->done, asked + 1);
	assert_true(ask->page - walk->done < walk_window(walk));
	assert_false(place->asked);
	*place = (struct slot){.ask = *ask, .asked = true};
	outcome.requests++;
	return ask->page < asked ? asked : ask->page + 1;
}

static void forget_slots(void)
{
	for (size_t i = 0; i < sizeof(slots) / sizeof(*slots); i++)
		slots[i].asked = false;
}

static void walk_vendor(size_t parallel)
{
	size_t pages[IN_FLIGHT_MAX * 2] = {0}, asked = 0, first_rows = 0;
	enum walk_verdict verdict = WALK_MORE;
	struct walk walk;
	struct walk_ask ask;

	memset(&outcome, 0, sizeof(outcome));
	forget_slots();
	walk_init(&walk, vendor.offsets, PAGE_SIZE, parallel);
	while (verdict != WALK_DONE && verdict != WALK_FAILED) {
		struct slot *place = slot_of(&walk, walk.done);
		struct walk_result result;
		size_t count;

		while (walk_next(&walk, &ask) == WALK_MORE)
			asked = ask_page(&walk, &ask, asked);
		count = in_flight(&walk, asked, pages);
		assert_true(count <= (walk.restarts == WALK_RESTARTS ? 1 : parallel));
		assert_true(outcome.requests < FOREVER);
		/* several may come before one is read */
		if (!place->asked || !place->came || (count && draw(2))) {
			assert_true(count > 0);
			place = slot_of(&walk, pages[draw(count)]);
			answer(place->ask.start, place->ask.size, &place->page);
			place->came = true;
			walk_arrived(&walk, place->ask.page, place->page.count >= first_rows);
			continue;
		}
		if (walk.done == 0)
			first_rows = place->page.count;
		result = take(&place->page);
		place->asked = false;
		verdict = walk_page_result(&walk, &result);
		if (verdict == WALK_RESTART) {
			assert_true(walk.why[0] != '\0');
			asked = outcome.count = 0;
			forget_slots();
		}
	}
	outcome.failed = verdict == WALK_FAILED;
	outcome.restarts = walk.restarts;
	memcpy(outcome.why, walk.why, sizeof(outcome.why));
	if (outcome.failed)
		assert_true(walk.why[0] != '\0' && walk.restarts == WALK_RESTARTS);
}

#endif
