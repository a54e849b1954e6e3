/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.c - see template.h.
 *
 * A path is expanded segment by segment and parameter by parameter: a segment that a value makes
 * empty would be another path, so it fails, and one that becomes "." or ".." is escaped.
 */
#include "vendors/template/template.h"

#include "vendors/json/exact.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/exact_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An expansion under way. */
struct expansion {
	const struct template_values *values;
	struct exact_text out;
	char *why;
	size_t why_size;
};

static bool fail(struct expansion *expansion, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool fail(struct expansion *expansion, const char *format, ...)
{
	va_list args;

	if (!expansion->why_size)
		return false;
	va_start(args, format);
	vsnprintf(expansion->why, expansion->why_size, format, args);
	va_end(args);
	return false;
}

/* ---- placeholders ---- */

/* Return the length of the name of the placeholder that begins at TEXT ("{"), or 0: it is text. */
static size_t placeholder_length(const char *text)
{
	size_t length = 0;

	if (*text != '{')
		return 0;
	for (text++; (unsigned char)text[length] > 0x20 && !strchr("{}\",\x7f", text[length]);)
		length++;
	return length < TEMPLATE_NAME_MAX && text[length] == '}' ? length : 0;
}

bool template_next(const char **at, char name[TEMPLATE_NAME_MAX])
{
	const char *text = *at;

	while ((text = strchr(text, '{'))) {
		size_t length = placeholder_length(text);

		if (length) {
			memcpy(name, text + 1, length);
			name[length] = '\0';
			*at = text + length + 2;
			return true;
		}
		text++;
	}
	return false;
}

bool template_has(const char *text, const char *name)
{
	char found[TEMPLATE_NAME_MAX];

	while (text && template_next(&text, found)) {
		if (strcmp(found, name) == 0)
			return true;
	}
	return false;
}

/* ---- values ---- */

static bool is_unreserved(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-._~", c));
}

/* Append the byte C of a value as PLACE writes it. Returns NULL, or what cannot be written. */
static const char *put_byte(struct exact_text *out, enum template_place place, char c)
{
	char escaped[4];

	switch (place) {
	case TEMPLATE_PATH:
		if (is_unreserved(c))
			break;
		exact_text_put(out, escaped,
			       (size_t)snprintf(escaped, 4, "%%%02X", (unsigned)(unsigned char)c));
		return NULL;
	case TEMPLATE_FORM:
		if (c != ' ')
			return put_byte(out, TEMPLATE_PATH, c);
		c = '+';
		break;
	case TEMPLATE_HEADER:
		if ((unsigned char)c < 0x20 || c == 0x7f)
			return "a control character, which no header may have";
		break;
	case TEMPLATE_HOST:
		if (!isalnum((unsigned char)c) && c != '.' && c != '-')
			return "a character other than letters, digits, \".\" and \"-\", which no "
			       "host may have";
		break;
	default:
		break;
	}
	exact_text_put(out, &c, 1);
	return NULL;
}

/* Append VALUE, of placeholder NAME, for PLACE. */
static bool put_value(struct expansion *expansion, enum template_place place, const char *name,
		      const json_t *value)
{
	bool escaped = place == TEMPLATE_PATH || place == TEMPLATE_FORM;
	const char *text = exact_string(value), *wrong = NULL;
	char *printed = NULL;
	size_t length = text ? json_string_length(value) : 0;

	if (!text && exact_is_string(value)) {
		if (!escaped)
			return fail(expansion, "{%s} has half a surrogate pair or a zero byte",
				    name);
		text = printed = exact_string_bytes(value, &length);
		if (!text)
			return fail(expansion, "out of memory");
	}
	if (place == TEMPLATE_FORM && json_is_null(value)) {
		text = ""; /* a form has no null: the word would be stored as text */
	} else if (!text) {
		text = printed = exact_print_text(value, 0);
		if (!text)
			return fail(expansion, "out of memory");
		length = strlen(text);
	}
	if (!escaped && memchr(text, '\0', length))
		wrong = "a zero byte";
	for (size_t i = 0; i < length && !wrong; i++)
		wrong = put_byte(&expansion->out, place, text[i]);
	free(printed);
	if (!wrong && !length && place == TEMPLATE_HOST)
		return fail(expansion, "{%s} is empty, and no host may be", name);
	return !wrong || fail(expansion, "{%s} has %s", name, wrong);
}

/* Append the LENGTH bytes at TEXT for PLACE, with values for placeholders. *FILLED: a value was put
 * in. */
static bool put(struct expansion *expansion, enum template_place place, const char *text,
		size_t length, bool *filled)
{
	const char *end = text + length;

	*filled = false;
	while (text < end) {
		size_t name_length = placeholder_length(text);
		char name[TEMPLATE_NAME_MAX];
		json_t *value;
		bool done;

		if (!name_length) {
			exact_text_put(&expansion->out, text++, 1);
			continue;
		}
		memcpy(name, text + 1, name_length);
		name[name_length] = '\0';
		value = expansion->values->value(expansion->values, name);
		done = value ? put_value(expansion, place, name, value)
			     : fail(expansion, "there is no value for {%s}", name);
		json_decref(value);
		if (!done)
			return false;
		*filled = true;
		text += name_length + 2;
	}
	return true;
}

/* ---- paths and forms ---- */

/* Append the path of LENGTH bytes at TEXT. */
static bool put_path(struct expansion *expansion, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		size_t part = 0, from;
		const char *made;
		bool filled;

		while (text + part < end && text[part] != '/') {
			size_t name = placeholder_length(text + part);

			part += name ? name + 2 : 1;
		}
		from = expansion->out.length;
		if (!put(expansion, TEMPLATE_PATH, text, part, &filled))
			return false;
		length = expansion->out.length - from;
		made = expansion->out.text ? expansion->out.text + from : "";
		if (filled && !length)
			return fail(expansion, "%.*s is empty, and no name in a path may be",
				    (int)part, text);
		if (filled && length <= 2 && strncmp(made, "..", length) == 0) {
			/* these two are no names in a path */
			expansion->out.length = from;
			exact_text_put(&expansion->out, "%2E%2E", 3 * length);
		}
		text += part;
		if (text < end)
			exact_text_put(&expansion->out, text++, 1);
	}
	return true;
}

