/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pager.h - how the pages of one list follow each other: by number or offset, as walk.h has it, or
 * each by what the response before it names (a cursor, a URL), one at a time.
 *
 * A list of the second kind is complete when a page names no next page and nothing that the vendor
 * tells contradicts it. A row that came before, a next page that was named before, or a total that
 * changes restarts it, at most WALK_RESTARTS times. A page without rows that names a next page is
 * no end. Where the last row is the cursor, it may come again as the first row of the next page; a
 * page with no other row is the end. Requests: one for each page. A vendor without pages has one
 * page.
 *
 * It takes the same calls in the same order as struct walk, and pager_found between the arrival of
 * a page and its report. No I/O, no locks. One pager belongs to one thread.
 */
#ifndef ROSTERFS_PAGER_H
#define ROSTERFS_PAGER_H

#include "vendors/base/table.h"
#include "vendors/list/walk.h"

struct account;
struct collection;

struct pager {
	/* done, rows, restarts and why are for the caller to read */
	struct walk walk;
	bool chained; /* each page is named by the one before */

	/* pager.c's own, of a chained list */
	const struct collection *collection;
	bool paged;          /* there can be more than one page */
	bool open;           /* a page may be asked for */
	bool looped;         /* the page named last was named before */
	const char *next;    /* that page, in `named`; NULL: the first one, or there is none */
	struct table named;  /* all that was named in this pass; owned texts */
	size_t asked, empty; /* pages; the last of them without rows */
	uint64_t last;       /* hash of the last row's id */
	long long total;     /* -1: none that is credible */
	bool total_certain;
};

/* Begin a list of COLLECTION with PARALLEL pages in flight. Pair with pager_clear. */
void pager_init(struct pager *pager, const struct account *account,
		const struct collection *collection, size_t parallel);

/* Free what PAGER holds. A no-op for one that is all zero. */
void pager_clear(struct pager *pager);

/* Begin at PAGE, counted from 1: as walk_begin_at. A chained list begins at its first page. */
void pager_begin_at(struct pager *pager, size_t page);

/* As walk_next. */
enum walk_verdict pager_next(struct pager *pager, struct walk_ask *ask);

/* As walk_arrived. */
void pager_arrived(struct pager *pager, size_t page, bool full);

/*
 * Note that page walk.done, which has arrived and is not reported yet, names NEXT, which is taken
 * (NULL: no page follows). From now on that page may be asked for. A no-op unless chained. Returns
 * 0 or -ENOMEM.
 */
int pager_found(struct pager *pager, char *next);

/* As walk_page_result. */
enum walk_verdict pager_result(struct pager *pager, const struct walk_result *result);

/* As walk_page_error. */
enum walk_verdict pager_error(struct pager *pager);

/* Return the number of rows that the vendor tells of, -1: none that is credible. *CERTAIN: its
 * documents leave no doubt. */
long long pager_total(const struct pager *pager, bool *certain);

#endif
