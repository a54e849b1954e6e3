/*
 * list.c - fetch a whole collection, page by page, pages in parallel: vendor_list of vendor.h.
 *
 * walk.c decides which page to ask for and what an answer means; this file drives it: it starts the
 * requests, keeps what came too early, and hands the rows to the sink in the vendor's order. A page
 * that is not yet wanted waits as raw text, which is a tenth of its JSON tree. It must not know
 * what becomes of the rows, nor of a vendor's peculiarities beyond what the collection's table
 * says.
 */
#include "vendors/vendor.h"

#include "vendors/call.h"
#include "vendors/exchange.h"
#include "vendors/hash.h"
#include "vendors/http.h"
#include "vendors/log.h"
#include "vendors/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A page that was asked for and is not yet handed on. */
struct slot {
	struct walk_ask ask;
	struct transfer *came; /* its transfer, once that has ended */
	uint64_t serial;       /* of the token it was asked with */
	bool renewed;          /* asked a second time, after a 401 */
};

struct list {
	struct call *call;
	struct account *account;
	const struct collection *collection;
	const char *parent;
	struct list_sink *sink;
	struct walk walk;
	size_t slot_count;
	struct slot *slots;          /* page p is in slot p % slot_count */
	struct transfer **under_way; /* the same places */
	size_t first_length;         /* bytes of page 0: a page as long is likely full */
};

/* What the two parameters are called, escaped. */
static const char *const parameters[][2] = {
    [PAGING_NUMBER] = {"page", "count"},
    [PAGING_OFFSET] = {"offset", "limit"},
    [PAGING_BRACKETS] = {"page%5Boffset%5D", "page%5Blimit%5D"},
};

static bool is_2xx(const struct http_reply *reply)
{
	return !reply->error && reply->status >= 200 && reply->status < 300;
}

/* "/user?page=2&count=100"; the caller frees. */
static char *page_path(const struct list *list, const struct walk_ask *ask)
{
	const char *const *names = parameters[list->collection->paging(list->account)];
	char *base = vendor_path(list->collection, list->parent, NULL);
	char *path = NULL;

	if (base && asprintf(&path, "%s%c%s=%zu&%s=%zu", base, strchr(base, '?') ? '&' : '?',
			     names[0], ask->start, names[1], ask->size) < 0)
		path = NULL;
	free(base);
	return path;
}

/* Ask for the page in slot INDEX. */
static int start_page(struct list *list, size_t index)
{
	struct slot *slot = &list->slots[index];
	struct http_request request = {.method = "GET", .repeatable = true};
	char *path = page_path(list, &slot->ask);
	int error;

	if (!path)
		return call_fail(list->call, ENOMEM, "no memory for a request");
	request.path = path;
	error = exchange_prepare(list->call, list->account, &request);
	if (error)
		goto out;
	slot->serial = request.serial;
	list->under_way[index] = http_start(list->call, list->account, &request, slot->ask.page);
	exchange_done(&request);
	if (!list->under_way[index])
		error = call_fail(list->call, ENOMEM, "no memory for a request");
out:
	free(path);
	return error;
}

/* Ask for all pages that may be asked for now. */
static int start_pages(struct list *list)
{
	struct walk_ask ask;

	while (walk_next(&list->walk, &ask) == WALK_MORE) {
		size_t index = ask.page % list->slot_count;
		int error;

		list->slots[index] = (struct slot){.ask = ask};
		error = start_page(list, index);
		if (error)
			return error;
	}
	return 0;
}

static enum walk_look look_at(const struct list *list, const struct http_reply *reply)
{
	if (!is_2xx(reply))
		return WALK_LOOKS_SMALL;
	if (reply->length >= list->first_length / 2)
		return WALK_LOOKS_FULL;
	if (reply->length < list->first_length / 8)
		return WALK_LOOKS_SMALL;
	return WALK_LOOKS_UNCLEAR;
}

