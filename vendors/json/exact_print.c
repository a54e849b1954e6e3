/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_print.c - the way out of exact.h.
 *
 * jansson's own printer writes all doubles of a text with the same number of digits, and knows
 * nothing of what is carried. This one writes what jansson's would, but for those. It prints each
 * record of a roster, so it goes by eight bytes in a string.
 */
#include "vendors/json/exact.h"

#include "vendors/json/exact_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 1024

/* ---- text that grows ---- */

static bool grow(struct exact_text *out, size_t length)
{
	size_t room = out->room ? out->room : ROOM_FIRST;
	char *text;

	/* no memory before: it stays so */
	if (out->room && !out->text)
		return false;
	while (room - out->length < length)
		room *= 2;
	text = realloc(out->text, room);
	if (!text)
		free(out->text);
	out->text = text;
	out->room = room;
	return text;
}

bool exact_reserve(struct exact_text *out, size_t length)
{
	return (out->text && out->room - out->length >= length) || grow(out, length);
}

void exact_put(struct exact_text *out, const char *text, size_t length)
{
	if (!length || !exact_reserve(out, length))
		return;
	memcpy(out->text + out->length, text, length);
	out->length += length;
}

size_t exact_utf8(int character, char *text)
{
	unsigned c = (unsigned)character;
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};

	for (size_t i = length; i-- > 1; c >>= 6)
		text[i] = (char)(0x80 | (c & 0x3F));
	text[0] = (char)(first[length] | c);
	return length;
}

/* Write what stands for character C, which must be escaped, at AT. Returns the end. */
static char *put_escape(char *at, char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = c ? strchr(from, c) : NULL;

	*at++ = '\\';
	if (known) {
		*at++ = to[known - from];
		return at;
	}
	return at + sprintf(at, "u%04X", (unsigned)(unsigned char)c);
}

void exact_put_escaped(struct exact_text *out, const char *text, size_t length)
{
	const char *end = text + length;
	char *at;

	/* each byte may take six, and a number of digits is written with a NUL behind it */
	if (!exact_reserve(out, 6 * length + 2))
		return;
	at = out->text + out->length;
	while (text < end) {
		for (; end - text >= (ptrdiff_t)EXACT_CHUNK && !exact_must_escape(text);
		     text += EXACT_CHUNK, at += EXACT_CHUNK)
			memcpy(at, text, EXACT_CHUNK);
		for (; text < end && (unsigned char)*text >= 0x20 && *text != '"' && *text != '\\';
		     text++)
			*at++ = *text;
		if (text < end)
			at = put_escape(at, *text++);
	}
	out->length = (size_t)(at - out->text);
}

/* ---- values ---- */

static void put_string(struct exact_text *out, const char *text, size_t length)
{
	exact_put(out, "\"", 1);
	exact_put_escaped(out, text, length);
	exact_put(out, "\"", 1);
}

static void put_value_string(struct exact_text *out, const json_t *value)
{
	const char *text = json_string_value(value);
	size_t length = json_string_length(value);

	if (length && !*text && exact_carried(value, 'n')) {
		exact_put(out, text + 2, length - 2);
	} else if (length && !*text && exact_carried(value, 's')) {
		exact_put(out, "\"", 1);
		exact_put(out, text + 2, length - 2);
		exact_put(out, "\"", 1);
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
	exact_put(out, "\"", 1);
	exact_put(out, key + 1, strlen(key + 1));
	exact_put(out, "\"", 1);
}

/* No parsed number is one of jansson's doubles, but one that rosterfs makes itself may be. */
static void put_real(struct exact_text *out, double number)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	exact_put(out, text, strlen(text));
	if (!strpbrk(text, ".e"))
		exact_put(out, ".0", 2);
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
	exact_put(out, at, (size_t)(digits + sizeof(digits) - at));
}

static void begin_line(struct exact_text *out, unsigned flags, size_t depth)
{
	if (!(flags & EXACT_INDENT) || !exact_reserve(out, 1 + 2 * depth))
		return;
	out->text[out->length++] = '\n';
	memset(out->text + out->length, ' ', 2 * depth);
	out->length += 2 * depth;
}

static void put_value(struct exact_text *out, const json_t *value, unsigned flags, size_t depth);

static void put_array(struct exact_text *out, const json_t *array, unsigned flags, size_t depth)
{
	size_t count = json_array_size(array);

	exact_put(out, "[", 1);
	for (size_t i = 0; i < count; i++) {
		if (i)
			exact_put(out, ",", 1);
		begin_line(out, flags, depth + 1);
		put_value(out, json_array_get(array, i), flags, depth + 1);
	}
	if (count)
		begin_line(out, flags, depth);
	exact_put(out, "]", 1);
}

static void put_member(struct exact_text *out, const char *key, const json_t *value, unsigned flags,
		       size_t depth)
{
	begin_line(out, flags, depth);
	put_key(out, key);
	exact_put(out, ": ", flags & EXACT_INDENT ? 2 : 1);
	put_value(out, value, flags, depth);
}

static int compare_keys(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* The keys of OBJECT by their order, COUNT of them; the caller frees. NULL: no memory. */
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
	qsort(keys, count, sizeof(*keys), compare_keys);
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
			exact_put(out, ",", 1);
		put_member(out, keys[i], json_object_get(object, keys[i]), flags, depth);
	}
	free(keys);
}

static void put_object(struct exact_text *out, const json_t *object, unsigned flags, size_t depth)
{
	json_t *iterable = (json_t *)(uintptr_t)object;
	void *member = json_object_iter(iterable);

	exact_put(out, "{", 1);
	if (flags & EXACT_SORT) {
		put_sorted(out, object, flags, depth + 1);
	} else {
		for (void *at = member; at; at = json_object_iter_next(iterable, at)) {
			if (at != member)
				exact_put(out, ",", 1);
			put_member(out, json_object_iter_key(at), json_object_iter_value(at), flags,
				   depth + 1);
		}
	}
	if (member)
		begin_line(out, flags, depth);
	exact_put(out, "}", 1);
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
		exact_put(out, "true", 4);
		break;
	case JSON_FALSE:
		exact_put(out, "false", 5);
		break;
	default:
		exact_put(out, "null", 4);
		break;
	}
}

int exact_print(struct exact_text *out, const json_t *value, unsigned flags)
{
	put_value(out, value, flags, 0);
	if (flags & EXACT_NEWLINE)
		exact_put(out, "\n", 1);
	return out->text ? 0 : -ENOMEM;
}

char *exact_dump(const json_t *value, unsigned flags)
{
	struct exact_text out = {0};

	if (!value || exact_print(&out, value, flags))
		return NULL;
	exact_put(&out, "", 1);
	return out.text;
}
