/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_next: what an answer says about pages: the next one, whether there is one, totals.
 *
 * It must not know what the rows are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generic_parts.h"

/* The parameter's value for the next page, new. */
static char *position(const struct page *page)
{
	const char *by = play_word(page->play, "by", "none");
	struct text words = {0};
	if (strcmp(by, "number") == 0)
		text_fmt(&words, "%zu", page->number + 1);
	else if (strcmp(by, "offset") == 0)
		text_fmt(&words, "%zu", page->next + (size_t)play_number(page->play, "first", 0));
	else
		words.data = page_token(page->play, page->next);
	return words.data;
}

static void add_escaped(struct text *text, const char *words)
{
	for (const char *c = words; *c; c++) {
		bool plain = (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') ||
			     (*c >= 'A' && *c <= 'Z') || strchr("-._~$", *c);
		if (plain)
			text_add(text, c, 1);
		else
			text_fmt(text, "%%%02X", (unsigned)(unsigned char)*c);
	}
}

/* Whether a parameter of the request goes into the address of the next page. */
static bool goes_along(const struct visit *v, const json_t *play, const char *name)
{
	if (strcmp(name, play_word(play, "name", "")) == 0 || play_flag(play, "token_only", false))
		return false;
	bool known = page_knows(play, name) || play_part(play_part(v->act, "parameters"), name) ||
		     play_part(play_part(v->act, "filters"), name) ||
		     play_is(play_part(v->act, "pass"), "name", name, "") ||
		     play_is(play_part(v->act, "select"), "name", name, "");
	return known || play_is(v->act, "unknown", "carried", "refused");
}

static void add_query(const struct visit *v, const json_t *play, const char *value,
		      struct text *url)
{
	char *query = text_copy(v->request->query, strlen(v->request->query));
	char *rest = query;
	text_str(url, "?");
	for (char *pair = strtok_r(query, "&", &rest); pair; pair = strtok_r(NULL, "&", &rest)) {
		char *name = text_copy(pair, strcspn(pair, "="));
		request_decode(name);
		if (goes_along(v, play, name))
			text_fmt(url, "%s&", pair);
		free(name);
	}
	add_escaped(url, play_word(play, "name", "cursor"));
	text_str(url, "=");
	add_escaped(url, value);
	free(query);
}

/* The address of the page that begins at a position, new. */
static char *address(const struct visit *v, const struct page *page, const char *form,
		     const char *value)
{
	const char *continued = play_word(v->act, "continued", NULL);
	const char *below = continued ? strchr(continued, ' ') + 1 : v->path;
	bool other = strcmp(form, "other_host") == 0;
	struct text url = {0};
	text_str(&url, "");
	answer_url(v, other || strcmp(form, "url") == 0 ? "absolute" : form,
		   other ? "http://other.example.com" : NULL, below, &url);
	add_query(v, page->play, value, &url);
	return url.data;
}

static json_t *next_value(const struct visit *v, const struct page *page, const char *form)
{
	char *value = position(page);
	json_t *told = NULL;
	if (strcmp(form, "number") == 0) {
		told = json_integer(strtoll(value, NULL, 10));
	} else if (strcmp(form, "token") == 0) {
		told = json_string(value);
	} else {
		char *url = address(v, page, form, value);
		told = json_string(url);
		free(url);
	}
	free(value);
	return told;
}

/* What stands there at the end of the list, new; NULL: nothing. */
static json_t *end_value(const char *end)
{
	if (strcmp(end, "null") == 0)
		return json_null();
	if (strcmp(end, "empty") == 0)
		return json_string("");
	if (strcmp(end, "zero") == 0)
		return json_integer(0);
	return strcmp(end, "false") == 0 ? json_false() : NULL;
}

static void tell_link(struct visit *v, const struct page *page, const json_t *next)
{
	const char *end = play_word(next, "end", "absent");
	bool results = play_flag(next, "results", false);
	if (!page->more && !results) {
		if (strcmp(end, "empty") == 0)
			reply_header(v->reply, "Link", "%s", "");
		return;
	}
	char *value = position(page);
	char *url = address(v, page, play_word(next, "as", "url"), value);
	char *first = address(v, page, play_word(next, "as", "url"), "");
	if (results)
		reply_header(v->reply, "Link",
			     "<%s>; rel=\"previous\"; results=\"false\"; cursor=\"0:0:1\", "
			     "<%s>; rel=\"next\"; results=\"%s\"; cursor=\"%s\"",
			     first, url, page->more ? "true" : "false", value);
	else
		reply_header(v->reply, "Link", "<%s>; rel=\"self\", <%s>; rel=\"next\"", first,
			     url);
	free(value);
	free(url);
	free(first);
}

/* Put a value where a play wants it: at a pointer of the body, or into "header:NAME". */
static void put(struct visit *v, json_t *body, const char *where, json_t *value)
{
	if (value && strncmp(where, "header:", 7) == 0) {
		if (json_is_integer(value))
			reply_header(v->reply, where + 7, "%lld",
				     (long long)json_integer_value(value));
		else
			reply_header(v->reply, where + 7, "%s",
				     json_is_string(value) ? json_string_value(value) : "");
	} else if (value && json_is_object(body) && *where == '/') {
		pointer_set(body, where, json_incref(value));
	}
	json_decref(value);
}

static void tell_next(struct visit *v, const struct page *page, json_t *body)
{
	const json_t *all = play_part(page->play, "next");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *next = json_array_get(all, i);
		const char *where = play_word(next, "put", "Link");
		const char *end = play_word(next, "end", "absent");
		if (strcmp(where, "Link") == 0)
			tell_link(v, page, next);
		else if (page->more || strcmp(end, "same") == 0)
			put(v, body, where, next_value(v, page, play_word(next, "as", "token")));
		else
			put(v, body, where, end_value(end));
	}
}

