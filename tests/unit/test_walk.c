/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_walk.c - walk.h against a vendor that is simulated (paged_vendor.h), in all its moods.
 *
 * What is checked of each walk: its rows are exactly the vendor's, or it failed and said why; and
 * how many requests it took. The bounds are those that walk.h promises, computed here anew.
 */
#include "tests/unit/paged_vendor.h"

/* ---- what is expected ---- */

static bool got_all(void)
{
	return !outcome.failed && outcome.count == vendor.count &&
	       memcmp(outcome.rows, vendor.rows, vendor.count * sizeof(int)) == 0;
}

static size_t pages_of(size_t rows, size_t size)
{
	return (rows + size - 1) / size;
}

/* The most requests that a walk may take that has no total to go by: walk.h promises it. */
static size_t most_requests(size_t parallel)
{
	size_t size = vendor.cap < PAGE_SIZE ? vendor.cap : PAGE_SIZE;
	size_t pages = pages_of(vendor.count, size);
	/* the proof that a page behind is empty, and that none is behind the last row */
	size_t least = vendor.count % size ? 2 : 1;
	size_t past = parallel == 2 ? 2 : parallel - 1;

	if (vendor.count == 0)
		return 1;
	if (pages == 1 && vendor.count != PAGE_SIZE)
		return 2; /* is it all, or is it a cap? */
	return pages + (past > least ? past : least);
}

/* The total that the vendor tells, if it can be believed; -1: it can't. */
static long long believable(void)
{
	struct page page;
	long long told;

	answer(vendor.offsets ? 0 : 1, PAGE_SIZE, &page);
	vendor.answered = 0;
	if (page.totals.records >= 0)
		return page.totals.records >= (long long)page.count ? page.totals.records : -1;
	told = page.totals.count;
	return told > (long long)page.count && told != PAGE_SIZE ? told : -1;
}

static void check(size_t parallel, size_t size)
{
	long long total = believable();
	long long count = (long long)vendor.count;
	bool right;

	walk_vendor(parallel);
	if (vendor.telling == TELLS_COUNT_BIG || vendor.telling == TELLS_RECORDS_BIG)
		right = total < 0 ? got_all() && outcome.requests <= most_requests(parallel)
				  : outcome.failed && outcome.restarts == WALK_RESTARTS;
	else if (vendor.telling == TELLS_COUNT_SMALL || vendor.telling == TELLS_RECORDS_SMALL ||
		 vendor.telling == TELLS_SMALL_AND_LAST)
		/* what nobody can tell without one more request: a lie that ends where a page does
		 */
		right = got_all() || (total > 0 && total % (long long)size == 0 &&
				      !outcome.failed && (long long)outcome.count == total);
	else if (vendor.telling == TELLS_CAPPED && count == 0 && total > 0)
		right = outcome.failed; /* "count": 50 and no row: better an error than a guess */
	else if ((vendor.telling == TELLS_PAGES || vendor.telling == TELLS_NO_PAGES) &&
		 vendor.cap >= PAGE_SIZE && vendor.count > PAGE_SIZE && vendor.count % PAGE_SIZE)
		right = got_all() && outcome.requests == pages_of(vendor.count, PAGE_SIZE);
	else if (total == count)
		right = got_all() && outcome.requests == (count ? pages_of(vendor.count, size) : 1);
	else
		right = got_all() && outcome.requests <= most_requests(parallel);
	if (!right)
		fail_msg(
		    "%zu rows, cap %zu, %s, telling %d, parallel %zu: %s, %zu rows, %zu requests "
		    "(at most %zu), %zu restarts: %s",
		    vendor.count, vendor.cap, vendor.offsets ? "offsets" : "numbers",
		    (int)vendor.telling, parallel, outcome.failed ? "failed" : "done",
		    outcome.count, outcome.requests, most_requests(parallel), outcome.restarts,
		    outcome.why);
}

/* ---- tests ---- */

static const size_t parallels[] = {1, 2, 3, 4, 8, 32};
#define PARALLELS (sizeof(parallels) / sizeof(*parallels))

static void check_sizes(size_t most, size_t cap)
{
	for (size_t count = 0; count <= most; count++) {
		for (int telling = 0; telling < TELLINGS; telling++) {
			for (size_t i = 0; i < 2 * PARALLELS; i++) {
				size_t size = cap < PAGE_SIZE ? cap : PAGE_SIZE;

				open_vendor(count, i % 2, cap, (enum telling)telling);
				check(parallels[i / 2], count && count < size ? count : size);
			}
		}
	}
}

