/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pager.c - see pager.h.
 *
 * A vendor that names each next page says itself where its list ends, so there is less to doubt
 * than in walk.c: what it tells of the total, and whether it goes in a circle. It must not know of
 * HTTP or JSON, nor what a cursor looks like.
 */
#include "vendors/list/pager.h"

#include "vendors/base/hash.h"
#include "vendors/list/ask.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some vendors filter a page after they have cut it from the list, so that nothing may be left of
 * several in a row. */
#define EMPTY_MAX 1000

static const char *key_of(const void *text)
{
	return text;
}

/* Forget which pages were named. */
static void forget_named(struct pager *pager)
{
	size_t at = 0;
	char *text;

	while ((text = table_next(&pager->named, &at)))
		free(text);
	table_clear(&pager->named);
	pager->next = NULL;
}

static void begin_chain(struct pager *pager)
{
	forget_named(pager);
	pager->walk.done = pager->walk.rows = pager->asked = pager->empty = 0;
	pager->open = true;
	pager->looped = pager->total_certain = false;
	pager->total = -1;
}

void pager_init(struct pager *pager, const struct account *account,
		const struct collection *collection, size_t parallel)
{
	enum paging paging = collection->paging(account);

	memset(pager, 0, sizeof(*pager));
	walk_init(&pager->walk, paging != PAGING_NUMBER, collection->page_size, parallel);
	pager->collection = collection;
	pager->chained = paging == PAGING_NONE || paging == PAGING_CURSOR || paging == PAGING_URL;
	pager->paged = paging != PAGING_NONE;
	if (collection->listing) {
		pager->walk.one_size = !ask_names_size(collection);
		pager->walk.unknown_size = pager->walk.one_size && !collection->page_size;
		pager->walk.wraps = pager->walk.hints = true;
	}
	table_init(&pager->named, key_of);
	begin_chain(pager);
}

void pager_clear(struct pager *pager)
{
	forget_named(pager);
}

void pager_begin_at(struct pager *pager, size_t page)
{
	if (!pager->chained)
		walk_begin_at(&pager->walk, page);
}

enum walk_verdict pager_next(struct pager *pager, struct walk_ask *ask)
{
	if (!pager->chained)
		return walk_next(&pager->walk, ask);
	if (!pager->open)
		return WALK_WAIT;
	pager->open = false;
	*ask = (struct walk_ask){.page = pager->asked++,
				 .size = pager->walk.page_size,
				 .next = pager->next};
	return WALK_MORE;
}

void pager_arrived(struct pager *pager, size_t page, bool full)
{
	if (!pager->chained)
		walk_arrived(&pager->walk, page, full);
}

int pager_found(struct pager *pager, char *next)
{
	uint64_t hash = next ? hash_text(next) : 0;

	if (!pager->chained || !next) {
		free(next);
		pager->next = NULL;
		return 0;
	}
	pager->looped = table_find(&pager->named, next, hash) != NULL;
	if (pager->looped || table_add(&pager->named, next, hash)) {
		free(next);
		return pager->looped ? 0 : -ENOMEM;
	}
	pager->next = next;
	pager->open = true;
	return 0;
}

/* Something does not fit (walk.why): begin again, as long as that is allowed. */
static enum walk_verdict chain_again(struct pager *pager)
{
	if (pager->walk.restarts == WALK_RESTARTS)
		return WALK_FAILED;
	pager->walk.restarts++;
	begin_chain(pager);
	return WALK_RESTART;
}

/* As in walk.c: a count that equals the rows of the first page, or the size asked for, may be just
 * that. */
static void chain_believe(struct pager *pager, const struct walk_result *result)
{
	long long rows = (long long)result->rows, count = result->totals.count;

	if (result->totals.records >= rows) {
		pager->total = result->totals.records;
		pager->total_certain = true;
	} else if (result->totals.records < 0 && count > rows &&
		   count != (long long)pager->walk.page_size) {
		pager->total = count;
	}
}

