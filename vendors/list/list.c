/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.c - see list.h.
 *
 * pager.c and walk.c decide which page to ask for and what a response means. This file drives one
 * or several walks in one thread: it starts the requests, keeps pages that arrive early, and lets
 * page.c hand the rows to the sinks in the vendor's order.
 *
 * It must not know what becomes of the rows, nor of a vendor's peculiarities beyond the
 * collection's table.
 */
#include "vendors/list/list.h"

#include "vendors/rest/account.h"
#include "vendors/vendor.h"
#include "vendors/base/call.h"
#include "vendors/rest/exchange.h"
#include "vendors/list/ask.h"
#include "vendors/list/limit.h"
#include "vendors/json/json_heap.h"
#include "vendors/list/pager.h"
#include "vendors/list/passes.h"
#include "vendors/list/trail.h"
#include "vendors/list/window.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/list/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Let LIST, which begins, go on behind the trail of its sink, and note its own. */
static void begin_trail(const struct lists *all, struct list *list)
{
	const struct list_part *part = list->part;
	struct list_sink *sink = part->sink;

	if (!part->trailed)
		return;
	/* without memory it cannot be gone on behind */
	list->passed = list_trail_new(all->account, all->collection);
	if (!sink->trail)
		return;
	if (list->passed && list_trail_fits(sink->trail, all->account, all->collection))
		list->known = sink->trail;
	else
		sink->reset(sink);
}

/* LIST has no trail from now on. */
static void end_trail(struct list *list)
{
	list_trail_free(list->passed);
	list->passed = NULL;
	list->known = NULL;
}

/* Begin lists as long as entries are free. Returns true if any list is being walked. */
static bool begin_lists(struct lists *all)
{
	bool any = false;

	for (size_t i = 0; i < all->list_count; i++) {
		struct list *list = &all->lists[i];

		if (!list->part && all->begun < all->part_count) {
			list->part = &all->parts[all->begun++];
			list->last_rows = 0;
			pager_init(&list->pager, all->account, all->collection,
				   window_parallel(all));
			if (list->part->page)
				pager_begin_at(&list->pager, list->part->page);
			begin_trail(all, list);
		}
		any = any || list->part;
	}
	return any;
}

/* ---- reading what came ---- */

/* Name the request that errors of the call are about. */
static void note_request(const struct lists *all, const struct slot *slot)
{
	char *request = all->call->request;

	snprintf(request, sizeof(all->call->request), "%s %s", slot->method,
		 slot->shown ? slot->shown : slot->path);
	/* a URL that the vendor names may repeat a key */
	if (all->account->secret_in_url)
		account_redact(all->account, request);
}

/* A page that is being read. */
struct reading {
	struct page page;
	struct lists *all;
	struct list *list;
};

/* As page->found: the request for the next page is sent while this one is read. */
static int reading_found(struct page *page, char *next)
{
	struct reading *reading = (struct reading *)page;

	if (pager_found(&reading->list->pager, next))
		return call_no_memory(page->call);
	return window_start(reading->all);
}

/*
 * Return true if the list is paged by number or offset and REPLY, to a request for a page behind
 * the first, says that there is no such page: some vendors end a list so. If all rows that the
 * vendor tells of have come, it may also refuse the request, or fail
 * over it.
 */
static bool is_past_end(const struct lists *all, const struct list *list,
			const struct http_reply *reply)
{
	const struct rule_list *listing = all->collection->listing;
	const struct walk *walk = &list->pager.walk;

	if (!listing || list->pager.chained || !walk->done || reply->verdict)
		return false;
	if (reply->status == 404)
		return !listing->missing_page_is_error;
	return (long long)walk->rows == walk->total && reply->status >= 400 &&
	       reply->status != 401 && reply->status != 429;
}

/* Read the page in SLOT, the next of LIST, into *RESULT. Returns as page_read. */
static int read_page(struct lists *all, struct list *list, struct slot *slot,
		     struct walk_result *result)
{
	struct reading reading = {.page = {.call = all->call,
					   .account = all->account,
					   .collection = all->collection,
					   .sink = list->part->sink,
					   .subject = list->part->of_record ? EXCHANGE_RECORD
									    : EXCHANGE_LIST,
					   .number = list->pager.walk.done + 1,
					   .asked = slot->path,
					   .asked_from_origin = slot->from_origin,
					   /* one page alone is followed by none */
					   .found = list->part->page ? NULL : reading_found},
				  .all = all,
				  .list = list};
	struct http_reply *reply = http_reply(slot->came);
	int error = 0;