static void test_every_size(void **state)
{
	(void)state;
	seed = 1;
	check_sizes(1050, 100);
}

static void test_caps(void **state)
{
	(void)state;
	seed = 2;
	check_sizes(1050, 50);
	check_sizes(1050, 37);
	check_sizes(60, 1);
}

/* Mishaps that must never give anything but the roster or an error; *WHOLE counts the rosters. */
static void check_mishap(enum mishap mishap, enum telling telling, size_t *whole)
{
	for (size_t round = 0; round < 3000; round++) {
		size_t caps[] = {100, 50, 37};

		open_vendor(draw(1000), draw(2), caps[draw(3)], telling);
		vendor.mishap = mishap;
		vendor.when = draw(vendor.count / vendor.cap + 3);
		walk_vendor(parallels[draw(PARALLELS)]);
		if (outcome.failed)
			continue;
		if (!got_all()) {
			/* the roster before it changed is right as well, in any order */
			if (mishap == LOSES_ROW && outcome.count == vendor.count + 1)
				continue;
			if (mishap == GAINS_ROW && outcome.count + 1 == vendor.count)
				continue;
			if ((mishap == MOVES_BACK || mishap == MOVES_FORTH) &&
			    outcome.count == vendor.count)
				continue;
			fail_msg("mishap %d, telling %d, round %zu: %zu rows of %zu", (int)mishap,
				 (int)telling, round, outcome.count, vendor.count);
		}
		*whole += 1;
	}
}

static void test_rows_that_move(void **state)
{
	size_t whole = 0;

	(void)state;
	seed = 3;
	for (int telling = TELLS_NOTHING; telling <= TELLS_RECORDS; telling++) {
		check_mishap(MOVES_FORTH, (enum telling)telling, &whole);
		check_mishap(MOVES_BACK, (enum telling)telling, &whole);
	}
	assert_true(whole > 24000);
}

/* A row that goes in the middle of a walk is seen by nothing but a total. */
static void test_rosters_that_change(void **state)
{
	size_t whole = 0;

	(void)state;
	seed = 4;
	check_mishap(LOSES_ROW, TELLS_RECORDS, &whole);
	check_mishap(GAINS_ROW, TELLS_RECORDS, &whole);
	assert_true(whole > 4000);
}

static void test_mishaps_that_pass(void **state)
{
	(void)state;
	seed = 5;
	for (size_t round = 0; round < 20000; round++) {
		/* empty pages are noticed only with another page behind them in flight */
		const enum mishap mishaps[] = {REPEATS_ONCE, SHORT_ONCE, EMPTY_ONCE};
		size_t caps[] = {100, 50, 37};

		open_vendor(400 + draw(600), draw(2), caps[draw(3)],
			    draw(2) ? TELLS_RECORDS : TELLS_NOTHING);
		vendor.mishap = mishaps[draw(3)];
		vendor.when = 1 + draw(vendor.count / vendor.cap - 1);
		if (vendor.mishap == EMPTY_ONCE)
			vendor.telling = TELLS_RECORDS;
		walk_vendor(parallels[draw(PARALLELS)]);
		assert_false(outcome.failed);
		if (!got_all())
			fail_msg("mishap %d: %zu rows of %zu", (int)vendor.mishap, outcome.count,
				 vendor.count);
	}
}

static void test_empty_page_in_the_middle(void **state)
{
	struct walk walk;
	struct walk_ask ask;
	struct walk_result full = {.rows = 100, .fresh = 100, .totals = WALK_TOTALS_UNKNOWN};
	struct walk_result empty = {.totals = WALK_TOTALS_UNKNOWN};

	(void)state;
	walk_init(&walk, false, 100, 8);
	assert_int_equal(walk_next(&walk, &ask), WALK_MORE);
	assert_int_equal(walk_next(&walk, &ask), WALK_WAIT);
	walk_arrived(&walk, 0, true);
	assert_int_equal(walk_page_result(&walk, &full), WALK_MORE);
	while (walk_next(&walk, &ask) == WALK_MORE)
		;
	walk_arrived(&walk, 1, false);
	assert_int_equal(walk_page_result(&walk, &empty), WALK_WAIT);
	assert_int_equal(walk_next(&walk, &ask), WALK_WAIT);
	walk_arrived(&walk, 2, true);
	assert_int_equal(walk_page_result(&walk, &full), WALK_RESTART);
	assert_non_null(strstr(walk.why, "page 3 holds 100 rows, but one before it is empty"));
	assert_int_equal(walk.rows, 0);
	assert_int_equal(walk_next(&walk, &ask), WALK_MORE);
	assert_int_equal(ask.start, 1);
}

