/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tell.c - see tell.h.
 *
 * A vendor says that there is no next page in many ways, and each is taken as such only where the
 * description says that a next page would stand: what is taken for the end by mistake makes the
 * list short. What walk.c and pager.c make of it is not known here.
 */
#include "vendors/list/tell.h"

#include "vendors/base/call.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/next_url.h"
#include "vendors/json/exact.h"
#include "vendors/list/ask.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

long long tell_number(const json_t *value)
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

/* As tell_number, of the first of SOURCES that REPLY has. */
static long long number_at(const struct source *sources, const struct source_reply *reply)
{
	json_t *value = source_first(sources, reply);
	long long number = value ? tell_number(value) : -1;

	json_decref(value);
	return number;
}

/* Return 1 if REPLY names a next page by the source for it, 0 if it says that there is none, -1 if
 * it does not say. */
static int names_more(const struct rule_list *listing, const struct source_reply *reply)
{
	json_t *next = source_get(&listing->next_source, reply);
	const char *text = json_string_value(next);
	int more = -1;

	if (text)
		more = *text && strcmp(text, "null") != 0 && strcmp(text, "false") != 0 &&
		       strcmp(text, "0") != 0;
	else if (next) /* no page is number 0 and comes after another */
		more = !json_is_null(next) && !json_is_false(next) &&
		       !(json_is_integer(next) && !json_integer_value(next));
	json_decref(next);
	return more;
}

struct walk_totals tell_totals(const struct page *page, const struct source_reply *reply)
{
	const struct rule_list *listing = page->collection->listing;
	struct walk_totals totals = WALK_TOTALS_UNKNOWN;
	enum paging paging = page->collection->paging(page->account);
	char *link;

	totals.count = number_at(listing->total, reply);
	totals.records = number_at(listing->records, reply);
	totals.pages = number_at(listing->pages, reply);
	totals.last = condition_holds(&listing->end, reply);
	if (paging == PAGING_CURSOR || paging == PAGING_URL)
		return totals;
	totals.more = names_more(listing, reply);
	if (totals.last)
		totals.more = 0;
	else if (listing->end.source.kind != SOURCE_NONE && totals.more < 0)
		totals.more = 1;
	/* with a next page, the list has pages after all */
	link = paging == PAGING_NONE ? source_header(reply->headers, "Link") : NULL;
	if (link) {
		char *next;

		if (next_url_of_link(link, &next))
			totals.more = next ? 1 : totals.more;
		free(next);
		free(link);
	}
	return totals;
}

/* Return where the response says what comes next, for messages. */
static const char *next_words(const struct rule_list *listing)
{
	return listing->link ? "the header Link" : listing->next_source.name;
}

/* Return what is in VALUE, a cursor or URL, new. NULL: it is no text and no number, or no memory.
 */
static char *text_of(const json_t *value)
{
	const char *text = exact_number(value) ? exact_number(value) : exact_string(value);
	char *copy = NULL;

	if (json_is_integer(value))
		return asprintf(&copy, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) < 0
			   ? NULL
			   : copy;
	/* text with a NUL byte could not be told from its beginning */
	if (!text || (!exact_number(value) && strlen(text) != json_string_length(value)))
		return NULL;
	return strdup(text);
}

/* Return true if VALUE is how a vendor says that there is no next page. */
static bool is_none(const json_t *value)
{
	return !value || json_is_null(value) || json_is_false(value) ||
	       (json_is_string(value) && !json_string_length(value));
}

/* Put what the header Link names as the next page into *NEXT. Returns as read_next. */
static int read_link(const struct page *page, const struct source_reply *reply, char **next)
{
	char *text = source_header(reply->headers, "Link");
	bool readable = !text || next_url_of_link(text, next);

	free(text);
	if (readable)
		return 0;
	return call_fail(page->call, CALL_MALFORMED,
			 "page %zu of the %s: the header Link cannot be read, so that it is not "
			 "known whether there is a next page",
			 page->number, page->collection->name);
}

/* Put what the header of LISTING's source names as the next page into *NEXT. */
static void read_header(const struct rule_list *listing, const struct source_reply *reply,
			char **next)
{
	*next = source_header(reply->headers, listing->next_source.name);
	if (*next && !**next) {
		free(*next);
		*next = NULL;
	}
}

/* Put what REPLY names as the next page into *NEXT. Returns 0 or a negative errno with words. */
static int read_next(const struct page *page, const struct source_reply *reply, char **next)
{
	const struct rule_list *listing = page->collection->listing;
	json_t *value;
	int error = 0;

	*next = NULL;
	if (listing->link)
		return read_link(page, reply, next);
	if (listing->next_source.kind == SOURCE_HEADER) {
		read_header(listing, reply, next);
		return 0;
	}
	value = source_get(&listing->next_source, reply);
	/* each row has what the next page is asked for with */
	if (reply->last && is_none(value) && listing->next_source.kind == SOURCE_LAST) {
		json_decref(value);
		return call_fail(page->call, CALL_MALFORMED,
				 "page %zu of the %s: the last row has no \"%s\", which `next` "
				 "names: check `next`",
				 page->number, page->collection->name, next_words(listing));
	}
	if (!is_none(value)) {
		*next = text_of(value);
		if (!*next)
			error = call_fail(page->call, CALL_MALFORMED,
					  "page %zu of the %s: %s names no next page: it is "
					  "neither text nor a number",
					  page->number, page->collection->name,
					  next_words(listing));
	}
	json_decref(value);
	return error;
}

