/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_page: where a page begins, how long it is, and which rows it really shows.
 *
 * It must not know what the rows are, nor how an answer tells of the next page.
 */
#include <stdlib.h>
#include <string.h>

#include "generic_parts.h"

bool page_knows(const json_t *play, const char *name)
{
	const char *own = play_word(play, "name", "");
	const char *size = play_word(play, "size_name", "");
	return strcmp(own, name) == 0 || strcmp(size, name) == 0;
}

/* The parameter as words, new; NULL: it is not there. */
static char *asked(const struct visit *v, const struct page *page, const char *key)
{
	const char *name = play_word(page->play, key, NULL);
	if (!name)
		return NULL;
	if (!play_is(page->play, "in", "body", "query")) {
		const char *words = request_arg(v->request, name);
		return words ? text_copy(words, strlen(words)) : NULL;
	}
	const json_t *value = *name == '/' ? pointer_get(page->body, name)
					   : json_object_get(page->body, name);
	struct text text = {0};
	if (json_is_integer(value))
		text_fmt(&text, "%lld", (long long)json_integer_value(value));
	else if (json_is_string(value))
		text_str(&text, json_string_value(value));
	return text.data;
}

static bool is_number(const char *words, size_t *number)
{
	size_t len = strspn(words, "0123456789");
	if (len == 0 || len > 9 || words[len])
		return false;
	*number = strtoul(words, NULL, 10);
	return true;
}

/* A parameter that is no number, or one out of range; true where the vendor takes its default. */
static bool bad(struct visit *v, const struct page *page)
{
	const char *habit = play_word(page->play, "bad", "refused");
	if (strcmp(habit, "default") == 0)
		return true;
	error_reply(v, strcmp(habit, "crash") == 0 ? "crash" : "page", NULL, NULL);
	return false;
}

/* A position before the first, as arithmetic has it: of the rows asked for, those that are there.
 */
static bool before_first(struct page *page, const char *words, size_t first)
{
	char *end = NULL;
	long number = strtol(words, &end, 10);
	if (*end || end == words)
		return false;
	size_t lost = (size_t)((long)first - number);
	page->size = lost < page->size ? page->size - lost : 0;
	page->from = 0;
	return true;
}

static bool read_size(struct visit *v, struct page *page)
{
	size_t cap = (size_t)play_number(page->play, "cap", 0);
	size_t own = (size_t)play_number(page->play, "size", cap ? (long)cap : 100);
	char *words = asked(v, page, "size_name");
	const char *over = play_word(page->play, "over", "capped");
	const char *zero = play_word(page->play, "zero", "default");
	bool good = true;
	page->size = own;
	page->asked = own;
	if (words && !is_number(words, &page->size)) {
		page->size = own;
		good = bad(v, page);
	} else if (words) {
		page->asked = page->size;
	}
	if (good && page->size == 0 && (!own || strcmp(zero, "all") == 0))
		page->size = page->total + 1;
	else if (good && page->size == 0 && strcmp(zero, "default") == 0)
		page->size = own;
	else if (good && page->size == 0 && strcmp(zero, "refused") == 0) {
		error_reply(v, "page", NULL, NULL);
		good = false;
	}
	if (good && cap && page->size > cap && strcmp(over, "capped") != 0) {
		error_reply(v, strcmp(over, "crash") == 0 ? "crash" : "page", NULL, NULL);
		good = false;
	}
	if (cap && page->size > cap)
		page->size = cap;
	free(words);
	return good;
}

/* A text with letters that must be escaped in a URL. */
char *page_token(const json_t *play, size_t place)
{
	struct text token = {0};
	if (play_is(play, "token", "opaque", "opaque"))
		text_fmt(&token, "Y%zu+u/%zu==", place * 7 + 3, place);
	else
		text_fmt(&token, "%zu", place);
	return token.data;
}

static bool read_token(const json_t *play, const char *words, size_t *place)
{
	const char *slash = strchr(words, '/');
	if (play_is(play, "token", "opaque", "opaque")) {
		*place = slash ? strtoul(slash + 1, NULL, 10) : 0;
		char *right = page_token(play, *place);
		bool same = strcmp(right, words) == 0;
		free(right);
		return same;
	}
	return is_number(words, place);
}

/* Whether anything stands beside the cursor. */
static bool has_company(const struct visit *v, const struct page *page)
{
	if (play_is(page->play, "in", "body", "query"))
		return json_object_size(page->body) > 1;
	return strchr(v->request->query, '&');
}

static bool read_cursor(struct visit *v, struct page *page, const char *words)
{
	const char *error = NULL;
	if (play_flag(page->play, "token_only", false) && has_company(v, page))
		error = "parameter";
	else if (*words ? !read_token(page->play, words, &page->from)
			: play_is(page->play, "token_empty", "refused", "refused"))
		error = "cursor";

	if (error)
		error_reply(v, error, play_word(page->play, "name", ""), NULL);
	return !error;
}