/* Ask for all that may be asked for; returns how many pages. */
static size_t ask_all(struct walk *walk)
{
	struct walk_ask ask;
	size_t count = 0;

	while (walk_next(walk, &ask) == WALK_MORE)
		count++;
	return count;
}

static enum walk_verdict report(struct walk *walk, size_t rows, long long records, int more)
{
	struct walk_result result = {.rows = rows, .fresh = rows, .totals = WALK_TOTALS_UNKNOWN};

	result.totals.records = records;
	result.totals.more = more;
	return walk_page_result(walk, &result);
}

static void test_totals(void **state)
{
	struct walk walk;

	(void)state;
	/* a page longer than the first one: what was asked for behind it is still looked at */
	walk_init(&walk, false, 100, 8);
	assert_int_equal(ask_all(&walk), 1);
	walk_arrived(&walk, 0, false);
	assert_int_equal(report(&walk, 10, 25, -1), WALK_MORE);
	assert_int_equal(ask_all(&walk), 2);
	assert_int_equal(report(&walk, 15, 25, -1), WALK_MORE);
	assert_int_equal(report(&walk, 0, 25, -1), WALK_DONE);
	/* the total is there, but so is a next page, it says; behind the end it says 0 */
	walk_init(&walk, false, 100, 1);
	assert_int_equal(ask_all(&walk), 1);
	walk_arrived(&walk, 0, false);
	assert_int_equal(report(&walk, 100, 100, 1), WALK_MORE);
	assert_int_equal(ask_all(&walk), 1);
	walk_arrived(&walk, 1, false);
	assert_int_equal(report(&walk, 0, 0, 1), WALK_DONE);
}

/* How a page looks that came early changes what is asked for. */
static void test_looks(void **state)
{
	(void)state;
	for (int full = 0; full < 2; full++) {
		struct walk walk;

		walk_init(&walk, false, 100, 5);
		assert_int_equal(ask_all(&walk), 1);
		walk_arrived(&walk, 0, false);
		assert_int_equal(report(&walk, 100, -1, -1), WALK_MORE);
		assert_int_equal(ask_all(&walk), 4);
		for (size_t page = 1; page <= 4; page++)
			walk_arrived(&walk, page, full && page == 4);
		assert_int_equal(report(&walk, 100, -1, -1), WALK_MORE);
		assert_int_equal(ask_all(&walk), full ? 4 : 1);
	}
}

struct flight {
	size_t page;
	double lands;
};

/* The one of COUNT that lands first, out of FLIGHTS. */
static struct flight next_to_land(struct flight *flights, size_t *count)
{
	size_t first = 0;
	struct flight flight;

	for (size_t i = 1; i < *count; i++) {
		if (flights[i].lands < flights[first].lands)
			first = i;
	}
	flight = flights[first];
	flights[first] = flights[--*count];
	return flight;
}

/* How long a walk of PAGES full pages takes in times that a request takes, give or take JITTER
 * percent; *PAST counts what is past the end. */
static double walk_time(size_t pages, size_t parallel, size_t jitter, size_t *past)
{
	struct flight flights[IN_FLIGHT_MAX] = {{0, 0}}, flight = {0, 0};
	enum walk_verdict verdict = WALK_MORE;
	bool came[512] = {false};
	size_t count = 0;
	struct walk walk;
	struct walk_ask ask;

	*past = 0;
	walk_init(&walk, false, PAGE_SIZE, parallel);
	while (verdict != WALK_DONE) {
		while (walk_next(&walk, &ask) == WALK_MORE) {
			double takes = (100.0 + (double)draw(2 * jitter) - (double)jitter) / 100;

			flights[count++] = (struct flight){ask.page, flight.lands + takes};
			*past += ask.page >= pages;
		}
		assert_in_range(count, 1, parallel);
		flight = next_to_land(flights, &count);
		came[flight.page] = true;
		walk_arrived(&walk, flight.page, flight.page < pages);
		while (verdict != WALK_DONE && came[walk.done])
			verdict = report(&walk, walk.done < pages ? PAGE_SIZE : 0, -1, -1);
	}
	return flight.lands;
}

/* Few bets, but no idle connection: a long list comes as fast as if its end were known. */
static void test_time(void **state)
{
	const size_t several[] = {4, 8, 32};
	size_t past;

	(void)state;
	seed = 9;
	for (size_t i = 0; i < 9; i++) {
		size_t parallel = several[i / 3];
		double ideal = 2 + 400 / (double)parallel;
		double took = walk_time(400, parallel, i % 3 * 45, &past);

		assert_true(took <= 1.15 * ideal);
		assert_in_range(past, 1, parallel - 1);
	}
}

