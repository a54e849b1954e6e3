/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - see list.h.
 *
 * walk.c decides which page to ask for and what a response means. This file drives one or several
 * walks in one thread: it starts the requests, keeps pages that arrive early, and lets page.c hand
 * the rows to the sinks in the vendor's order.
 *
 * No connection may idle while pages are read. So further pages are asked for before one is read;
 * and since pages that were asked for together arrive together, it waits a moment for the others
 * first. A page that arrives early waits as raw text, which takes a tenth of the memory of its
 * JSON tree.
 *
 * It must not know what becomes of the rows, nor of a vendor's peculiarities beyond the
 * collection's table.
 */
#include "vendors/list/list.h"

#include "vendors/rest/account.h"
#include "vendors/vendor.h"
#include "vendors/base/call.h"
#include "vendors/rest/exchange.h"
#include "vendors/list/page_arena.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/list/page.h"
#include "vendors/list/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINGER 2 /* milliseconds */

/* A page that was asked for and is not read yet. */
struct slot {
	struct walk_ask ask;
	struct transfer *came; /* its transfer, after it has ended */
	uint64_t serial;       /* of the token it was asked with */
	bool renewed;          /* asked for a second time, after a 401 */
};

/* A list that is being walked. */
struct list {
	struct list_part *part; /* NULL: this entry is free */
	struct walk walk;
	struct slot *slots;          /* page p is in slot p % window */
	struct transfer **under_way; /* in the same places */
	size_t first_rows;           /* page_guess_rows of page 0 */
};

/* All lists that one call walks. */
struct lists {
	struct call *call;
	struct account *account;
	const struct collection *collection;
	struct list_part *parts;
	size_t part_count;
	size_t begun;     /* parts that are being walked or complete */
	size_t in_flight; /* requests in flight */
	size_t came;      /* pages that wait to be read */
	size_t window;    /* slots of a list */
	size_t list_count;
	struct list *lists;
	/* of all lists, one after another */
	struct slot *slots;
	struct transfer **under_way;
};

static bool is_2xx(const struct http_reply *reply)
{
	return !reply->verdict && reply->status >= 200 && reply->status < 300;
}

static size_t parallel(const struct lists *all)
{
	return all->account->endpoint.parallel ? all->account->endpoint.parallel : 1;
}

/* ---- asking ---- */

/* Return "/user?page=2&count=100", which the caller frees, or NULL without memory. */
static char *ask_path(const struct lists *all, const struct list *list, const struct walk_ask *ask)
{
	return page_path(all->account, all->collection, list->part->parent, ask->start, ask->size);
}

/* Ask for the page in slot INDEX of LIST. */
static int start_page(struct lists *all, struct list *list, size_t index)
{
	struct slot *slot = &list->slots[index];
	struct http_request request = {.method = "GET", .repeatable = true};
	char *path = ask_path(all, list, &slot->ask);
	int error;

	if (!path)
		return call_no_memory(all->call);
	request.path = path;
	error = exchange_prepare(all->call, all->account, &request);
	if (error)
		goto out;
	slot->serial = request.serial;
	list->under_way[index] = http_start(all->call, &all->account->endpoint, &request);
	exchange_done(&request);
	if (list->under_way[index])
		all->in_flight++;
	else
		error = call_no_memory(all->call);
out:
	free(path);
	return error;
}

/*
 * Ask for all pages that may be asked for now, except those that could only queue: they may turn
 * out not to be needed.
 */
static int start_pages(struct lists *all)
{
	unsigned allowed = http_allowed(&all->account->endpoint);
	size_t most = allowed < parallel(all) ? allowed : parallel(all);

	for (size_t i = 0; i < all->list_count; i++) {
		struct list *list = &all->lists[i];
		struct walk_ask ask;

		while (list->part && all->in_flight < most &&
		       walk_next(&list->walk, &ask) == WALK_MORE) {
			size_t index = ask.page % all->window;
			int error;

			list->slots[index] = (struct slot){.ask = ask};
			error = start_page(all, list, index);
			if (error)
				return error;
		}
	}
	return 0;
}

/* Begin lists as long as entries are free. Returns true if any list is being walked. */
static bool begin_lists(struct lists *all)
{
	enum paging paging = all->collection->paging(all->account);
	bool any = false;

	for (size_t i = 0; i < all->list_count; i++) {
		struct list *list = &all->lists[i];

		if (!list->part && all->begun < all->part_count) {
			list->part = &all->parts[all->begun++];
			walk_init(&list->walk, paging != PAGING_NUMBER, all->collection->page_size,
				  parallel(all));
			list->walk.unpaged = paging == PAGING_NONE;
			if (list->part->page)
				walk_begin_at(&list->walk, list->part->page);
		}
		any = any || list->part;
	}
	return any;
}

/* ---- taking what comes ---- */