static bool read_number(struct visit *v, struct page *page, const char *words)
{
	bool offset = play_is(page->play, "by", "offset", "");
	size_t first = (size_t)play_number(page->play, "first", offset ? 0 : 1);
	size_t number = first;
	page->number = first;
	if ((!is_number(words, &number) || number < first) &&
	    play_is(page->play, "bad", "arithmetic", "refused") && offset)
		return before_first(page, words, first) || bad(v, page);
	if (!is_number(words, &number) || number < first)
		return bad(v, page);
	page->number = number;
	page->from = offset ? number - first : (number - first) * page->size;
	return true;
}

static bool read_keyset(struct visit *v, struct page *page, const char *words,
			size_t (*place)(void *, const char *, bool), void *arg)
{
	page->from = place(arg, words, play_number(page->play, "first", 0) != 0);
	if (page->from != SIZE_MAX)
		return true;
	error_reply(v, "cursor", play_word(page->play, "name", ""), NULL);
	return false;
}

/* Habits of vendors that want both parameters. */
static bool both(struct visit *v, struct page *page, bool position, bool size)
{
	const char *habit = play_word(page->play, "alone", "taken");
	if (strcmp(habit, "crash") == 0 && position != size) {
		error_reply(v, "crash", NULL, NULL);
		return false;
	}
	if (strcmp(habit, "nothing") == 0 && !(position && size))
		page->size = 0;
	return true;
}

bool page_read(struct visit *v, struct page *page,
	       size_t (*place)(void *arg, const char *id, bool at), void *arg)
{
	const char *by = play_word(page->play, "by", "none");
	if (strcmp(by, "none") == 0) {
		page->size = page->total;
		return true;
	}
	char *words = asked(v, page, "name");
	char *size = asked(v, page, "size_name");
	bool good = read_size(v, page);
	page->number = (size_t)play_number(page->play, "first", strcmp(by, "offset") == 0 ? 0 : 1);
	if (good && words && strcmp(by, "cursor") == 0)
		good = read_cursor(v, page, words);
	else if (good && words && strcmp(by, "keyset") == 0)
		good = read_keyset(v, page, words, place, arg);
	else if (good && words)
		good = read_number(v, page, words);
	good = good && both(v, page, words, size);
	if (strcmp(by, "checked") == 0 ||
	    (!words && !size && play_is(page->play, "unasked", "all", "page"))) {
		page->from = 0;
		page->size = page->total;
	}
	free(words);
	free(size);
	return good;
}

/* Which part of the list can be had at all. */
static bool bound(struct visit *v, struct page *page, size_t *reach)
{
	size_t ceiling = (size_t)play_number(page->play, "ceiling", 0);
	size_t cut = (size_t)play_number(page->play, "truncates", 0);
	*reach = page->total;
	if (cut && page->total > cut) {
		*reach = cut;
		page->truncated = true;
	}
	if (!ceiling || *reach <= ceiling)
		return true;
	bool refuses = play_is(page->play, "at_ceiling", "refused", "refused");
	if (page->from >= ceiling && refuses) {
		error_reply(v, "ceiling", NULL, NULL);
		return false;
	}
	*reach = refuses ? page->total : ceiling;
	return true;
}

/* Rows that come again. */
static void repeat(struct page *page)
{
	size_t repeats = (size_t)play_number(page->play, "repeats", 0);
	size_t overlap = (size_t)play_number(page->play, "overlap", 0);
	page->shown = page->from;
	if (repeats && page->size && page->from / page->size >= repeats)
		page->shown = page->from - page->size;
	else if (overlap && page->from >= overlap)
		page->shown = page->from - overlap;
}

bool page_settle(struct visit *v, struct page *page)
{
	enum fault_kind fault = v->fault->kind;
	size_t reach = 0;
	bool begins = page->from == 0;
	if (play_flag(page->play, "stuck", false) || fault == FAULT_REPEAT_PAGE ||
	    fault == FAULT_IGNORE_PAGING)
		page->from = 0;
	if (fault == FAULT_IGNORE_PAGING)
		page->size = page->total;
	if (!bound(v, page, &reach))
		return false;
	page->past = page->from >= reach && !begins;
	if (page->past && play_is(page->play, "past", "refused", "empty")) {
		error_reply(v, "past_end", NULL, NULL);
		return false;
	}
	if (page->past && play_is(page->play, "past", "first", "empty"))
		page->from = 0;
	repeat(page);
	size_t size = page->size;
	if (play_flag(page->play, "halves", false) && page->from > 0 && size > 1)
		size /= 2;
	page->rows = page->shown < reach ? reach - page->shown : 0;
	if (page->rows > size)
		page->rows = size;
	if (fault == FAULT_SHORT_PAGE)
		page->rows /= 2;
	bool repeats = play_number(page->play, "repeats", 0) && page->shown < page->from;
	page->next = repeats ? page->from + size : page->shown + page->rows;
	page->more = page->next < reach && (page->rows || repeats);
	return true;
}
