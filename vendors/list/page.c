/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.c - see page.h.
 *
 * Finds out whether a response is a page, where its rows are, and what it says of the whole list.
 * It accepts the forms that a document of the vendor shows, and no others: an empty object of
 * another form does not prove an empty list. A row without an id is an error, because leaving it
 * out would make the list short. It must not know which page comes next, nor what becomes of the
 * rows.
 */
#include "vendors/list/page.h"

#include "vendors/base/call.h"
#include "vendors/json/exact_mend.h"
#include "vendors/rest/exchange.h"
#include "vendors/list/list.h"
#include "vendors/base/hash.h"
#include "vendors/list/page_arena.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"
#include "vendors/list/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The names of the two parameters, escaped. */
static const char *const parameters[][2] = {
    [PAGING_NUMBER] = {"page", "count"},
    [PAGING_OFFSET] = {"offset", "limit"},
    [PAGING_BRACKETS] = {"page%5Boffset%5D", "page%5Blimit%5D"},
    [PAGING_NONE] = {NULL, NULL},
};

char *page_path(const struct account *account, const struct collection *collection,
		const char *parent, size_t start, size_t size)
{
	const char *const *names = parameters[collection->paging(account)];
	char *base = collection_path(collection, parent, NULL);
	char *path = NULL;

	if (!names[0])
		return base;
	if (base && asprintf(&path, "%s%c%s=%zu&%s=%zu", base, strchr(base, '?') ? '&' : '?',
			     names[0], start, names[1], size) < 0)
		path = NULL;
	free(base);
	return path;
}

/* Return how often KEY, in quotes, occurs in REPLY. */
static size_t page_count_key(const struct http_reply *reply, const char *key)
{
	const char *at = reply->body, *end = at + reply->length;
	char quoted[64];
	size_t length, count = 0;

	length = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	while (length < sizeof(quoted) && (at = memmem(at, (size_t)(end - at), quoted, length))) {
		at += length;
		count++;
	}
	return count;
}

size_t page_guess_rows(const struct collection *collection, const struct http_reply *reply)
{
	size_t count = 0;

	for (const char *const *key = collection->id_keys; *key && reply->body; key++) {
		const char *dot = strrchr(*key, '.');

		count += page_count_key(reply, dot ? dot + 1 : *key);
	}
	return count;
}

/*
 * Return the rows in ANSWER, borrowed, or NULL. They are only where the vendor's documents have
 * them: anything else may be empty without being an empty list.
 */
static json_t *find_rows(const struct collection *collection, const json_t *answer)
{
	json_t *rows = json_object_get(answer, collection->list_key);

	return json_is_array(rows) ? rows : NULL;
}

/*
 * Return the record in ROW, borrowed, or NULL. The vendors' documents show rows flat, or wrapped
 * in an envelope of their own.
 */
static json_t *record_of(const struct collection *collection, json_t *row)
{
	json_t *inner = json_object_get(row, collection->item_key);

	if (strcmp(collection->item_key, collection->list_key) != 0 && json_is_object(inner))
		return inner;
	return json_is_object(row) ? row : NULL;
}

/* Return the number in VALUE, a number or a text, or -1. */
static long long page_number_of(const json_t *value)
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

static struct walk_totals read_totals(const struct collection *collection, const json_t *answer)
{
	struct walk_totals totals = WALK_TOTALS_UNKNOWN;
	const json_t *next;

	if (collection->totals) {
		collection->totals(answer, &totals);
		return totals;
	}
	if (collection->total_key)
		totals.count = page_number_of(json_object_get(answer, collection->total_key));
	if (collection->records_key)
		totals.records = page_number_of(collection_value(answer, collection->records_key));
	if (collection->pages_key)
		totals.pages = page_number_of(collection_value(answer, collection->pages_key));
	next = collection->next_key ? collection_value(answer, collection->next_key) : NULL;
	if (next)
		totals.more = json_string_length(next) &&
			      strcmp(json_string_value(next), "null") != 0;
	return totals;
}

/* Hand RECORD to the sink, of which only the id can be read. Returns as page_hand_on. */
static int hand_on_unreadable(const struct page *page, const char *id, json_t *record,
			      size_t number)
{
	if (!page->sink->unreadable)
		return call_fail(page->call, CALL_MALFORMED,
				 "page %zu of the %s: row %zu (%s \"%.64s\") is not JSON: %s",
				 page->number, page->collection->name, number,
				 page->collection->id_keys[0], id, page->why);
	log_call(page->call,
		 "page %zu of the %s: row %zu (%s \"%.64s\") is not JSON: %s: that record alone "
		 "can't be read or written",
		 page->number, page->collection->name, number, page->collection->id_keys[0], id,
		 page->why);
	return page->sink->unreadable(page->sink, id, record);
}