static size_t pages(const struct page *page)
{
	return page->size ? (page->total + page->size - 1) / page->size : 0;
}

static void tell_total(struct visit *v, const struct page *page, json_t *body)
{
	const json_t *total = play_part(page->play, "total");
	const char *says = play_word(total, "says", "all");
	const char *wanted = play_word(total, "asked", NULL);
	size_t most = (size_t)play_number(total, "most", 1000);
	size_t number = page->total;
	if (!total)
		return;
	if (wanted) {
		char *name = text_copy(wanted, strcspn(wanted, "="));
		const char *given = request_arg(v->request, name);
		free(name);
		const char *value = strchr(wanted, '=');
		if (!given || (value && strcmp(given, value + 1) != 0))
			return;
	}
	if (strcmp(says, "rows") == 0)
		number = page->rows;
	else if (strcmp(says, "pages") == 0)
		number = pages(page);
	else if (strcmp(says, "most") == 0 && number > most)
		number = most;
	else if (strcmp(says, "larger") == 0 || v->fault->kind == FAULT_WRONG_TOTAL)
		number += 7;
	else if (strcmp(says, "past_larger") == 0 && page->past)
		number += page->size;
	char words[32];
	snprintf(words, sizeof words, "%zu", number);
	put(v, body, play_word(total, "put", "/total"),
	    play_flag(total, "text", false) ? json_string(words)
					    : json_integer((json_int_t)number));
}

static json_t *echo_value(const struct page *page, const char *what)
{
	size_t first = (size_t)play_number(page->play, "first", 0);
	size_t number = page->from + first;
	char words[32];
	if (strcmp(what, "size") == 0)
		number = page->size;
	else if (strcmp(what, "asked") == 0)
		number = page->asked;
	else if (strcmp(what, "number") == 0)
		number = page->number;
	else if (strcmp(what, "rows") == 0)
		number = page->rows;
	else if (strcmp(what, "pages") == 0)
		number = pages(page);
	else if (strncmp(what, "last", 4) == 0)
		number = page->next ? page->next - 1 : 0;
	snprintf(words, sizeof words, "%zu", number);
	return strcmp(what, "last_text") == 0 ? json_string(words)
					      : json_integer((json_int_t)number);
}

void next_tell(struct visit *v, const struct page *page, json_t *body)
{
	const json_t *flag = play_part(page->play, "flag");
	const char *truncated = play_word(page->play, "truncated", NULL);
	const char *key;
	json_t *what;
	tell_next(v, page, body);
	if (flag) {
		const json_t *value = play_part(flag, page->more ? "more" : "end");
		put(v, body, play_word(flag, "at", ""), value ? json_deep_copy(value) : NULL);
	}
	tell_total(v, page, body);
	json_object_foreach((json_t *)(uintptr_t)play_part(page->play, "echo"), key, what)
		put(v, body, key, echo_value(page, json_string_value(what)));
	if (truncated && page->truncated)
		put(v, body, truncated, json_true());
}