/* Wait until one more page has come. A 401 is answered with a new proof, once for each page. */
static int await_page(struct list *list)
{
	int index = http_wait_any(list->call, list->under_way, list->slot_count);
	struct http_reply *reply;
	struct slot *slot;

	if (index < 0) {
		list->call->request[0] = '\0';
		list->call->status = 0;
		return call_fail(list->call, -index, "interrupted while the %s were listed",
				 list->collection->name);
	}
	slot = &list->slots[index];
	reply = http_reply(list->under_way[index]);
	if (!reply->error && reply->status == 401 && !slot->renewed) {
		int error = exchange_renew(list->call, list->account, slot->serial);

		if (error && error != -ENOTSUP)
			return error;
		if (!error) {
			slot->renewed = true;
			http_drop(list->under_way[index], false);
			list->under_way[index] = NULL;
			return start_page(list, (size_t)index);
		}
	}
	slot->came = list->under_way[index];
	list->under_way[index] = NULL;
	if (is_2xx(reply))
		http_progress(list->account);
	walk_arrived(&list->walk, slot->ask.page, look_at(list, reply));
	return 0;
}

/* The rows in ANSWER, borrowed, or NULL. */
static json_t *find_rows(const struct collection *collection, json_t *answer)
{
	json_t *rows = json_object_get(answer, collection->list_key);

	if (!rows)
		rows = json_object_get(answer, "data");
	if (!rows)
		rows = answer;
	return json_is_array(rows) ? rows : NULL;
}

