/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_mend.c - see exact_mend.h.
 *
 * One record with a byte that is not UTF-8 must not hide all others. A copy of the text is made
 * token by token. A token that cannot be read is replaced by a stand-in, and its object gets a
 * member that marks it. A member whose key the object already has becomes such a mark. Only single
 * tokens are mended: if brackets do not match, it is unknown which record a token belongs to.
 */
#include "vendors/json/exact_mend.h"

#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/exact_text.h"
#include "vendors/json/json_heap.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the key of a mark begins with, in a tree and in a text. */
#define MARK "\x1a\\u001A\\u001A"
#define MARK_TEXT "\"\\u001A\\u001A"
#define REPEATED "=" /* after it and its number: the key that is repeated */

/* jansson reads no deeper. */
#define DEPTH_MAX 2048

/* The copy may be this many times as long as the text: a text of nothing but mistakes is no page.
 */
#define COPY_TIMES 2
#define COPY_SLACK ((size_t)64 << 10)

/* The stand-in for a value, between its quotes. */
#define STAND_IN "\\u0000!"

struct mend {
	struct exact_text out;
	const char *at, *end;
	bool pending;   /* the object has something that cannot be read, and no mark for it yet */
	char last;      /* the last character that was written, except white space */
	unsigned marks; /* counts marks, so that their keys differ */
	json_t *keys;   /* for each open object and array, an object with the keys so far */
};

static void exact_mend_put(struct mend *mend, const char *text, size_t length)
{
	exact_text_put(&mend->out, text, length);
	if (length)
		mend->last = text[length - 1];
}

static void put_words(struct mend *mend, const char *words)
{
	exact_mend_put(mend, words, strlen(words));
}

/* Write the key of a mark; for a repeated key, REPEATED (LENGTH bytes, else NULL). */
static void put_mark(struct mend *mend, const char *repeated, size_t length)
{
	char text[40];

	snprintf(text, sizeof(text), MARK_TEXT "%u", mend->marks++);
	put_words(mend, text);
	if (repeated)
		exact_mend_put(mend, REPEATED, 1);
	exact_mend_put(mend, repeated, length);
	exact_mend_put(mend, "\"", 1);
}

/* Return true if the open object already has a member with the key from BEGIN to END (with its
 * quotes). Otherwise add the key. */
static bool is_repeated(struct mend *mend, const char *begin, const char *end)
{
	json_t *keys = json_array_get(mend->keys, json_array_size(mend->keys) - 1);
	json_t *string = exact_parse(begin, (size_t)(end - begin), EXACT_PARSE_ANY, NULL);
	char *key = exact_print_text(string, 0); /* the same however it was written */
	bool repeated = key && json_object_get(keys, key);

	if (key && !repeated)
		json_object_set_new(keys, key, json_true());
	free(key);
	json_decref(string);
	return repeated;
}

/* Write the stand-in for a value, which is no word, id or email. */
static void put_stand_in(struct mend *mend)
{
	put_words(mend, "\"" STAND_IN "\"");
	mend->pending = true;
}

/* Return the end of the UTF-8 character at AT, or NULL if it is none. */
static const char *character_end(const char *at, const char *end)
{
	unsigned char c = (unsigned char)*at;
	size_t length = c < 0x80   ? 1
			: c < 0xC2 ? 0
			: c < 0xE0 ? 2
			: c < 0xF0 ? 3
			: c < 0xF5 ? 4
				   : 0;
	unsigned char second = length > 1 && end - at > 1 ? (unsigned char)at[1] : 0;

	if (!length || (size_t)(end - at) < length)
		return NULL;
	for (size_t i = 1; i < length; i++) {
		if (((unsigned char)at[i] & 0xC0) != 0x80)
			return NULL;
	}
	/* overlong forms, surrogates, and values above U+10FFFF */
	if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) ||
	    (c == 0xF0 && second < 0x90) || (c == 0xF4 && second > 0x8F))
		return NULL;
	return at + length;
}

/* Return true if the string from AT to its quote at END can be read. */
static bool is_clean(const char *at, const char *end)
{
	while (at < end) {
		if ((unsigned char)*at < 0x20)
			return false;
		if (*at == '\\') {
			if (exact_parse_take_escape(&at, end) < 0)
				return false;
			continue;
		}
		at = character_end(at, end);
		if (!at)
			return false;
	}
	return true;
}