	note_request(all, slot);
	if (!is_past_end(all, list, reply))
		error = page_read(&reading.page, reply, result);
	if (reading.page.number == 1 || list->passed)
		list->guess = page_guess_rows(all->collection, reply);
	if (reading.page.number == 1)
		list->first_rows = list->guess;
	/* the requests for pages differ only in where they start */
	if (error && limit_is_refusal(all->collection, &list->pager, reply)) {
		list->part->cut = true;
		error = limit_fail_cut(all->call, all->collection, list->pager.walk.rows, true);
	}
	/* rows that count as deleted are not known to the sink: compare the pages */
	if (result->rows && result->rows == list->last_rows && result->sum == list->last_sum)
		result->fresh = 0;
	list->last_rows = result->rows;
	list->last_sum = result->sum;
	return error;
}

/* Take the page in SLOT, the next of LIST, from the trail. Returns as page_read. */
static int recall_page(struct lists *all, struct list *list, struct walk_result *result)
{
	const char *named;
	size_t guess;
	char *next;

	*result = *list_trail_at(list->known, list->pager.walk.done, &guess, &named);
	next = named ? strdup(named) : NULL;
	if (named && !next)
		return call_no_memory(all->call);
	if (list->pager.walk.done == 0)
		list->first_rows = guess;
	list->last_rows = result->rows;
	list->last_sum = result->sum;
	return pager_found(&list->pager, next) ? call_no_memory(all->call) : 0;
}

/*
 * Note that LIST is behind its next page, which held RESULT and comes before any doubt about the
 * end. KNOWN: the sink knows that already.
 */
static void pass_page(struct list *list, const struct walk_result *result, bool known)
{
	struct list_sink *sink = list->part->sink;
	size_t guess = list->guess;
	const char *next;

	if (known)
		list_trail_at(list->known, list_trail_pages(list->passed), &guess, &next);
	if (list_trail_note(list->passed, result, guess, list->pager.next))
		end_trail(list);
	else if (!known)
		sink->passed(sink, list->passed);
}

/* Return how many pages LIST has by what the vendor tells, at least those that were read. 0: it
 * does not tell. */
static unsigned count_pages(const struct list *list)
{
	const struct pager *pager = &list->pager;
	const struct walk *walk = &pager->walk;
	bool certain;
	long long rows = pager_total(pager, &certain), pages = pager->chained ? -1 : walk->pages;
	long long step = pager->chained || !walk->step ? 0 : (long long)walk->step;

	if (!step && walk->done)
		step = (long long)(walk->rows / walk->done);
	if (pages < 0 && rows >= 0 && step > 0)
		pages = (rows + step - 1) / step;
	if (pages <= 0 || pages > WALK_PAGES_MAX)
		return 0;
	return pages < (long long)walk->done ? (unsigned)walk->done : (unsigned)pages;
}

/* Report to the pager that the next page of LIST is an error. Returns its verdict. */
static enum walk_verdict report_error(struct lists *all, struct list *list, int *error)
{
	enum walk_verdict verdict = pager_error(&list->pager);

	if (verdict != WALK_FAILED) {
		/* behind the end, an error means nothing */
		list->part->cut = false;
		call_clear(all->call);
		*error = 0;
	}
	return verdict;
}

/*
 * Read the next page of LIST and report it to the pager. Returns its verdict. If that is
 * WALK_FAILED, *ERROR is the negative errno.
 */
static enum walk_verdict report_page(struct lists *all, struct list *list, int *error)
{
	struct slot *slot = &list->slots[list->pager.walk.done % all->window];
	struct walk_result result = {.totals = WALK_TOTALS_UNKNOWN};
	enum walk_verdict verdict;
	bool known = slot->known;

	all->came--;
	*error = known ? recall_page(all, list, &result) : read_page(all, list, slot, &result);
	window_clear(slot);
	if (*error)
		return report_error(all, list, error);
	verdict = pager_result(&list->pager, &result);
	if (!list->part->page)
		*error = limit_check_ceiling(all->call, all->collection, &list->pager, &result,
					     verdict);
	if (*error) {
		list->part->cut = true;
		return WALK_FAILED;
	}
	if (verdict == WALK_FAILED)
		*error = call_fail(all->call, CALL_MALFORMED,
				   "the list of %s can't be read whole: %s", all->collection->name,
				   list->pager.walk.why);
	else if (verdict != WALK_RESTART)
		*error = limit_check_rows(all->call, all->account, all->collection,
					  list->pager.walk.rows);
	if (*error)
		return WALK_FAILED;
	if (list->passed && verdict == WALK_MORE)
		pass_page(list, &result, known);
	if (verdict != WALK_RESTART && !known && list->part->sink->progress)
		list->part->sink->progress(list->part->sink, (unsigned)list->pager.walk.done,
					   list->pager.walk.rows, count_pages(list));
	if (list->part->page && (verdict == WALK_MORE || verdict == WALK_WAIT))
		return WALK_DONE;
	return verdict;
}