/* Return true if the field of LENGTH bytes at TEXT is left out: its value is only a placeholder
 * without a value. */
static bool is_left_out(const struct expansion *expansion, const char *text, size_t length)
{
	const char *value = memchr(text, '=', length);
	char name[TEMPLATE_NAME_MAX];
	size_t name_length;
	json_t *found;

	if (!value)
		return false;
	name_length = placeholder_length(++value);
	if (!name_length || value + name_length + 2 != text + length)
		return false;
	memcpy(name, value + 1, name_length);
	name[name_length] = '\0';
	found = expansion->values->value(expansion->values, name);
	json_decref(found);
	return !found;
}

/* Append the fields at TEXT, which "&" separates, up to its end, after BEFORE. */
static bool put_fields(struct expansion *expansion, enum template_place place, const char *before,
		       const char *text)
{
	for (bool more = true; more;) {
		size_t length = 0;
		bool filled;

		while (text[length] && text[length] != '&') {
			size_t name = placeholder_length(text + length);

			length += name ? name + 2 : 1;
		}
		if (!is_left_out(expansion, text, length)) {
			exact_text_put(&expansion->out, before, strlen(before));
			if (!put(expansion, place, text, length, &filled))
				return false;
			before = "&";
		}
		more = text[length];
		text += length + more;
	}
	return true;
}

/* Return the length of TEXT up to the first of the characters STOP that is in no placeholder. */
static size_t span(const char *text, const char *stop)
{
	size_t length = 0;

	while (text[length] && !strchr(stop, text[length])) {
		size_t name = placeholder_length(text + length);

		length += name ? name + 2 : 1;
	}
	return length;
}

/* Append the URL, or path and query, TEXT. */
static bool put_url(struct expansion *expansion, const char *text)
{
	size_t length = span(text, ":/?");
	bool filled;

	if (strncmp(text + length, "://", 3) == 0) {
		length += 3 + span(text + length + 3, "/?");
		if (!put(expansion, TEMPLATE_HOST, text, length, &filled))
			return false;
		text += length;
	}
	length = span(text, "?");
	if (!put_path(expansion, text, length))
		return false;
	text += length;
	return !*text || put_fields(expansion, TEMPLATE_PATH, "?", text + 1);
}

char *template_expand(const char *text, enum template_place place,
		      const struct template_values *values, char *why, size_t why_size)
{
	struct expansion expansion = {.values = values, .why = why, .why_size = why_size};
	bool filled, done;

	if (place == TEMPLATE_PATH)
		done = put_url(&expansion, text);
	else if (place == TEMPLATE_FORM)
		done = put_fields(&expansion, place, "", text);
	else
		done = put(&expansion, place, text, strlen(text), &filled);
	exact_text_put(&expansion.out, "", 1);
	if (done && expansion.out.text)
		return expansion.out.text;
	if (done)
		fail(&expansion, "out of memory");
	if (expansion.out.text) {
		explicit_bzero(expansion.out.text, expansion.out.length);
		free(expansion.out.text);
	}
	return NULL;
}