/* Return true if REPLY seems to hold as many rows as page 0 of LIST. */
static bool looks_full(const struct lists *all, const struct list *list,
		       const struct http_reply *reply)
{
	size_t rows = is_2xx(reply) ? page_guess_rows(all->collection, reply) : 0;

	return rows && rows >= list->first_rows;
}

/*
 * The page in slot INDEX of LIST has arrived. After a 401 it is asked for with a new proof, once.
 */
static int take_page(struct lists *all, struct list *list, size_t index)
{
	struct slot *slot = &list->slots[index];
	struct http_reply *reply = http_reply(list->under_way[index]);

	all->in_flight--;
	if (!reply->verdict && reply->status == 401 && !slot->renewed) {
		int error = exchange_renew(all->call, all->account, slot->serial);

		if (error && error != -ENOTSUP)
			return error;
		if (!error) {
			slot->renewed = true;
			http_drop(list->under_way[index], false);
			list->under_way[index] = NULL;
			return start_page(all, list, index);
		}
	}
	slot->came = list->under_way[index];
	list->under_way[index] = NULL;
	all->came++;
	if (is_2xx(reply))
		http_progress(&all->account->endpoint);
	walk_arrived(&list->walk, slot->ask.page, looks_full(all, list, reply));
	return 0;
}

/*
 * Take all pages that have arrived, and ask for the next ones. After the first page, wait for the
 * others of its round, but only a moment in all: pages that arrive one by one are read meanwhile.
 */
static int take_pages(struct lists *all)
{
	size_t count = all->list_count * all->window;
	bool idle = all->came == 0;
	struct timespec until = {0};
	int error = start_pages(all);

	while (!error) {
		bool linger = idle && all->came && all->in_flight;
		int index = http_wait_until(all->call, all->under_way, count,
					    linger ? &until : NULL);

		if (index < 0)
			break;
		if (!all->came)
			until = call_deadline(LINGER);
		error = take_page(all, &all->lists[(size_t)index / all->window],
				  (size_t)index % all->window);
		if (!error)
			error = start_pages(all);
	}
	return error;
}

static int list_interrupted(struct lists *all)
{
	call_forget_request(all->call);
	return call_fail(all->call, CALL_CANCELLED, "interrupted while the %s were listed",
			 all->collection->name);
}

static int await_page(struct lists *all)
{
	int index = http_wait_any(all->call, all->under_way, all->list_count * all->window);

	return index >= 0 ? 0 : list_interrupted(all);
}

/* ---- reading what came ---- */

/* Name the request that errors of the call are about. */
static void note_request(const struct lists *all, const struct list *list,
			 const struct walk_ask *ask)
{
	char *path = ask_path(all, list, ask);

	if (path)
		snprintf(all->call->request, sizeof(all->call->request), "GET %s", path);
	free(path);
}

/* Fail because the vendor lists no more than COUNT rows. */
static int fail_cut(const struct lists *all, struct list *list, size_t count)
{
	list->part->cut = true;
	return call_fail(
	    all->call, CALL_MALFORMED,
	    "the vendor lists no more than its first %zu %s, and there are more: they can't be shown "
	    "whole",
	    count, all->collection->name);
}

int list_check_bound(struct call *call, const struct account *account,
		     const struct collection *collection, size_t rows)
{
	if (rows <= account->max_users)
		return 0;
	return call_fail(
	    call, CALL_MALFORMED,
	    "the list of %s is longer than max_users = %u: raise max_users in section [%s] if "
	    "the list is that long",
	    collection->name, account->max_users, account->name);
}

/*
 * Return true if the vendor's total tells that its ceiling will be hit, so that asking for more
 * pages is useless. Only a certain total counts: a number of pages may be one of rows.
 */
static bool is_too_long(const struct lists *all, const struct walk_result *result)
{
	long long rows = (long long)result->rows, records = result->totals.records;
	unsigned ceiling = all->collection->offset_ceiling;

	return ceiling && rows && records > rows && (records - 1) / rows * rows > ceiling;
}

/*
 * Read the next page of LIST and report it to the walk. Returns its verdict. If that is
 * WALK_FAILED, *ERROR is the negative errno.
 */
static enum walk_verdict report_page(struct lists *all, struct list *list, int *error)
{
	struct slot *slot = &list->slots[list->walk.done % all->window];
	struct walk_result result = {.totals = WALK_TOTALS_UNKNOWN};
	struct page page = {.call = all->call,
			    .account = all->account,
			    .collection = all->collection,
			    .sink = list->part->sink,
			    .subject = list->part->of_record ? EXCHANGE_RECORD : EXCHANGE_LIST,
			    .number = list->walk.done + 1};
	struct transfer *transfer = slot->came;
	bool refused = http_reply(transfer)->status == 400;
	enum walk_verdict verdict;