/* Return true if ROW, which is not JSON, has more than one record or RECORD more than one id. */
static bool is_ambiguous(const struct collection *collection, const json_t *row,
			 const json_t *record)
{
	if (exact_mend_has_repeated(row, collection->item_key))
		return true;
	for (const char *const *key = collection->id_keys; *key; key++) {
		const json_t *at = record;
		char path[64], *rest, *name;

		snprintf(path, sizeof(path), "%s", *key);
		for (name = strtok_r(path, ".", &rest); name; name = strtok_r(NULL, ".", &rest)) {
			if (exact_mend_has_repeated(at, name))
				return true;
			at = json_object_get(at, name);
		}
	}
	return false;
}

/* Hand one row to the sink. Returns 0, -EEXIST, or another negative errno with words. */
static int page_hand_on(const struct page *page, json_t *row, size_t number, uint64_t *sum)
{
	const struct collection *collection = page->collection;
	json_t *record = record_of(collection, row);
	char buffer[24];
	const char *id = record ? collection_id(collection, record, buffer) : NULL;
	int error;

	if (!id)
		return call_fail(page->call, CALL_MALFORMED,
				 "page %zu of the %s: row %zu %s \"%s\"", page->number,
				 collection->name, number,
				 json_is_object(row) ? "has no" : "is no object with",
				 collection->id_keys[0]);
	if (page->why && is_ambiguous(collection, row, record))
		return call_fail(page->call, CALL_MALFORMED,
				 "page %zu of the %s: row %zu has more than one \"%s\"",
				 page->number, collection->name, number, collection->id_keys[0]);
	*sum += hash_text(id);
	collection_hide(collection, record);
	error = page->why && exact_mend_count(row) ? hand_on_unreadable(page, id, record, number)
						   : page->sink->add(page->sink, id, record);
	if (error && error != -EEXIST && page->call->verdict == CALL_OK)
		return call_fail_errno(page->call, -error,
				       "page %zu of the %s: row %zu could not be kept: %s",
				       page->number, collection->name, number, strerror(-error));
	return error;
}

static int hand_on_rows(const struct page *page, const json_t *rows, struct walk_result *result)
{
	result->rows = json_array_size(rows);
	for (size_t i = 0; i < result->rows; i++) {
		int error = page_hand_on(page, json_array_get(rows, i), i + 1, &result->sum);

		if (error && error != -EEXIST)
			return error;
		result->fresh += !error;
	}
	return 0;
}

/* Judge the status of REPLY. Returns 0 or a negative errno with words. */
static int page_judge(const struct page *page, const struct http_reply *reply)
{
	struct call *call = page->call;
	int error = exchange_judge(call, page->account, page->subject, reply);

	/* a record below which nothing is listed may simply be gone */
	if ((reply->status == 401 ||
	     (reply->status == 404 && !strstr(page->collection->list_path, "{parent}"))) &&
	    page->account->vendor->base_url_hint)
		call_add_words(call, "%s", page->account->vendor->base_url_hint);
	return error;
}

static int no_rows(const struct page *page, const json_t *answer)
{
	const struct collection *collection = page->collection;
	bool single = json_is_object(json_object_get(answer, collection->item_key));

	return call_fail(page->call, CALL_MALFORMED,
			 "page %zu of the %s holds no list \"%s\"%s%s%s", page->number,
			 collection->name, collection->list_key, single ? ", only a single \"" : "",
			 single ? collection->item_key : "", single ? "\"" : "");
}

/* Fail because the response holds an error, so that a list beside it cannot be trusted. */
static int with_error(const struct page *page, const struct http_reply *reply)
{
	char words[CALL_WORDS_MAX / 2];

	exchange_words(reply->body, reply->length, words, sizeof(words));
	account_redact(page->account, words);
	return call_fail(page->call, CALL_MALFORMED, "page %zu of the %s holds an error: %s",
			 page->number, page->collection->name, words[0] ? words : "(no words)");
}

/*
 * Return what can be read of TEXT, which is not JSON, if it is a page in which only some rows are
 * the reason. NULL: it is not.
 */
static json_t *mend(const struct page *page, const char *text, size_t length)
{
	json_t *answer = exact_mend(text, length);

	if (answer &&
	    exact_mend_count(answer) == exact_mend_count(find_rows(page->collection, answer)))
		return answer;
	json_decref(answer);
	return NULL;
}

int page_read(struct page *page, const struct http_reply *reply, struct walk_result *result)
{
	const char *text = reply->body ? reply->body : "";
	char why[160] = "";
	json_t *answer, *rows;
	int error = page_judge(page, reply);

	if (error)
		return error;
	page_arena_begin();
	answer = exchange_parse(text, reply->length, why, sizeof(why));
	if (!answer) {
		page->why = why;
		answer = mend(page, text, reply->length);
	}
	page_arena_pause();
	if (!answer)
		return call_fail(page->call, CALL_MALFORMED, "page %zu of the %s is not JSON: %s",
				 page->number, page->collection->name, why);
	rows = find_rows(page->collection, answer);
	if (exchange_tells_error(answer, NULL, 0)) {
		error = with_error(page, reply);
	} else if (rows) {
		result->totals = read_totals(page->collection, answer);
		error = hand_on_rows(page, rows, result);
	} else {
		error = no_rows(page, answer);
	}
	json_decref(answer);
	page->why = NULL;
	return error;
}