/* Make the path of the next page of *NEXT, a URL. Returns 0 or a negative errno with words. */
static int follow_next(const struct page *page, char **next)
{
	const struct rule_list *listing = page->collection->listing;
	const struct endpoint *endpoint = ask_endpoint(page->account, page->collection);
	const char *why;
	char *path = next_url_path(endpoint->base_url, page->asked, page->asked_from_origin, *next,
				   listing->any_origin, &why);
	char words[CALL_WORDS_MAX / 2];

	if (!path) {
		snprintf(words, sizeof(words), "%.200s", *next);
		account_redact(page->account, words);
		free(*next);
		*next = NULL;
		return call_fail(page->call, CALL_MALFORMED,
				 "page %zu of the %s: the URL of the next page (%s) can't be used: "
				 "%s: %s",
				 page->number, page->collection->name, next_words(listing), why,
				 words);
	}
	free(*next);
	*next = path;
	return 0;
}

int tell_next(const struct page *page, const struct source_reply *reply, char **next)
{
	int error = read_next(page, reply, next);

	if (!error && *next && page->collection->paging(page->account) == PAGING_URL)
		error = follow_next(page, next);
	return error;
}

/* ---- a next page that the description does not know ---- */

#define UNSAID_MAX 24 /* bytes of a name in small letters, with the NUL */

/* Return true if VALUE says that there is a next page. It is the value of a member such as
 * "next_page_token". An object says so if one of its members does: {"href": "https://..."}. */
static bool says_more(const json_t *value, bool inner)
{
	const char *text = json_string_value(value), *name;
	json_t *member;

	if (inner && json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, name, member) {
			if (says_more(member, false))
				return true;
		}
		return false;
	}
	if (text)
		return *text && strcmp(text, "null") != 0 && strcmp(text, "false") != 0 &&
		       strcmp(text, "0") != 0;
	return json_is_true(value) || (json_is_integer(value) && json_integer_value(value) > 0);
}

/* Return true if members called NAME tell of a next page: "next_page_token", "hasMore". */
static bool is_next_name(const char *name)
{
	static const char *const names[] = {"next",          "nextpage",    "nexturl",
					    "nextlink",      "nextcursor",  "nexttoken",
					    "nextpagetoken", "nextpageurl", "odatanextlink",
					    "hasmore",       "hasnext",     "hasnextpage"};
	char letters[UNSAID_MAX];
	size_t length = 0;

	for (; *name; name++) {
		if (strchr("_-@.", *name))
			continue;
		if (!isalpha((unsigned char)*name) || length == UNSAID_MAX - 1)
			return false;
		letters[length++] = (char)tolower((unsigned char)*name);
	}
	letters[length] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(letters, names[i]) == 0)
			return true;
	}
	return false;
}

/* Return the name of a member of VALUE, or of its members if DEPTH is more than 1, that names a
 * next page, borrowed; or NULL. */
static const char *find_unsaid(const json_t *value, unsigned depth)
{
	const char *name, *found = NULL;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)value, name, member) {
		if (is_next_name(name) && says_more(member, true))
			return name;
		if (depth > 1 && json_is_object(member))
			found = find_unsaid(member, depth - 1);
		if (found)
			break;
	}
	return found;
}

/* Return true if REPLY has a header Link with rel=next. */
static bool links_next(const struct source_reply *reply)
{
	char *link = source_header(reply->headers, "Link"), *next = NULL;
	bool named = link && next_url_of_link(link, &next) && next;

	free(next);
	free(link);
	return named;
}

int tell_check(const struct page *page, const struct source_reply *reply,
	       const struct walk_totals *totals)
{
	const struct rule_list *listing = page->collection->listing;
	enum paging paging = page->collection->paging(page->account);
	const char *where;
	char *next = NULL;
	bool ends;

	if (totals->last || totals->more > 0 || paging == PAGING_NUMBER || paging == PAGING_OFFSET)
		return 0;
	/* what cannot be read is no end; tell_next says so */
	ends = paging == PAGING_NONE || (!read_next(page, reply, &next) && !next);
	free(next);
	if (!ends) {
		call_clear(page->call);
		return 0;
	}
	where = find_unsaid(reply->body, 2);
	if (!where && !listing->link && paging != PAGING_NONE && links_next(reply))
		where = "Link";
	if (!where)
		return 0;
	return call_fail(
	    page->call, CALL_MALFORMED,
	    "page %zu of the %s is the last one by the description, but its \"%s\" names "
	    "a next page: check paging and next",
	    page->number, page->collection->name, exact_key_words(where));
}
