/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_print.c - see exact_print.h.
 *
 * jansson's own printer writes all doubles of a text with the same number of digits, and does not
 * know carried values. This one writes the same as jansson's, except for those.
 */
#include "vendors/json/exact_print.h"

#include "vendors/base/one_line.h"
#include "vendors/json/exact.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRIEF_MAX 100 /* bytes of a value in a message */

static void put_string(struct exact_text *out, const char *text, size_t length)
{
	exact_text_put(out, "\"", 1);
	exact_text_put_escaped(out, text, length);
	exact_text_put(out, "\"", 1);
}

static void put_value_string(struct exact_text *out, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t length = json_string_length(value);

	if (length && !*text && exact_carried(value, 'n')) {
		exact_text_put(out, text + 2, length - 2);
	} else if (length && !*text && exact_carried(value, 's')) {
		exact_text_put(out, "\"", 1);
		exact_text_put(out, text + 2, length - 2);
		exact_text_put(out, "\"", 1);
	} else {
		put_string(out, text, length);
	}
}

static void put_key(struct exact_text *out, const char *key)
{
	if (*key != EXACT_KEY_MARK) {
		put_string(out, key, strlen(key));
		return;
	}
	exact_text_put(out, "\"", 1);
	exact_text_put(out, key + 1, strlen(key + 1));
	exact_text_put(out, "\"", 1);
}

/* No parsed number is a double of jansson's, but a number that rosterfs makes may be one. */
static void put_real(struct exact_text *out, double number)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	exact_text_put(out, text, strlen(text));
	if (!strpbrk(text, ".e"))
		exact_text_put(out, ".0", 2);
}

static void put_integer(struct exact_text *out, json_int_t number)
{
	char digits[24], *at = digits + sizeof(digits);
	unsigned long long rest = number < 0 ? -(unsigned long long)number
					     : (unsigned long long)number;

	do
		*--at = (char)('0' + rest % 10);
	while (rest /= 10);
	if (number < 0)
		*--at = '-';
	exact_text_put(out, at, (size_t)(digits + sizeof(digits) - at));
}

static void begin_line(struct exact_text *out, unsigned flags, size_t depth)
{
	if (!(flags & EXACT_PRINT_INDENT) || !exact_text_reserve(out, 1 + 2 * depth))
		return;
	out->text[out->length++] = '\n';
	memset(out->text + out->length, ' ', 2 * depth);
	out->length += 2 * depth;
}

static void put_value(struct exact_text *out, const json_t *value, unsigned flags, size_t depth);

static void put_array(struct exact_text *out, const json_t *array, unsigned flags, size_t depth)
{
	size_t count = json_array_size(array);

	exact_text_put(out, "[", 1);
	for (size_t i = 0; i < count; i++) {
		if (i)
			exact_text_put(out, ",", 1);
		begin_line(out, flags, depth + 1);
		put_value(out, json_array_get(array, i), flags, depth + 1);
	}
	if (count)
		begin_line(out, flags, depth);
	exact_text_put(out, "]", 1);
}

static void put_member(struct exact_text *out, const char *key, const json_t *value, unsigned flags,
		       size_t depth)
{
	begin_line(out, flags, depth);
	put_key(out, key);
	exact_text_put(out, ": ", flags & EXACT_PRINT_INDENT ? 2 : 1);
	put_value(out, value, flags, depth);
}

