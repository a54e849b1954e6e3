/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.h - the arithmetic of walking a list page by page: what to ask next, what a page means.
 *
 * The result is complete, or the walk fails. The walk ends when a page is empty, or when as many
 * rows came as a credible total says. Several pages may be asked for at once and arrive in any
 * order; they are reported in the list's order. If something does not fit (a row that came before,
 *a total that changes, rows behind an empty page), the walk restarts, at most twice, the second
 *time page by page.
 *
 * A short page may be the last one, one that the vendor cut, or one with rows left out. So:
 * - If a short page seems to be the last one, the row behind the last one received is asked for.
 * - If other pages follow it, the list is read again with another page size. Only rows that are
 *   left out on purpose are the same then.
 *
 * Requests for N rows, R in a page, P = N/R rounded up:
 * - P if a total proves right;
 * - 2 if all rows came in the first page;
 * - otherwise P and what is past the end: the empty page that proves the end; the row behind the
 *   last one if that page is short; and the pages that were asked for before the end was known.
 *   These are at most parallel - 1, or as many as the proof takes (with parallel = 1 or 2), or 2
 *   (with parallel = 2, in order to ask ahead at all).
 *
 * So while the end is unknown, up to parallel - 1 requests may be in vain. To keep the last
 * connection busy as well, a page is passed over now and then, and asked for as soon as one behind
 * it has arrived.
 *
 * A total that is too small by exactly the rows of whole pages is believed, unless the vendor names
 * a next page: one more request would be needed to find out. With `hints`, that request is sent,
 * if the total is not certain and the vendor does not say that no page follows.
 *
 * Rows behind an empty page are not forgotten when the walk restarts: no list ends before them.
 *
 * A vendor may answer with its first page again past the end, as some SCIM servers do. If that page
 * has no new row, and its count is the number of rows that came, it is the end, provided that the
 * vendor does not ignore offsets: it is asked for two rows from the last one on, and must return
 * one. Such a vendor needs `wraps`.
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
	WALK_MORE,    /* there is a page to ask for; or: continue */
	WALK_WAIT,    /* nothing to ask for until another page arrives */
	WALK_DONE,    /* the list is complete */
	WALK_RESTART, /* all rows so far are void, see walk->why; the walk begins again */
	WALK_FAILED,  /* see walk->why */
};

/* What a response says of the whole list. -1: it does not say. */
struct walk_totals {
	long long records; /* how many there are, if the vendor's documents leave no doubt */
	long long count;   /* how many there are, or are on this page, or were asked for */
	long long pages;   /* how many pages of the size that this one was asked for with */
	int more;          /* 1: it names a next page; 0: it says that there is none */
	bool last;         /* by the vendor's documents this is certainly the last page */
};

#define WALK_TOTALS_UNKNOWN                                                                        \
	((struct walk_totals){.records = -1, .count = -1, .pages = -1, .more = -1})

/* A page to ask for. */
struct walk_ask {
	size_t page;  /* 0, 1, 2... in the list's order */
	size_t start; /* a page number from 1, or an offset from 0 */
	size_t size;  /* how many rows */
	/* pager.h: the cursor, or the path and query, of a page that the page before it names;
	   borrowed until the page has been read. NULL: the list's own request. */
	const char *next;
};

/* What a page held. */
struct walk_result {
	size_t rows;
	size_t fresh;         /* rows whose id did not come before in this pass */
	uint64_t sum;         /* of the hashes of all ids, which does not depend on their order */
	uint64_t first, last; /* hashes of the ids of these rows */
	struct walk_totals totals;
};

struct walk {
	/* set by walk_init */
	bool offsets; /* a page is asked for by offset, not by number */
	size_t page_size;
	size_t parallel;

	/* for the caller to set right after walk_init */
	bool one_size;     /* requests do not say how many rows: each page has as many as page 0 */
	bool unknown_size; /* with one_size: nobody knows how many before page 0 has come */
	bool wraps;        /* past the end there may be the first page again */
	bool hints;        /* totals.count proves no end that is the end of a full page */

	/* for the caller to read */
	size_t done; /* pages reported in this pass: the next one to report */
	size_t rows; /* rows of this pass */
	unsigned restarts;
	char why[WALK_WHY_MAX];

	/* this pass; walk.c's own */
	bool sequential;    /* one page at a time */
	bool fixed_step;    /* the size asked for is the step, whatever the first page holds */
	bool careful_start; /* page 0 was shorter than asked: all there is, or a cap */
	bool fits;          /* with wraps: the count of page 0 is its rows */
	bool was_short;     /* the last page reported was shorter than the step */
	bool gap;           /* rows came behind a short page */
	bool disproved;     /* the total was too small */
	bool ended;         /* a page was empty */
	bool probe;         /* ask for the row behind the last one received */
	bool probed;        /* it was asked for, as the last page */
	bool wrapped;       /* the end was the first page again; the probe asks for the last row */
	size_t first_size;  /* rows asked for in page 0 */
	size_t step;        /* rows in a page: as many as page 0 had */
	size_t asked;       /* pages up to the last one asked for */
	size_t passed;      /* the one of them that was passed over, 0: none */
	size_t arrived;     /* pages that arrived */
	size_t seen;        /* pages up to the last one that looked full when it arrived */
	long long total;    /* -1: none that is credible */
	long long pages;    /* how many pages to ask for; -1: not told */
	bool always_more;   /* each page so far named a next one */
	bool total_certain; /* it is totals.records */
	uint64_t sum;       /* of walk_result.sum */
	size_t beyond;      /* where rows were seen behind an empty page, in any pass; 0: nowhere */
	/* the pass before, if it was read to its end, with another step */
	bool has_previous;
	size_t previous_rows;
	uint64_t previous_sum;
};

/* Begin a walk. OFFSETS: as in struct walk. PAGE_SIZE: rows to ask for. PARALLEL: maximum number of
 * pages in flight. */
void walk_init(struct walk *walk, bool offsets, size_t page_size, size_t parallel);

/* Begin at PAGE, counted from 1, as if the pages before it had been full. Call it right after
 * walk_init, and report this page and no other. */
void walk_begin_at(struct walk *walk, size_t page);

/* Return the maximum number of pages that are asked for and not yet reported: page p may use slot
 * p % window. */
size_t walk_window(const struct walk *walk);

/* Return WALK_MORE and the next page in *ASK, which counts as asked for, or WALK_WAIT. */
enum walk_verdict walk_next(struct walk *walk, struct walk_ask *ask);

/*
 * Note that PAGE has arrived, in any order and once for each page. FULL: before its turn, it looks
 * as if it had as many rows as page 0. That is a guess, which only saves time: a page that looks
 * full and is not may cost more requests than stated above, at most a window of them.
 */
void walk_arrived(struct walk *walk, size_t page, bool full);

/* Report page walk->done, which has arrived. A verdict other than WALK_WAIT and WALK_MORE ends the
 * pass. */
enum walk_verdict walk_page_result(struct walk *walk, const struct walk_result *result);

/*
 * Report that page walk->done arrived as an error. WALK_DONE: the end was proved without it.
 * WALK_FAILED: its error is the error of the walk (why is empty).
 */
enum walk_verdict walk_page_error(struct walk *walk);

#endif
