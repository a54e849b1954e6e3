/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.c - see row.h.
 *
 * A vendor may list records and have no request for a single one. A change then rests on the row:
 * its page is asked for alone, in the way the walk asked for it, so that the change can follow
 * right after it. Where only the page before names a page, or several passes make the list, the
 * change rests on a walk of the whole list. It must not know what the row is used for.
 */
#include "vendors/list/row.h"

#include "vendors/list/ask.h"
#include "vendors/list/list.h"
#include "vendors/vendor.h"
#include "vendors/http/basis.h"
#include "vendors/base/call.h"
#include "vendors/rest/exchange.h"
#include "vendors/json/json_heap.h"
#include "vendors/http/http.h"
#include "vendors/list/page.h"
#include "vendors/list/walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Attempts to find the page of a row: rows move while a list is read. */
#define TRIES 3

/* ---- the whole list ---- */

/* A sink that keeps one row of a walk, and where it was. */
struct search {
	struct list_sink sink;
	const struct collection *collection;
	const char *id;
	json_t *ids; /* of the rows of this pass: the walk must learn of repeats */
	size_t pages, rows;
	size_t step; /* rows of the first page: the other pages are asked for with that size */
	struct row_spot spot;
	json_t *record; /* or NULL */
};

/* Return the size with which the current page was asked for; 1 for a vendor that takes none. */
static size_t size_of_page(const struct search *search)
{
	size_t size = search->pages ? search->step : search->collection->page_size;

	return size ? size : 1;
}

static int row_search_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct search *search = (struct search *)sink;

	if (json_object_get(search->ids, id))
		return -EEXIST;
	if (json_object_set_new(search->ids, id, json_true()))
		return -ENOMEM;
	sink->held += LIST_SINK_KEY + strlen(id);
	if (strcmp(id, search->id) != 0)
		return 0;
	search->record = json_deep_copy(record);
	search->spot = (struct row_spot){.page = search->pages,
					 .before = search->rows,
					 .size = size_of_page(search)};
	return search->record ? 0 : -ENOMEM;
}

/* A row that is not JSON: no change can rest on it. Other rows do not matter here. */
static int row_search_unreadable(struct list_sink *sink, const char *id, json_t *record)
{
	struct search *search = (struct search *)sink;

	return strcmp(id, search->id) == 0 ? -EREMOTEIO : row_search_add(sink, id, record);
}

static void row_search_reset(struct list_sink *sink)
{
	struct search *search = (struct search *)sink;

	json_object_clear(search->ids);
	json_decref(search->record);
	search->record = NULL;
	sink->held = 0;
	search->pages = search->rows = 0;
}

static void row_search_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct search *search = (struct search *)sink;

	(void)total;
	if (pages == 1)
		search->step = rows;
	search->pages = pages;
	search->rows = rows;
}

/* Walk the whole list. Returns 0, -ENOENT, or another negative errno with words in CALL. */
static int walk(struct call *call, struct account *account, const struct collection *collection,
		const char *parent, const char *id, struct row_spot *spot, json_t **record)
{
	struct search search = {.sink = {.add = row_search_add,
					 .unreadable = row_search_unreadable,
					 .reset = row_search_reset,
					 .progress = row_search_progress},
				.collection = collection,
				.id = id,
				.ids = json_object()};
	int error = search.ids ? list_walk(call, account, collection, parent, &search.sink)
			       : call_no_memory(call);

	if (!error && !search.record)
		error = call_fail(call, CALL_MISSING, "not in the list of %s", collection->name);
	json_decref(search.ids);
	if (error) {
		json_decref(search.record);
		return error;
	}
	*spot = search.spot;
	*record = search.record;
	return 0;
}

/* ---- one page of it ---- */

/* A sink that keeps one row of a page. */
struct pick {
	struct list_sink sink;
	const char *id;
	json_t *record; /* or NULL */
};

static int pick_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct pick *pick = (struct pick *)sink;

	if (pick->record || strcmp(id, pick->id) != 0)
		return 0;
	pick->record = json_deep_copy(record);
	return pick->record ? 0 : -ENOMEM;
}