static int exact_print_compare_keys(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* Return the COUNT keys of OBJECT, sorted. The caller frees the array. NULL: no memory. */
static const char **sort_keys(const json_t *object, size_t count)
{
	const char **keys = malloc((count + 1) * sizeof(*keys));
	const char *key;
	json_t *member;
	size_t i = 0;

	if (!keys)
		return NULL;
	json_object_foreach((json_t *)(uintptr_t)object, key, member)
		keys[i++] = key;
	qsort(keys, count, sizeof(*keys), exact_print_compare_keys);
	return keys;
}

static void put_sorted(struct exact_text *out, const json_t *object, unsigned flags, size_t depth)
{
	size_t count = json_object_size(object);
	const char **keys = sort_keys(object, count);

	if (!keys) {
		free(out->text);
		*out = (struct exact_text){.room = 1};
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (i)
			exact_text_put(out, ",", 1);
		put_member(out, keys[i], json_object_get(object, keys[i]), flags, depth);
	}
	free(keys);
}

static void put_object(struct exact_text *out, const json_t *object, unsigned flags, size_t depth)
{
	json_t *iterable = (json_t *)(uintptr_t)object;
	void *member = json_object_iter(iterable);

	exact_text_put(out, "{", 1);
	if (flags & EXACT_PRINT_SORT) {
		put_sorted(out, object, flags, depth + 1);
	} else {
		for (void *at = member; at; at = json_object_iter_next(iterable, at)) {
			if (at != member)
				exact_text_put(out, ",", 1);
			put_member(out, json_object_iter_key(at), json_object_iter_value(at), flags,
				   depth + 1);
		}
	}
	if (member)
		begin_line(out, flags, depth);
	exact_text_put(out, "}", 1);
}

static void put_value(struct exact_text *out, const json_t *value, unsigned flags, size_t depth)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		put_value_string(out, value);
		break;
	case JSON_INTEGER:
		put_integer(out, json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(out, json_real_value(value));
		break;
	case JSON_OBJECT:
		put_object(out, value, flags, depth);
		break;
	case JSON_ARRAY:
		put_array(out, value, flags, depth);
		break;
	case JSON_TRUE:
		exact_text_put(out, "true", 4);
		break;
	case JSON_FALSE:
		exact_text_put(out, "false", 5);
		break;
	default:
		exact_text_put(out, "null", 4);
		break;
	}
}

int exact_print(struct exact_text *out, const json_t *value, unsigned flags)
{
	put_value(out, value, flags, 0);
	if (flags & EXACT_PRINT_NEWLINE)
		exact_text_put(out, "\n", 1);
	if (out->over || (out->limit && out->length > out->limit))
		return -EFBIG;
	return out->text ? 0 : -ENOMEM;
}

bool exact_print_fits(const json_t *value, unsigned flags, size_t limit)
{
	struct exact_text out = {.limit = limit};
	int error = exact_print(&out, value, flags);

	free(out.text);
	return error != -EFBIG;
}

/* Return TEXT (taken), JSON, with what acts on a terminal as \uXXXX. All of that is in strings, is
 * no escape yet, and is below U+10000. NULL: no memory. */
static char *escape_acting(char *text)
{
	struct exact_text out = {0};
	size_t left, length;
	const char *plain = text;
	char code[8];

	/* nearly all texts are */
	while ((*plain >= 0x20 && *plain < 0x7f) || *plain == '\n')
		plain++;
	if (!*plain)
		return text;
	left = strlen(text);

	for (const char *at = text; left; at += length, left -= length) {
		uint32_t character;

		if (one_line_acts_at(at, left, &length, &character) && character != '\n') {
			(void)snprintf(code, sizeof(code), "\\u%04x", character & 0xffff);
			exact_text_put(&out, code, 6);
		} else {
			exact_text_put(&out, at, length);
		}
	}
	exact_text_put(&out, "", 1);
	free(text);
	return out.text;
}

char *exact_print_text(const json_t *value, unsigned flags)
{
	struct exact_text out = {0};

	if (!value || exact_print(&out, value, flags))
		return NULL;
	exact_text_put(&out, "", 1);
	return flags & EXACT_PRINT_LINE && out.text ? escape_acting(out.text) : out.text;
}

char *exact_print_brief(const json_t *value)
{
	char *text = value ? exact_print_text(value, 0) : strdup("(none)");

	if (text && strlen(text) > BRIEF_MAX)
		memcpy(text + BRIEF_MAX - 3, "...", 4);
	return text;
}