	slot->came = NULL;
	all->came--;
	note_request(all, list, &slot->ask);
	*error = page_read(&page, http_reply(transfer), &result);
	if (page.number == 1)
		list->first_rows = page_guess_rows(all->collection, http_reply(transfer));
	http_drop(transfer, false);
	/* the requests for pages differ only in where they start, so that is what was refused */
	if (*error && refused && page.number > 1 && all->collection->offset_ceiling)
		*error = fail_cut(all, list, list->walk.rows);
	else if (!*error && page.number == 1 && !list->part->page && is_too_long(all, &result))
		*error = fail_cut(all, list, all->collection->offset_ceiling);
	if (*error) {
		verdict = walk_page_error(&list->walk);
		if (verdict != WALK_FAILED) {
			/* behind the end, an error means nothing */
			list->part->cut = false;
			call_clear(all->call);
			*error = 0;
		}
		return verdict;
	}
	verdict = walk_page_result(&list->walk, &result);
	if (verdict == WALK_FAILED)
		*error = call_fail(all->call, CALL_MALFORMED,
				   "the list of %s can't be read whole: %s", all->collection->name,
				   list->walk.why);
	else if (verdict != WALK_RESTART)
		*error = list_check_bound(all->call, all->account, all->collection,
					  list->walk.rows);
	if (*error)
		return WALK_FAILED;
	if (verdict != WALK_RESTART && list->part->sink->progress)
		list->part->sink->progress(list->part->sink, (unsigned)list->walk.done,
					   list->walk.rows);
	if (list->part->page && (verdict == WALK_MORE || verdict == WALK_WAIT))
		return WALK_DONE;
	return verdict;
}

/*
 * Drop all pages of LIST. Those in flight end by themselves, because aborting one would cost its
 * connection.
 */
static void drop_pages(struct lists *all, struct list *list)
{
	bool abort = call_cancelled(all->call);

	for (size_t i = 0; i < all->window; i++) {
		all->in_flight -= list->under_way[i] != NULL;
		all->came -= list->slots[i].came != NULL;
		http_drop(list->under_way[i], abort);
		http_drop(list->slots[i].came, false);
		list->under_way[i] = list->slots[i].came = NULL;
	}
}

/* Read one page of LIST. */
static int advance(struct lists *all, struct list *list)
{
	int error;

	switch (report_page(all, list, &error)) {
	case WALK_DONE:
		drop_pages(all, list);
		list->part = NULL;
		break;
	case WALK_FAILED:
		return error;
	case WALK_RESTART:
		log_call(all->call, "%s of %s: %s; listing again", all->collection->name,
			 all->account->name, list->walk.why);
		drop_pages(all, list);
		list->part->sink->reset(list->part->sink);
		break;
	case WALK_MORE:
	case WALK_WAIT:
		break;
	}
	return 0;
}

/* Return a list whose next page has arrived, or NULL. */
static struct list *find_ready(const struct lists *all)
{
	for (size_t i = 0; i < all->list_count; i++) {
		struct list *list = &all->lists[i];

		if (list->part && list->slots[list->walk.done % all->window].came)
			return list;
	}
	return NULL;
}

static int list_run(struct lists *all)
{
	while (begin_lists(all)) {
		struct list *ready;
		int error = take_pages(all);

		/* with a quick vendor it never waits, which is where it would notice */
		if (!error && call_cancelled(all->call))
			error = list_interrupted(all);
		if (error)
			return error;
		ready = find_ready(all);
		error = ready ? advance(all, ready) : await_page(all);
		if (error)
			return error;
	}
	return 0;
}

int list_walk_all(struct call *call, struct account *account, const struct collection *collection,
		  struct list_part *parts, size_t count)
{
	struct lists all = {.call = call,
			    .account = account,
			    .collection = collection,
			    .parts = parts,
			    .part_count = count};
	struct walk walk;
	int error;

	walk_init(&walk, true, 1, parallel(&all));
	all.window = walk_window(&walk);
	all.list_count = count < parallel(&all) ? count : parallel(&all);
	all.lists = calloc(all.list_count, sizeof(*all.lists));
	all.slots = calloc(all.list_count * all.window, sizeof(*all.slots));
	all.under_way = calloc(all.list_count * all.window, sizeof(struct transfer *));
	if (!count) {
		error = 0;
	} else if (all.lists && all.slots && all.under_way) {
		for (size_t i = 0; i < all.list_count; i++) {
			all.lists[i].slots = &all.slots[i * all.window];
			all.lists[i].under_way = &all.under_way[i * all.window];
		}
		error = list_run(&all);
		for (size_t i = 0; i < all.list_count; i++)
			drop_pages(&all, &all.lists[i]);
	} else {
		error = call_no_memory(call);
	}
	page_arena_free();
	free(all.under_way);
	free(all.slots);
	free(all.lists);
	return error;
}

int list_walk(struct call *call, struct account *account, const struct collection *collection,
	      const char *parent, struct list_sink *sink)
{
	struct list_part part = {.parent = parent, .sink = sink};

	if (collection->list)
		return collection->list(call, account, parent, sink);
	return list_walk_all(call, account, collection, &part, 1);
}
