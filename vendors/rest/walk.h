/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.h - the arithmetic of walking a list page by page: what to ask next, what an answer means.
 *
 * A roster comes whole or not at all. So the walk believes only what proves itself: it ends when a
 * page is empty, or when the rows that came are as many as a total that can be believed. Pages may
 * be asked for many at a time and come in any order; they are reported in the list's order. When
 * something does not fit (a row that came before, a total that moves, rows behind an empty page)
 * the walk starts again, twice at most, the second time page by page.
 *
 * A short page may be the last, one that the vendor cut, or one from which it leaves rows out. So
 * where a short page seems to be the last one, the row behind the last one received is asked for;
 * and where others follow it, the list is read again with another page size: only rows that are
 * left out on purpose are the same then.
 *
 * What a walk costs, for N rows that come R to a page, P = N/R rounded up: P requests when a total
 * proves right; 2 when all rows came with the first page; else P and what is past the end: the
 * empty page that proves it, the row behind the last one where that page is short, and the pages
 * that were asked for before it was known. These are parallel - 1 at most, or what the proof takes
 * where that is more (with parallel = 1 or 2); and 2 with parallel = 2, to ask ahead at all.
 *
 * So while nobody tells where the end is, parallel - 1 requests are bets. For the last connection
 * now and then a page is passed over, and asked for as soon as one behind it is there.
 *
 * What nobody can tell without one more request: a total that is too small by exactly what whole
 * pages hold. It is believed, unless the vendor names a next page.
 *
 * A vendor without pages (unpaged) is asked once.
 *
 * Pure: no I/O, no allocation, no locks. One walk belongs to one thread.
 *
 *	walk_init
 *	until the verdict is WALK_DONE or WALK_FAILED:
 *		while walk_next is WALK_MORE: ask for the page
 *		wait for any page; walk_arrived
 *		for the page walk->done, if it has arrived: walk_page_result or walk_page_error;
 *		WALK_RESTART: forget all rows and all pages asked for
 */
#ifndef ROSTERFS_WALK_H
#define ROSTERFS_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WALK_RESTARTS 2
#define WALK_PAGES_MAX 1000000
#define WALK_WHY_MAX 200

enum walk_verdict {
	WALK_MORE,    /* there is a page to ask for; or: go on */
	WALK_WAIT,    /* nothing to ask for until another page is there */
	WALK_DONE,    /* the roster is whole */
	WALK_RESTART, /* all rows so far are void: walk->why; the walk begins anew */
	WALK_FAILED,  /* walk->why says what was seen */
};

/* What an answer says of the whole list. -1: it does not say. */
struct walk_totals {
	long long records; /* how many there are, where the vendor's documents leave no doubt */
	long long count;   /* how many there are, or are on this page, or were asked for */
	long long pages;   /* how many pages there are, of the size that this one was asked with */
	int more;          /* 1: it names a next page, 0: it says that there is none */
};

#define WALK_TOTALS_UNKNOWN                                                                        \
	((struct walk_totals){.records = -1, .count = -1, .pages = -1, .more = -1})

/* A page to ask for. */
struct walk_ask {
	size_t page;  /* 0, 1, 2... in the list's order */
	size_t start; /* where: a page number from 1, or an offset from 0 */
	size_t size;  /* how many rows */
};

/* What a page held. */
struct walk_result {
	size_t rows;
	size_t fresh; /* rows whose id had not come before in this pass */
	uint64_t sum; /* of the hashes of all ids: the same rows in another order have the same */
	struct walk_totals totals;
};

struct walk {
	/* set by walk_init */
	bool offsets; /* pages are named by an offset, not a number */
	/* The vendor has no pages: the first response is the whole list. Set by the caller, right
	   after walk_init. */
	bool unpaged;
	size_t page_size;
	size_t parallel;

	/* for the caller to read */
	size_t done; /* pages reported in this pass: the next one to report */
	size_t rows; /* rows of this pass */
	unsigned restarts;
	char why[WALK_WHY_MAX];

	/* this pass; walk.c's own */
	bool sequential;    /* one page at a time */
	bool fixed_step;    /* the size asked for is the step, whatever the first page holds */
	bool careful_start; /* page 0 was not as long as asked: is it all there is, or a cap? */
	bool was_short;     /* the last page reported was shorter than the step */
	bool gap;           /* rows came behind a short page */
	bool disproved;     /* the total was too small */
	bool ended;         /* a page was empty */
	bool probe;         /* the row behind the last one received is to be asked for */
	bool probed;        /* it was: it is the last page */
	size_t first_size;  /* rows asked for in page 0 */
	size_t step;        /* rows in a page: as many as page 0 had */
	size_t asked;       /* pages up to the last one asked for */
	size_t passed;      /* the one of them that was passed over; 0: none */
	size_t arrived;     /* pages that came */
	size_t seen;        /* pages up to the last one that looked full */
	long long total;    /* -1: none that can be believed */
	long long pages;    /* how many pages to ask for in parallel; -1: nobody tells */
	bool always_more;   /* each page so far named a next one */
	bool total_certain; /* it is totals.records */
	uint64_t sum;       /* of walk_result.sum */
	/* the pass before, if it was read to its end, with another step */
	bool has_previous;
	size_t previous_rows;
	uint64_t previous_sum;
};

/* OFFSETS: as in struct walk. PAGE_SIZE: rows to ask for. PARALLEL: most pages in flight. */
void walk_init(struct walk *walk, bool offsets, size_t page_size, size_t parallel);

/* Right after walk_init: begin at PAGE, counted from 1, as if the pages before it had been full.
 * Only for a caller that reports this page and no other. */
void walk_begin_at(struct walk *walk, size_t page);

/* At most so many pages are asked for and not yet reported: page p may have slot p % window. */
size_t walk_window(const struct walk *walk);

/* WALK_MORE and the page to ask for in *ASK (it counts as asked for), or WALK_WAIT. */
enum walk_verdict walk_next(struct walk *walk, struct walk_ask *ask);

/*
 * Note that PAGE has arrived, in any order and once for each page. FULL: before its turn, it looks
 * as if it had as many rows as page 0. That is a guess, which only saves time: a page that looks
 * full and is not may cost more requests than is said above, at most a window of them.
 */
void walk_arrived(struct walk *walk, size_t page, bool full);

/* Report page walk->done, which has come. Everything but WALK_WAIT and WALK_MORE is final for a
 * pass. */
enum walk_verdict walk_page_result(struct walk *walk, const struct walk_result *result);

/*
 * Report that page walk->done came as an error. WALK_DONE: the end had been proved without it;
 * WALK_FAILED: its error is the walk's (why is empty).
 */
enum walk_verdict walk_page_error(struct walk *walk);

#endif