/* A number that is told as a number or as text, or -1. */
static long long number_of(const json_t *value)
{
	const char *text = json_string_value(value);
	long long number;
	char *end;

	if (json_is_integer(value))
		return json_integer_value(value) < 0 ? -1 : json_integer_value(value);
	if (!text || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtoll(text, &end, 10);
	return errno || *end ? -1 : number;
}

static struct totals read_totals(const struct collection *collection, const json_t *answer)
{
	struct totals totals = TOTALS_UNKNOWN;
	const json_t *pagination, *next;

	if (collection->totals) {
		collection->totals(answer, &totals);
		return totals;
	}
	if (collection->total_key)
		totals.count = number_of(json_object_get(answer, collection->total_key));
	pagination = json_object_get(json_object_get(answer, "hypermedia"), "pagination");
	totals.records = number_of(json_object_get(pagination, "total_item_count"));
	next = json_object_get(pagination, "next_page");
	if (next)
		totals.more = json_string_length(next) &&
			      strcmp(json_string_value(next), "null") != 0;
	return totals;
}

/* Hand one row to the sink. Returns 0, -EEXIST, or a negative errno with words. */
static int hand_on(struct list *list, json_t *row, size_t number, uint64_t *sum)
{
	const struct collection *collection = list->collection;
	json_t *record = collection_unwrap(collection, row);
	char buffer[24];
	const char *id = record ? collection_id(collection, record, buffer) : NULL;
	int error;

	if (!id)
		return call_fail(list->call, EREMOTEIO, "page %zu of the %s: row %zu %s \"%s\"",
				 list->walk.done + 1, collection->name, number,
				 json_is_object(row) ? "has no" : "is no object with",
				 collection->id_keys[0]);
	*sum += hash_text(id);
	collection_hide(collection, record);
	error = list->sink->add(list->sink, id, record);
	if (error && error != -EEXIST && !list->call->error)
		return call_fail(list->call, -error,
				 "page %zu of the %s: row %zu could not be kept",
				 list->walk.done + 1, collection->name, number);
	return error;
}

static int hand_on_rows(struct list *list, const json_t *rows, struct walk_result *result)
{
	result->rows = json_array_size(rows);
	for (size_t i = 0; i < result->rows; i++) {
		int error = hand_on(list, json_array_get(rows, i), i + 1, &result->sum);

		if (error && error != -EEXIST)
			return error;
		result->fresh += !error;
	}
	return 0;
}

/* What the page in turn holds goes to the sink and, as numbers, to *RESULT. */
static int read_page(struct list *list, const struct http_reply *reply, struct walk_result *result)
{
	const struct collection *collection = list->collection;
	size_t page = list->walk.done + 1;
	char why[160] = "";
	json_t *answer = NULL, *rows;
	int error = exchange_verdict(list->call, list->account, reply);

	if (error == -ENOENT) {
		/* the errno of a directory that is not there: scripts would take it for no roster
		 */
		list->call->error = EREMOTEIO;
		error = -EREMOTEIO;
	}
	if ((reply->status == 401 || reply->status == 404) &&
	    list->account->vendor->choose_base_url)
		call_add_words(list->call, " (is the region, or base_url, that of the store?)");
	if (error)
		return error;
	answer = exchange_parse(reply->body ? reply->body : "", reply->length, why, sizeof(why));
	if (!answer)
		return call_fail(list->call, EREMOTEIO, "page %zu of the %s is not JSON: %s", page,
				 collection->name, why);
	rows = find_rows(collection, answer);
	if (!rows) {
		bool single = json_is_object(json_object_get(answer, collection->item_key));

		error = call_fail(list->call, EREMOTEIO,
				  "page %zu of the %s holds no list \"%s\"%s%s%s", page,
				  collection->name, collection->list_key,
				  single ? ", only a single \"" : "",
				  single ? collection->item_key : "", single ? "\"" : "");
		goto out;
	}
	result->totals = read_totals(collection, answer);
	error = hand_on_rows(list, rows, result);
	if (page == 1)
		list->first_length = reply->length;
out:
	json_decref(answer);
	return error;
}

/* Name the request that the call's errors are about. */
static void note_request(struct list *list, const struct walk_ask *ask)
{
	char *path = page_path(list, ask);

	if (path)
		snprintf(list->call->request, sizeof(list->call->request), "GET %s", path);
	free(path);
}

/* Report the page in turn to the walk. Returns its verdict; *ERROR tells why it failed. */
static enum walk_verdict report_page(struct list *list, struct slot *slot, int *error)
{
	struct walk_result result = {.totals = TOTALS_UNKNOWN};
	struct transfer *transfer = slot->came;
	enum walk_verdict verdict;

	slot->came = NULL;
	note_request(list, &slot->ask);
	*error = read_page(list, http_reply(transfer), &result);
	http_drop(transfer, false);
	if (*error == -EINVAL && list->collection->offset_ceiling &&
	    slot->ask.start >= list->collection->offset_ceiling)
		*error =
		    call_fail(list->call, EREMOTEIO,
			      "the vendor lists no more than its first %u %s, and there are more: "
			      "they can't be shown whole",
			      list->collection->offset_ceiling, list->collection->name);
	if (*error) {
		verdict = walk_page_error(&list->walk);
		if (verdict != WALK_FAILED) {
			/* behind the end it means nothing */
			list->call->error = 0;
			list->call->words[0] = '\0';
			*error = 0;
		}
		return verdict;
	}
	verdict = walk_page_result(&list->walk, &result);
	if (verdict == WALK_FAILED)
		*error = call_fail(list->call, EREMOTEIO, "the list of %s can't be read whole: %s",
				   list->collection->name, list->walk.why);
	else if (verdict != WALK_RESTART && list->sink->progress)
		list->sink->progress(list->sink, (unsigned)list->walk.done, list->walk.rows);
	return verdict;
}

/* Let go of all pages. Those under way end by themselves: an aborted one costs its connection. */
static void drop_pages(struct list *list)
{
	bool abort = call_cancelled(list->call);

	for (size_t i = 0; i < list->slot_count; i++) {
		http_drop(list->under_way[i], abort);
		http_drop(list->slots[i].came, false);
		list->under_way[i] = list->slots[i].came = NULL;
	}
}

static int run(struct list *list)
{
	for (;;) {
		struct slot *next = &list->slots[list->walk.done % list->slot_count];
		int error = start_pages(list);

		if (!error && !next->came) {
			error = await_page(list);
			if (error)
				return error;
			continue;
		}
		if (error)
			return error;
		switch (report_page(list, next, &error)) {
		case WALK_DONE:
			return 0;
		case WALK_FAILED:
			return error;
		case WALK_RESTART:
			log_call(list->call, "%s of %s: %s; listing again", list->collection->name,
				 list->account->name, list->walk.why);
			drop_pages(list);
			list->sink->reset(list->sink);
			break;
		case WALK_MORE:
		case WALK_WAIT:
			break;
		}
	}
}

int vendor_list(struct call *call, struct account *account, const struct collection *collection,
		const char *parent, struct list_sink *sink)
{
	struct list list = {.call = call,
			    .account = account,
			    .collection = collection,
			    .parent = parent,
			    .sink = sink};
	int error = -ENOMEM;

	if (collection->list)
		return collection->list(call, account, parent, sink);
	walk_init(&list.walk, collection->paging(account) != PAGING_NUMBER, collection->page_size,
		  account->parallel);
	list.slot_count = walk_window(&list.walk);
	list.slots = calloc(list.slot_count, sizeof(*list.slots));
	list.under_way = calloc(list.slot_count, sizeof(struct transfer *));
	if (list.slots && list.under_way) {
		error = run(&list);
		drop_pages(&list);
	} else {
		call_fail(call, ENOMEM, "no memory to list the %s", collection->name);
	}
	free(list.under_way);
	free(list.slots);
	return error;
}
