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
#include "vendors/json/exact.h"
#include "vendors/json/exact_bounded.h"
#include "vendors/json/exact_mend.h"
#include "vendors/json/pointer.h"
#include "vendors/list/bound.h"
#include "vendors/list/rows.h"
#include "vendors/list/tell.h"
#include "vendors/rest/exchange.h"
#include "vendors/list/list.h"
#include "vendors/base/hash.h"
#include "vendors/json/json_heap.h"
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
		const char *name = *key + strlen(*key);

		while (name > *key && name[-1] != '.' && name[-1] != '/')
			name--;
		count += page_count_key(reply, name);
	}
	return count;
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
		totals.count = tell_number(json_object_get(answer, collection->total_key));
	if (collection->records_key)
		totals.records = tell_number(collection_value(answer, collection->records_key));
	if (collection->pages_key)
		totals.pages = tell_number(collection_value(answer, collection->pages_key));
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

/* Return true if a member on the way to POINTER (or, of a table in C, a dotted path) in VALUE,
 * which exact_mend made, is there twice. */
static bool has_repeated(const json_t *value, const char *pointer)
{
	bool dotted = *pointer != '/';

	while (value && *pointer && strcmp(pointer, ".") != 0) {
		char name[POINTER_NAME_MAX];

		if (dotted) {
			size_t length = strcspn(pointer, ".");

			snprintf(name, sizeof(name), "%.*s", (int)length, pointer);
			pointer += length + (pointer[length] == '.');
		} else if (!pointer_next(&pointer, name)) {
			break;
		}
		if (exact_mend_has_repeated(value, name))
			return true;
		value = json_object_get(value, name);
	}
	return false;
}

/* Return true if ROW, which is not JSON, has more than one record or RECORD more than one id. */
static bool is_ambiguous(const struct collection *collection, const json_t *row,
			 const json_t *record)
{
	if (!collection->listing && exact_mend_has_repeated(row, collection->item_key))
		return true;
	for (const char *const *root = collection->row_roots; root && *root; root++) {
		if (has_repeated(row, *root))
			return true;
	}
	for (const char *const *key = collection->id_keys; *key; key++) {
		if (has_repeated(record, *key))
			return true;
	}
	return false;
}

/* Return true if RECORD counts as deleted. */
static bool is_gone(const struct collection *collection, const json_t *record)
{
	const struct source_reply reply = {.body = record};

	return collection->gone_when.source.kind != SOURCE_NONE &&
	       condition_holds(&collection->gone_when, &reply);
}

/* How many names of members a message has, and how long one may be. */
#define NAMES_MAX 8
#define NAME_LENGTH_MAX 32

/*
 * Put into TEXT which members VALUE has, for a message about a pointer that finds nothing there; or
 * LIST if it is an array. A long name, or one with an address, may be data and is left out.
 */
static void say_members(const json_t *value, const char *list, char *text, size_t size)
{
	size_t length = 0, count = 0;
	const char *name;
	json_t *member;

	text[0] = '\0';
	if (json_is_array(value))
		(void)snprintf(text, size, "; %s", list);
	json_object_foreach((json_t *)(uintptr_t)value, name, member) {
		if (strlen(name) > NAME_LENGTH_MAX || strchr(name, '@') || !*name)
			continue;
		if (count++ == NAMES_MAX || length + NAME_LENGTH_MAX + 16 > size)
			break;
		length += (size_t)snprintf(text + length, size - length, "%s\"%s\"",
					   count == 1 ? "; it has " : ", ", exact_key_words(name));
	}
}

static int no_id(const struct page *page, const json_t *row, size_t number)
{
	const json_t *record = rows_record(page->collection, (json_t *)(uintptr_t)row);
	char has[512];

	if (record && collection_has_id(page->collection, record))
		return call_fail(page->call, CALL_MALFORMED,
				 "page %zu of the %s: row %zu has a \"%s\" that is no id: a text "
				 "that is not empty, or a whole number",
				 page->number, page->collection->name, number,
				 page->collection->id_keys[0]);
	say_members(row, "it is a list: rows must end with /*", has, sizeof(has));
	account_redact(page->account, has);
	return call_fail(page->call, CALL_MALFORMED, "page %zu of the %s: row %zu %s \"%s\"%s",
			 page->number, page->collection->name, number,
			 json_is_object(row) ? "has no" : "is no object with",
			 page->collection->id_keys[0], page->collection->listing ? has : "");
}