/* Return true if a later page tells no other total. */
static bool chain_total_stands(struct pager *pager, const struct walk_result *result)
{
	long long told = pager->total_certain ? result->totals.records : result->totals.count;

	if (pager->total < 0 || told < 0 || told == pager->total)
		return true;
	/* a count of the rows of each page, larger than those of the first */
	if (!pager->total_certain && told == (long long)result->rows) {
		pager->total = -1;
		return true;
	}
	snprintf(pager->walk.why, sizeof(pager->walk.why),
		 "the vendor's total changed from %lld to %lld on page %zu", pager->total, told,
		 pager->walk.done);
	return false;
}

static enum walk_verdict chain_repeated(struct pager *pager, const struct walk_result *result)
{
	struct walk *walk = &pager->walk;

	if (!pager->paged)
		snprintf(walk->why, sizeof(walk->why), "%zu of the %zu rows come a second time",
			 result->rows - result->fresh, result->rows);
	else if (!result->fresh)
		snprintf(walk->why, sizeof(walk->why),
			 "page %zu brings only rows that came before: the vendor ignores paging, "
			 "repeats a page, or rows keep moving",
			 walk->done);
	else
		snprintf(walk->why, sizeof(walk->why),
			 "page %zu brings %zu of %zu rows a second time: rows keep moving",
			 walk->done, result->rows - result->fresh, result->rows);
	return chain_again(pager);
}

/* Return true if the one row of RESULT that came before is the row that the page begins at. */
static bool begins_at_last(const struct pager *pager, const struct walk_result *result)
{
	const struct rule_list *listing = pager->collection->listing;

	return listing && listing->next_source.kind == SOURCE_LAST && pager->walk.done > 1 &&
	       result->rows - result->fresh == 1 && result->first == pager->last;
}

/* Judge the one response of a vendor without pages. */
static enum walk_verdict whole_result(struct pager *pager, const struct walk_result *result)
{
	const struct walk_totals *totals = &result->totals;
	long long rows = (long long)result->rows;

	if (totals->records <= rows && totals->count <= rows && totals->pages <= 1 &&
	    totals->more != 1)
		return WALK_DONE;
	snprintf(pager->walk.why, sizeof(pager->walk.why),
		 "the list is read without pages, but the vendor tells of more than the %zu rows "
		 "that came",
		 result->rows);
	return WALK_FAILED;
}

/* The page just reported names no next page. */
static enum walk_verdict chain_end(struct pager *pager)
{
	struct walk *walk = &pager->walk;

	if ((long long)walk->rows >= pager->total)
		return WALK_DONE;
	snprintf(walk->why, sizeof(walk->why),
		 "the vendor tells of %lld rows, but its pages hold %zu", pager->total, walk->rows);
	return chain_again(pager);
}

enum walk_verdict pager_result(struct pager *pager, const struct walk_result *result)
{
	struct walk *walk = &pager->walk;

	if (!pager->chained)
		return walk_page_result(walk, result);
	walk->done++;
	if (result->fresh < result->rows && !begins_at_last(pager, result))
		return chain_repeated(pager, result);
	walk->rows += result->fresh;
	if (result->rows && !result->fresh)
		return chain_end(pager);
	pager->last = result->last;
	if (!pager->paged)
		return whole_result(pager, result);
	if (walk->done == 1)
		chain_believe(pager, result);
	else if (!chain_total_stands(pager, result))
		return chain_again(pager);
	if (pager->looped) {
		snprintf(walk->why, sizeof(walk->why),
			 "page %zu names a next page that was named before", walk->done);
		return chain_again(pager);
	}
	if (!pager->next)
		return chain_end(pager);
	pager->empty = result->rows ? 0 : pager->empty + 1;
	if (pager->empty >= EMPTY_MAX || walk->done >= WALK_PAGES_MAX) {
		snprintf(walk->why, sizeof(walk->why), "there is no end after %zu pages%s",
			 walk->done, pager->empty ? ", of which the last have no rows" : "");
		return WALK_FAILED;
	}
	return WALK_MORE;
}

enum walk_verdict pager_error(struct pager *pager)
{
	if (!pager->chained)
		return walk_page_error(&pager->walk);
	pager->walk.done++;
	pager->walk.why[0] = '\0';
	return WALK_FAILED;
}

long long pager_total(const struct pager *pager, bool *certain)
{
	*certain = pager->chained ? pager->total_certain : pager->walk.total_certain;
	return pager->chained ? pager->total : pager->walk.total;
}
