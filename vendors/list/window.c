/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.c - see window.h.
 *
 * No connection may idle while pages are read. So further pages are asked for before one is read;
 * and since pages that were asked for together arrive together, it waits a moment for the others
 * first. A page that arrives early waits as raw text, which takes a tenth of the memory of its
 * JSON tree.
 */
#include "vendors/list/window.h"

#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/list/ask.h"
#include "vendors/list/page.h"
#include "vendors/list/trail.h"
#include "vendors/rest/account.h"
#include "vendors/rest/exchange.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINGER 2 /* milliseconds */

static bool is_2xx(const struct http_reply *reply)
{
	return !reply->verdict && reply->status >= 200 && reply->status < 300;
}

size_t window_parallel(const struct lists *all)
{
	return all->endpoint->parallel ? all->endpoint->parallel : 1;
}

/* ---- asking ---- */

bool window_has(const struct slot *slot)
{
	return slot->came || slot->known;
}

void window_clear(struct slot *slot)
{
	http_drop(slot->came, false);
	free(slot->path);
	free(slot->shown);
	*slot = (struct slot){0};
}

/* Make the request for the page in SLOT of LIST. Returns as ask_make. */
static int slot_make(const struct lists *all, const struct list *list, struct slot *slot,
		     struct request *request)
{
	const struct rule_list *listing = all->collection->listing;
	const struct ask ask = {.collection = all->collection,
				.parent = list->part->parent,
				.each = list->part->each ? list->part->each
					: listing        ? listing->each
							 : NULL,
				.page = slot->ask,
				.alternative = slot->alternative};
	int error = ask_make(all->call, all->account, &ask, request);

	if (error)
		return error;
	free(slot->path);
	free(slot->shown);
	slot->method = request->http.method;
	slot->path = strdup(request->http.path);
	slot->shown = request->http.shown ? strdup(request->http.shown) : NULL;
	slot->from_origin = request->http.from_origin;
	return slot->path ? 0 : call_no_memory(all->call);
}

/* Ask for the page in slot INDEX of LIST. */
static int start_page(struct lists *all, struct list *list, size_t index)
{
	struct slot *slot = &list->slots[index];
	struct request request;
	int error = slot_make(all, list, slot, &request);

	if (!error)
		error = exchange_prepare(all->call, all->account, &request.http);
	if (error)
		goto out;
	slot->serial = request.http.serial;
	slot->made = request.http.made;
	list->under_way[index] = http_start(all->call, all->endpoint, &request.http);
	exchange_done(&request.http);
	if (list->under_way[index])
		all->in_flight++;
	else
		error = call_no_memory(all->call);
out:
	request_clear(&request);
	return error;
}

/* Take the page in SLOT of LIST from its trail, if that has it. */
static bool take_known(struct lists *all, struct list *list, struct slot *slot)
{
	const struct walk_result *first;
	const char *next;
	size_t guess, first_guess;

	if (slot->ask.page >= list_trail_pages(list->known))
		return false;
	first = list_trail_at(list->known, 0, &first_guess, &next);
	list_trail_at(list->known, slot->ask.page, &guess, &next);
	slot->known = true;
	all->came++;
	pager_arrived(&list->pager, slot->ask.page, first->rows && guess && guess >= first_guess);
	return true;
}

int window_start(struct lists *all)
{
	unsigned allowed = http_allowed(all->endpoint);
	size_t most = allowed < window_parallel(all) ? allowed : window_parallel(all);

	for (size_t i = 0; i < all->list_count; i++) {
		struct list *list = &all->lists[i];
		struct walk_ask ask;

		while (list->part && all->in_flight < most &&
		       pager_next(&list->pager, &ask) == WALK_MORE) {
			size_t index = ask.page % all->window;
			int error;

			window_clear(&list->slots[index]);
			list->slots[index].ask = ask;
			if (take_known(all, list, &list->slots[index]))
				continue;
			error = start_page(all, list, index);
			if (error)
				return error;
		}
	}
	return 0;
}

/* ---- taking what comes ---- */

/* Return true if REPLY seems to hold as many rows as page 0 of LIST. */
static bool looks_full(const struct lists *all, const struct list *list,
		       const struct http_reply *reply)
{
	size_t rows = is_2xx(reply) ? page_guess_rows(all->collection, reply) : 0;

	return rows && rows >= list->first_rows;
}

/* Ask again for the page in slot INDEX of LIST. */
static int restart_page(struct lists *all, struct list *list, size_t index)
{
	http_drop(list->under_way[index], false);
	list->under_way[index] = NULL;
	return start_page(all, list, index);
}

/*
 * The page in slot INDEX of LIST has arrived. After a 401 it is asked for with a new proof, once;
 * after a 405 in the other way that the vendor's table has, if it has one.
 */
static int take_page(struct lists *all, struct list *list, size_t index)
{
	struct slot *slot = &list->slots[index];
	struct http_reply *reply = http_reply(list->under_way[index]);
	const struct rule_request *rule = ask_rule(all->collection, slot->ask.page);

	all->in_flight--;
	if (exchange_has_new_keys(all->account, slot->made, reply))
		return restart_page(all, list, index);
	if (!reply->verdict && reply->status == 401 && !slot->renewed) {
		int error = exchange_renew(all->call, all->account, slot->serial);

		if (error && error != -ENOTSUP)
			return error;
		if (!error) {
			slot->renewed = true;
			return restart_page(all, list, index);
		}
	}
	if (!reply->verdict && reply->status == 405 && !slot->alternative && rule &&
	    rule->alternative) {
		slot->alternative = true;
		return restart_page(all, list, index);
	}
	slot->came = list->under_way[index];
	list->under_way[index] = NULL;
	all->came++;
	if (is_2xx(reply)) {
		http_progress(all->endpoint);
		if (slot->alternative)
			request_prefer_alternative(all->account, rule);
	}
	pager_arrived(&list->pager, slot->ask.page, looks_full(all, list, reply));
	return 0;
}

int window_take(struct lists *all)
{
	size_t count = all->list_count * all->window;
	bool idle = all->came == 0;
	struct timespec until = {0};
	int error = window_start(all);

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
			error = window_start(all);
	}
	return error;
}

int window_interrupted(struct lists *all)
{
	call_forget_request(all->call);
	return call_fail(all->call, CALL_CANCELLED, "interrupted while the %s were listed",
			 all->collection->name);
}

int window_await(struct lists *all)
{
	int index = http_wait_any(all->call, all->under_way, all->list_count * all->window);

	return index >= 0 ? 0 : window_interrupted(all);
}

void window_drop(struct lists *all, struct list *list)
{
	bool abort = call_cancelled(all->call);

	for (size_t i = 0; i < all->window; i++) {
		all->in_flight -= list->under_way[i] != NULL;
		all->came -= window_has(&list->slots[i]);
		http_drop(list->under_way[i], abort);
		list->under_way[i] = NULL;
		window_clear(&list->slots[i]);
	}
}