/* Read one page of LIST. */
static int advance(struct lists *all, struct list *list)
{
	int error;

	switch (report_page(all, list, &error)) {
	case WALK_DONE:
		window_drop(all, list);
		pager_clear(&list->pager);
		end_trail(list);
		list->part = NULL;
		break;
	case WALK_FAILED:
		return error;
	case WALK_RESTART:
		log_call(all->call, "%s of %s: %s; listing again", all->collection->name,
			 all->account->name, list->pager.walk.why);
		window_drop(all, list);
		list->last_rows = 0;
		end_trail(list);
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

		if (list->part && window_has(&list->slots[list->pager.walk.done % all->window]))
			return list;
	}
	return NULL;
}

static int list_run(struct lists *all)
{
	while (begin_lists(all)) {
		struct list *ready;
		int error = window_take(all);

		/* with a quick vendor it never waits, which is where it would notice */
		if (!error && call_cancelled(all->call))
			error = window_interrupted(all);
		if (error)
			return error;
		ready = find_ready(all);
		error = ready ? advance(all, ready) : window_await(all);
		if (error)
			return error;
	}
	return 0;
}

/* As list_walk_all, each part in one walk. */
static int walk_parts(struct call *call, struct account *account,
		      const struct collection *collection, struct list_part *parts, size_t count)
{
	struct lists all = {.call = call,
			    .account = account,
			    .endpoint = ask_endpoint(account, collection),
			    .collection = collection,
			    .parts = parts,
			    .part_count = count};
	struct walk walk;
	int error;

	walk_init(&walk, true, 1, window_parallel(&all));
	all.window = walk_window(&walk);
	all.list_count = count < window_parallel(&all) ? count : window_parallel(&all);
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
		for (size_t i = 0; i < all.list_count; i++) {
			window_drop(&all, &all.lists[i]);
			pager_clear(&all.lists[i].pager);
			end_trail(&all.lists[i]);
		}
	} else {
		error = call_no_memory(call);
	}
	json_heap_free();
	free(all.under_way);
	free(all.slots);
	free(all.lists);
	return error;
}

/* Walk the list of PART once for each value of its rule. Returns as list_walk. */
static int walk_passes(struct call *call, struct account *account,
		       const struct collection *collection, struct list_part *part)
{
	struct passes *passes = passes_new(collection, part->sink);
	int error = passes ? 0 : call_no_memory(call);

	for (const struct value *each = collection->listing->each;
	     !error && each->type != VALUE_END; each++) {
		struct list_part pass = *part;

		pass.each = each;
		pass.sink = passes_begin(passes, each);
		error = pass.sink ? walk_parts(call, account, collection, &pass, 1)
				  : call_no_memory(call);
		part->cut = pass.cut;
	}
	if (!error)
		error = passes_end(passes, call);
	passes_free(passes);
	json_heap_free();
	return error;
}

int list_walk_all(struct call *call, struct account *account, const struct collection *collection,
		  struct list_part *parts, size_t count)
{
	int error = 0;

	if (!collection->listing || !collection->listing->each)
		return walk_parts(call, account, collection, parts, count);
	for (size_t i = 0; i < count && !error; i++)
		error = parts[i].page || parts[i].each
			    ? walk_parts(call, account, collection, &parts[i], 1)
			    : walk_passes(call, account, collection, &parts[i]);
	return error;
}

int list_walk(struct call *call, struct account *account, const struct collection *collection,
	      const char *parent, struct list_sink *sink)
{
	struct list_part part = {.parent = parent, .sink = sink};

	part.trailed = sink->passed && !collection->list &&
		       !(collection->listing && collection->listing->each);
	if (sink->trail && !part.trailed)
		sink->reset(sink);
	if (collection->list)
		return collection->list(call, account, parent, sink);
	return list_walk_all(call, account, collection, &part, 1);
}