static int pick_unreadable(struct list_sink *sink, const char *id, json_t *record)
{
	(void)record;
	return strcmp(id, ((struct pick *)sink)->id) == 0 ? -EREMOTEIO : 0;
}

/* Return the number of the row before SPOT, or of its page, for the request. */
static size_t start_of(const struct account *account, const struct collection *collection,
		       const struct row_spot *spot)
{
	return collection->paging(account) == PAGING_NUMBER ? spot->page + 1 : spot->before;
}

/* Ask for the page at SPOT. Returns 0, -ENOENT if ID is not on it, or another negative errno. */
static int ask_page(struct call *call, struct account *account, const struct collection *collection,
		    const char *parent, const char *id, const struct row_spot *spot,
		    json_t **record)
{
	const struct ask ask = {.collection = collection,
				.parent = parent,
				.page = {.page = spot->page,
					 .start = start_of(account, collection, spot),
					 .size = spot->size}};
	struct pick pick = {.sink = {.add = pick_add, .unreadable = pick_unreadable}, .id = id};
	struct page page = {.call = call,
			    .subject = EXCHANGE_LIST,
			    .account = account,
			    .collection = collection,
			    .sink = &pick.sink,
			    .number = spot->page + 1};
	struct walk_result result = {.totals = WALK_TOTALS_UNKNOWN};
	struct http_reply reply = {0};
	struct request request;
	int error = ask_make(call, account, &ask, &request);

	if (!error)
		error = exchange(call, account, EXCHANGE_LIST, &request.http, &reply);
	/* the list has become shorter */
	if (error && collection->listing && spot->page && reply.status == 404) {
		call_clear(call);
		error = -ENOENT;
	}
	if (!error)
		error = page_read(&page, &reply, &result);
	if (!error && !pick.record)
		error = -ENOENT;
	if (error)
		json_decref(pick.record);
	else
		*record = pick.record;
	json_heap_free();
	http_reply_clear(&reply);
	request_clear(&request);
	return error;
}

/*
 * Return true if the page of a row can be asked for alone: there are pages, the page before does
 * not name it, and its rows are not those of one pass of several.
 */
static bool stands_alone(const struct account *account, const struct collection *collection)
{
	enum paging paging = collection->paging ? collection->paging(account) : PAGING_CURSOR;

	return paging != PAGING_CURSOR && paging != PAGING_URL &&
	       !(collection->listing && collection->listing->each);
}

/*
 * Read the row of ID by its page at SPOT, or, if that page cannot be asked for alone, by the whole
 * list. With call->basis, this is the read that a change rests on. Returns 0, -ENOENT, or another
 * negative errno with words.
 */
static int row_read_again(struct call *call, struct account *account,
			  const struct collection *collection, const char *parent, const char *id,
			  struct row_spot *spot, json_t **record)
{
	int error;

	if (call->basis) {
		basis_forget(call);
		if (collection->settle)
			collection->settle(call, account);
		call->basis->reading = true;
	}
	error = stands_alone(account, collection)
		    ? ask_page(call, account, collection, parent, id, spot, record)
		    : walk(call, account, collection, parent, id, spot, record);
	if (call->basis)
		call->basis->reading = false;
	if (call->basis && error)
		basis_forget(call);
	return error;
}

int row_read(struct call *call, struct account *account, const struct collection *collection,
	     const char *parent, const char *id, bool write, struct row_spot *spot, json_t **record)
{
	int error;

	if (!stands_alone(account, collection))
		return row_read_again(call, account, collection, parent, id, spot, record);
	for (int tries = 0; tries < TRIES; tries++) {
		json_t *listed = NULL;

		error = spot->size
			    ? row_read_again(call, account, collection, parent, id, spot, record)
			    : -ENOENT;
		if (error != -ENOENT)
			return error;
		error = walk(call, account, collection, parent, id, spot, &listed);
		if (error)
			return error;
		if (!write) {
			*record = listed;
			return 0;
		}
		json_decref(listed);
	}
	error = spot->size ? row_read_again(call, account, collection, parent, id, spot, record)
			   : -ENOENT;
	if (error == -ENOENT)
		error = call_fail(
		    call, CALL_MALFORMED,
		    "in the list of %s, but not on the page where it was: rows keep moving; try again",
		    collection->name);
	return error;
}