/* Hand one row to the sink. Returns 0, -EEXIST, or another negative errno with words. */
static int page_hand_on(const struct page *page, json_t *row, size_t number, uint64_t *sum)
{
	const struct collection *collection = page->collection;
	json_t *record = rows_record(collection, row);
	char buffer[COLLECTION_ID_MAX];
	const char *id = record ? collection_id(collection, record, buffer) : NULL;
	int error;

	if (!id || (page->why && !rows_has_id(collection, record)))
		return no_id(page, row, number);
	if (page->why && is_ambiguous(collection, row, record))
		return call_fail(page->call, CALL_MALFORMED,
				 "page %zu of the %s: row %zu has more than one \"%s\"",
				 page->number, collection->name, number, collection->id_keys[0]);
	*sum += hash_text(id);
	if (is_gone(collection, record))
		return 0;
	collection_hide(collection, record);
	error = page->why && exact_mend_count(row) ? hand_on_unreadable(page, id, record, number)
						   : page->sink->add(page->sink, id, record);
	if (error && error != -EEXIST && page->call->verdict == CALL_OK)
		return call_fail_errno(page->call, -error,
				       "page %zu of the %s: row %zu could not be kept: %s",
				       page->number, collection->name, number, strerror(-error));
	return error;
}

/* Tell the caller which page comes next, LAST: none. Returns 0 or a negative errno with words. */
static int announce_next(struct page *page, const struct source_reply *reply, bool last)
{
	enum paging paging = page->collection->paging(page->account);
	char *next = NULL;
	int error = 0;

	if (!page->found || (paging != PAGING_CURSOR && paging != PAGING_URL))
		return 0;
	/* the last row could be one that is not JSON */
	if (!last && page->collection->listing->next_source.kind == SOURCE_LAST && page->why &&
	    exact_mend_count(reply->last))
		return call_fail(page->call, CALL_MALFORMED, "page %zu of the %s is not JSON: %s",
				 page->number, page->collection->name, page->why);
	if (!last)
		error = tell_next(page, reply, &next);
	return error ? error : page->found(page, next);
}

/* The rows of a page on their way to the sink. */
struct handing {
	const struct page *page;
	struct walk_result *result;
	size_t bytes; /* of the page and its tree */
};

static int hand_on_row(json_t *row, void *arg)
{
	struct handing *handing = arg;
	struct walk_result *result = handing->result;
	uint64_t before = result->sum;
	int error = page_hand_on(handing->page, row, ++result->rows, &result->sum);

	if (error && error != -EEXIST)
		return error;
	if (bound_exceeded(handing->page->sink, handing->bytes))
		return bound_fail(handing->page, result->rows);
	result->last = result->sum - before;
	if (result->rows == 1)
		result->first = result->last;
	result->fresh += !error;
	return 0;
}

static int keep_last(json_t *row, void *arg)
{
	*(json_t **)arg = row;
	return 0;
}

/* Read ANSWER, of REPLY, whose rows are ROWS. Returns 0 or a negative errno with words. */
static int read_rows(struct page *page, const struct http_reply *reply, const json_t *answer,
		     const struct rows *rows, struct walk_result *result)
{
	const struct rule_list *listing = page->collection->listing;
	struct source_reply sources = {.body = answer, .headers = reply->headers};
	struct handing handing = {.page = page,
				  .result = result,
				  .bytes = reply->length + json_heap_used()};
	json_t *last = NULL;
	int error = 0;

	page->sink->received += reply->length;
	if (!listing) {
		result->totals = read_totals(page->collection, answer);
		return rows_each(rows, hand_on_row, &handing);
	}
	rows_each(rows, keep_last, &last);
	sources.last = last;
	if (condition_holds(&listing->cut, &sources))
		return call_fail(
		    page->call, CALL_MALFORMED,
		    "page %zu of the %s: the vendor says that the list is cut (%s): it "
		    "can't be shown whole",
		    page->number, page->collection->name, listing->cut.source.name);
	result->totals = tell_totals(page, &sources);
	error = tell_check(page, &sources, &result->totals);
	if (!error)
		error = announce_next(page, &sources, result->totals.last);
	return error ? error : rows_each(rows, hand_on_row, &handing);
}

/* Return true if COLLECTION is listed below a record. */
static bool has_parent(const struct collection *collection)
{
	return strstr(collection->listing ? collection->listing->first->path
					  : collection->list_path,
		      "{parent}") != NULL;
}

/* Judge the status of REPLY. Returns 0 or a negative errno with words. */
static int page_judge(const struct page *page, const struct http_reply *reply)
{
	struct call *call = page->call;
	int error = exchange_judge(call, page->account, page->subject, reply);

	/* a record below which nothing is listed may simply be gone */
	if ((reply->status == 401 || (reply->status == 404 && !has_parent(page->collection))) &&
	    page->account->vendor->base_url_hint)
		call_add_words(call, "%s", page->account->vendor->base_url_hint);
	return error;
}

static int no_rows(const struct page *page, const json_t *answer)
{
	const struct collection *collection = page->collection;
	bool single = !collection->listing &&
		      json_is_object(json_object_get(answer, collection->item_key));
	char has[512];

	say_members(answer, "it is itself a list: rows = /*", has, sizeof(has));
	account_redact(page->account, has);
	return call_fail(page->call, CALL_MALFORMED,
			 "page %zu of the %s holds no list \"%s\"%s%s%s%s", page->number,
			 collection->name, rows_words(collection),
			 single ? ", only a single \"" : "", single ? collection->item_key : "",
			 single ? "\"" : "", collection->listing ? has : "");
}