/* An error behind the end is nothing; one before it is the walk's. */
static void test_errors(void **state)
{
	struct walk walk;
	struct walk_ask ask;
	struct walk_result full = {.rows = 100, .fresh = 100, .totals = WALK_TOTALS_UNKNOWN};
	struct walk_result empty = {.totals = WALK_TOTALS_UNKNOWN};

	(void)state;
	for (int behind = 0; behind < 2; behind++) {
		walk_init(&walk, true, 100, 4);
		walk_next(&walk, &ask);
		walk_arrived(&walk, 0, true);
		walk_page_result(&walk, &full);
		while (walk_next(&walk, &ask) == WALK_MORE)
			assert_int_equal(ask.start, 100 * ask.page);
		walk_arrived(&walk, 1, false);
		walk_arrived(&walk, 2, false);
		assert_int_equal(walk_page_result(&walk, behind ? &empty : &full),
				 behind ? WALK_WAIT : WALK_MORE);
		assert_int_equal(walk_page_error(&walk), behind ? WALK_DONE : WALK_FAILED);
	}
}

/* What never gets better is an error that says what was seen, after three walks at most. */
static void test_hopeless_vendors(void **state)
{
	(void)state;
	seed = 6;
	for (size_t i = 0; i < 12; i++) {
		enum mishap mishap = i % 2 ? IGNORES_PAGING : REPEATS_PAGE;

		open_vendor(mishap == REPEATS_PAGE ? 500 : 30 + 100 * i, i / 2 % 2, 100,
			    TELLS_NOTHING);
		vendor.mishap = mishap;
		walk_vendor(parallels[i % PARALLELS]);
		assert_true(outcome.failed);
		assert_non_null(strstr(outcome.why, "brings only rows that came before"));
		assert_true(outcome.requests <= 3 * (2 + 8) + 1);
	}
	/* a total that proves right needs no second page of a vendor that ignores paging */
	open_vendor(30, false, 100, TELLS_RECORDS);
	vendor.mishap = IGNORES_PAGING;
	walk_vendor(8);
	assert_true(got_all() && outcome.requests == 1);
}

/* A vendor that never gives the pages it was asked for has a whole roster or none. */
static void test_pages_that_are_cut(void **state)
{
	size_t whole = 0;

	(void)state;
	seed = 8;
	for (size_t i = 0; i < 6300; i++) {
		open_vendor(i / 6, i % 2, 100, i % 4 < 2 ? TELLS_NOTHING : TELLS_COUNT);
		vendor.mishap = CUTS_PAGES;
		walk_vendor(parallels[i % PARALLELS]);
		if (!outcome.failed && !got_all())
			fail_msg("%zu rows of %zu", outcome.count, vendor.count);
		if (vendor.offsets)
			assert_true(!outcome.failed && outcome.restarts < 2);
		whole += !outcome.failed;
	}
	/* by offsets it can be read, page by page */
	assert_true(whole >= 3150);
}

/* A vendor that leaves the same rows out each time has a roster all the same. */
static void test_rows_left_out(void **state)
{
	(void)state;
	seed = 7;
	for (size_t count = 0; count <= 1050; count++) {
		size_t visible = 0;

		open_vendor(count, false, 100, count % 2 ? TELLS_NOTHING : TELLS_PAGE);
		vendor.mishap = HIDES_ROWS;
		walk_vendor(parallels[count % PARALLELS]);
		for (size_t i = 0; i < count; i++)
			visible += i < PAGE_SIZE || i % 7 != 0;
		assert_false(outcome.failed);
		assert_int_equal(outcome.count, visible);
		assert_true(outcome.restarts == (count > 200 ? 1 : 0));

		/* by offsets it can't be told from rows that were lost */
		open_vendor(count, true, 100, TELLS_NOTHING);
		vendor.mishap = HIDES_ROWS;
		walk_vendor(parallels[count % PARALLELS]);
		assert_true(outcome.failed || outcome.count == visible);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_size),
	    cmocka_unit_test(test_caps),
	    cmocka_unit_test(test_rows_that_move),
	    cmocka_unit_test(test_rosters_that_change),
	    cmocka_unit_test(test_mishaps_that_pass),
	    cmocka_unit_test(test_empty_page_in_the_middle),
	    cmocka_unit_test(test_totals),
	    cmocka_unit_test(test_looks),
	    cmocka_unit_test(test_time),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_hopeless_vendors),
	    cmocka_unit_test(test_pages_that_are_cut),
	    cmocka_unit_test(test_rows_left_out),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