static void mend_string(struct mend *mend)
{
	const char *begin = mend->at, *quote;
	bool escaped, key, clean;

	quote = exact_parse_string_end(begin + 1, mend->end, &escaped);
	mend->at = quote < mend->end ? quote + 1 : quote;
	key = exact_parse_is_key(quote, mend->end);
	clean = is_clean(begin + 1, quote);
	if (key && mend->pending) {
		put_mark(mend, NULL, 0);
		put_words(mend, ":true,");
		mend->pending = false;
	}
	if (clean && key && is_repeated(mend, begin, mend->at))
		put_mark(mend, begin + 1, (size_t)(quote - begin - 1));
	else if (clean)
		exact_mend_put(mend, begin, (size_t)(mend->at - begin));
	else if (key)
		put_mark(mend, NULL, 0);
	else
		put_stand_in(mend);
}

/* Copy a number or a word, or write a stand-in for it. */
static void mend_word(struct mend *mend)
{
	static const char *const words[] = {"true", "false", "null"};
	const char *begin = mend->at;
	size_t length;
	bool whole, good;

	mend->at = exact_parse_number_end(begin, mend->end, &whole);
	good = exact_parse_is_number(begin, (size_t)(mend->at - begin));
	while (mend->at < mend->end && (isalnum((unsigned char)*mend->at) || *mend->at == '_')) {
		mend->at++;
		good = false;
	}
	length = (size_t)(mend->at - begin);
	for (size_t i = 0; i < 3; i++)
		good = good || (length == strlen(words[i]) && memcmp(begin, words[i], length) == 0);
	if (good)
		exact_mend_put(mend, begin, length);
	else
		put_stand_in(mend);
}

static void mend_token(struct mend *mend)
{
	char c = *mend->at;

	if (c == '"') {
		mend_string(mend);
		return;
	}
	if (isalnum((unsigned char)c) || c == '-') {
		mend_word(mend);
		return;
	}
	mend->at++;
	if (c == '}' && mend->pending) {
		put_words(mend, mend->last == '{' ? "" : ",");
		put_mark(mend, NULL, 0);
		put_words(mend, ":true");
		mend->pending = false;
	}
	if (c == '{' || c == '[')
		json_array_append_new(mend->keys, json_object());
	if (c == '}' || c == ']')
		json_array_remove(mend->keys, json_array_size(mend->keys) - 1);
	if (c && strchr("{}[]:,", c))
		exact_mend_put(mend, &c, 1);
	else if (c && strchr(" \t\r\n", c))
		exact_text_put(&mend->out, &c, 1);
	else
		mend->pending = true; /* a byte outside of tokens: a byte order mark, a NUL */
}

/* Return false if the text of LENGTH bytes cannot be mended, for lack of memory or because it is
 * too deep or has too many mistakes. */
static bool is_sane(const struct mend *mend, size_t length)
{
	return mend->out.text && mend->out.length <= COPY_TIMES * length + COPY_SLACK &&
	       json_array_size(mend->keys) <= DEPTH_MAX;
}

json_t *exact_mend(const char *text, size_t length)
{
	struct mend mend = {.at = text, .end = text + length, .keys = json_array()};
	json_t *value = NULL;

	exact_text_reserve(&mend.out, length + length / 8 + 64);
	while (mend.at < mend.end && is_sane(&mend, length))
		mend_token(&mend);
	json_heap_charge(mend.out.length);
	if (is_sane(&mend, length))
		value = exact_parse(mend.out.text, mend.out.length, EXACT_PARSE_ANY, NULL);
	free(mend.out.text);
	json_decref(mend.keys);
	return value;
}

static bool is_mark(const char *key)
{
	return strncmp(key, MARK, strlen(MARK)) == 0;
}

bool exact_mend_has_repeated(const json_t *object, const char *key)
{
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)object, name, member) {
		const char *repeated = is_mark(name) ? strchr(name, *REPEATED) : NULL;

		if (repeated && strcmp(repeated + 1, key) == 0)
			return true;
	}
	return false;
}

size_t exact_mend_count(const json_t *value)
{
	const char *name;
	json_t *below;
	size_t i, count = 0;

	json_array_foreach(value, i, below)
		count += exact_mend_count(below);
	json_object_foreach((json_t *)(uintptr_t)value, name, below)
		count += is_mark(name) + exact_mend_count(below);
	return count;
}

bool exact_mend_is_stand_in(const json_t *value, const json_t *object)
{
	const char *text = exact_carried(value, 's');

	/* a vendor may send that string too, but hardly in an object with a mark */
	return text && strcmp(text, STAND_IN) == 0 && exact_mend_count(object);
}