/*
 * Check that the status of REPLY, a success, does not say that more follows: 202 that there is no
 * answer yet, 206 that this is a part, which is no news in a list that has pages.
 */
static int check_whole(const struct page *page, const struct http_reply *reply)
{
	const struct collection *collection = page->collection;

	if (reply->status != 202 && reply->status != 206)
		return 0;
	if (reply->status == 206 && collection->paging(page->account) != PAGING_NONE)
		return 0;
	return call_fail(page->call, CALL_MALFORMED, "page %zu of the %s %s", page->number,
			 collection->name,
			 reply->status == 202
			     ? "is not ready yet, as its status says: try again later"
			     : "is a part only, as its status says, and the list "
			       "is read without pages: check `paging`");
}

/* Return true if VALUE is an array with a record of COLLECTION, or has one as a member, or in one
 * of its members if DEPTH is more than 1. */
static bool holds_records(const struct collection *collection, json_t *value, unsigned depth)
{
	json_t *row = json_array_get(value, 0), *member;
	char buffer[COLLECTION_ID_MAX];
	const char *name;

	if (row)
		row = rows_record(collection, row);
	if (row)
		return collection_id(collection, row, buffer);
	if (depth && json_is_object(value)) {
		json_object_foreach(value, name, member) {
			if (holds_records(collection, member, depth - 1))
				return true;
		}
	}
	return false;
}

/* Return true if ANSWER, which has no rows where the description has them, is a first page that has
 * them elsewhere, or without the total that the vendor's lists have: it does not prove an empty
 * list. */
static bool is_something_else(const struct page *page, const struct http_reply *reply,
			      json_t *answer)
{
	const struct rule_list *listing = page->collection->listing;
	const struct source_reply sources = {.body = answer, .headers = reply->headers};
	struct walk_totals totals;

	if (page->number != 1 || !reply->length || !listing)
		return false;
	if (holds_records(page->collection, answer, 2))
		return true;
	if (!listing->total && !listing->records)
		return false;
	totals = tell_totals(page, &sources);
	return totals.count < 0 && totals.records < 0;
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
	json_t *answer = exact_bounded_mend(text, length);

	if (answer &&
	    exact_mend_count(answer) == exact_mend_count(rows_find(page->collection, answer).at))
		return answer;
	json_decref(answer);
	return NULL;
}

/*
 * Set *ANSWER to the JSON of REPLY, new. If that is mended, page->why, of SIZE bytes, says what was
 * wrong. Returns 0 or a negative errno with words.
 */
static int parse(struct page *page, const struct http_reply *reply, char *why, size_t size,
		 json_t **answer)
{
	const struct rule_list *listing = page->collection->listing;
	const char *text = reply->body ? reply->body : "";
	enum exact_bounded_failure failure = EXACT_BOUNDED_BROKEN;

	/* where nothing is an empty list, it may also have no body, unless each list has a total */
	if (!reply->length && reply->status == 204 && listing && listing->no_rows_is_empty &&
	    !listing->total && !listing->records)
		*answer = json_object();
	else
		*answer = exact_bounded_response(text, reply->length, EXACT_BOUNDED_BLOCK, why,
						 size, &failure);
	if (*answer)
		return 0;
	if (failure == EXACT_BOUNDED_BROKEN)
		*answer = mend(page, text, reply->length);
	if (*answer) {
		page->why = why;
		return 0;
	}
	return call_fail(page->call,
			 failure == EXACT_BOUNDED_NO_MEMORY ? CALL_NO_MEMORY : CALL_MALFORMED,
			 "page %zu of the %s %s: %s", page->number, page->collection->name,
			 failure == EXACT_BOUNDED_BROKEN ? "is not JSON" : "can't be read", why);
}

int page_read(struct page *page, const struct http_reply *reply, struct walk_result *result)
{
	char why[160] = "";
	struct rows rows;
	json_t *answer;
	int error = page_judge(page, reply);

	if (!error)
		error = check_whole(page, reply);
	if (!error)
		error = bound_check_memory(page);
	if (!error)
		error = parse(page, reply, why, sizeof(why), &answer);
	if (error) {
		page->why = NULL;
		return error;
	}
	rows = rows_find(page->collection, answer);
	if (exchange_tells_error(answer, NULL, 0))
		error = with_error(page, reply);
	else if (rows.at || (rows.may_lack && !rows.odd && !is_something_else(page, reply, answer)))
		error = read_rows(page, reply, answer, &rows, result);
	else
		error = no_rows(page, answer);
	json_decref(answer);
	json_heap_shrink();
	page->why = NULL;
	return error;
}
