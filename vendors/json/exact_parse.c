/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_parse.c - see exact_parse.h.
 *
 * A scan looks for tokens that jansson would not keep. Most texts have none, and go to jansson
 * unchanged. Of the others, a copy is made in which each such token is a string that carries it
 * (exact.h). The scan reads every byte of every roster, so it takes eight bytes of a string at a
 * time and knows no grammar. What is not JSON is copied unchanged, and jansson refuses it.
 */
#include "vendors/json/exact_parse.h"

#include "vendors/json/exact.h"
#include "vendors/json/exact_bytes.h"
#include "vendors/json/exact_text.h"
#include "vendors/json/json_heap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_INTEGER 18 /* digits that always fit into 64 bits */

/* ---- tokens ---- */

static bool exact_parse_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

const char *exact_parse_string_end(const char *at, const char *end, bool *escaped)
{
	*escaped = false;
	for (;;) {
		size_t before = EXACT_BYTES;

		while (before == EXACT_BYTES && end - at >= (ptrdiff_t)EXACT_BYTES) {
			before = exact_bytes_before_special(at);
			at += before;
		}
		while (at < end && *at != '"' && *at != '\\')
			at++;
		if (end - at < 2 || *at == '"')
			return at < end && *at == '"' ? at : end;
		*escaped = true;
		at += 2;
	}
}

const char *exact_parse_number_end(const char *at, const char *end, bool *whole)
{
	*whole = true;
	for (; at < end; at++) {
		if (exact_parse_is_digit(*at) || *at == '-')
			continue;
		if (*at != '.' && *at != 'e' && *at != 'E' && *at != '+')
			break;
		*whole = false;
	}
	return at;
}

bool exact_parse_is_number(const char *at, size_t length)
{
	const char *end = at + length;

	at += at < end && *at == '-';
	if (at < end && *at == '0')
		at++;
	else if (at < end && exact_parse_is_digit(*at))
		while (at < end && exact_parse_is_digit(*at))
			at++;
	else
		return false;
	if (at < end && *at == '.') {
		if (++at == end || !exact_parse_is_digit(*at))
			return false;
		while (at < end && exact_parse_is_digit(*at))
			at++;
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		at += at < end && (*at == '-' || *at == '+');
		if (at == end)
			return false;
		while (at < end && exact_parse_is_digit(*at))
			at++;
	}
	return at == end;
}

/* Return true if jansson keeps the whole number of LENGTH characters at AT. */
static bool is_plain_integer(const char *at, size_t length)
{
	char text[24];

	if (length == 2 && at[0] == '-' && at[1] == '0')
		return false;
	if (length <= LONG_INTEGER)
		return true;
	if (length >= sizeof(text))
		return false;
	memcpy(text, at, length);
	text[length] = '\0';
	errno = 0;
	strtoll(text, NULL, 10);
	return errno == 0;
}

/* Return true if the number of LENGTH characters at AT, WHOLE or not, must be carried. */
static bool is_carried_number(const char *at, size_t length, bool whole)
{
	return (!whole || !is_plain_integer(at, length)) && exact_parse_is_number(at, length);
}

/* Return the number of four hex digits at AT, or -1. */
static int unit_at(const char *at, const char *end)
{
	int unit = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = at[i], lower = (char)(c | 0x20);

		if (exact_parse_is_digit(c))
			unit = unit * 16 + c - '0';
		else if (lower >= 'a' && lower <= 'f')
			unit = unit * 16 + lower - 'a' + 10;
		else
			return -1;
	}
	return unit;
}

int exact_parse_take_escape(const char **at, const char *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *known;
	int unit, low;

	if (end - *at < 2)
		return -1;
	if ((*at)[1] != 'u') {
		known = (*at)[1] ? strchr(from, (*at)[1]) : NULL;
		*at += 2;
		return known ? to[known - from] : -1;
	}
	unit = unit_at(*at + 2, end);
	if (unit < 0)
		return -1;
	*at += 6;
	if (unit < 0xD800 || unit > 0xDBFF || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return unit;
	low = unit_at(*at + 2, end);
	if (low < 0xDC00 || low > 0xDFFF)
		return unit;
	*at += 6;
	return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

static bool exact_parse_is_half(int character)
{
	return character >= 0xD800 && character <= 0xDFFF;
}

/* Return true if the string from AT to its quote at END, which has an escape, must be carried. */
static bool is_carried_string(const char *at, const char *end, bool key)
{
	const char *begin = at;
	bool carried = false;

	while ((at = memchr(at, '\\', (size_t)(end - at)))) {
		bool first = at == begin;
		int c = exact_parse_take_escape(&at, end);

		if (c < 0)
			return false;
		if (exact_parse_is_half(c) || (c == 0 && (first || key)) ||
		    (c == EXACT_KEY_MARK && first && key))
			carried = true;
	}
	return carried;
}

/* ---- the scan ---- */

bool exact_parse_is_key(const char *at, const char *end)
{
	for (at++; at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'); at++)
		;
	return at < end && *at == ':';
}

static const unsigned char token_begins[256] = {
    ['"'] = 1, ['-'] = 2, ['0'] = 2, ['1'] = 2, ['2'] = 2, ['3'] = 2,
    ['4'] = 2, ['5'] = 2, ['6'] = 2, ['7'] = 2, ['8'] = 2, ['9'] = 2,
};

/*
 * Return the first token from AT on that must be carried, and its end in *TOKEN_END (of a string:
 * after its quote); or END.
 */
static const char *find_carried(const char *at, const char *end, const char **token_end)
{
	while (at < end) {
		unsigned char kind = token_begins[(unsigned char)*at];
		const char *begin = at;
		bool flag;

		if (!kind) {
			at++;
		} else if (kind == 1) {
			at = exact_parse_string_end(at + 1, end, &flag);
			if (flag && at < end &&
			    is_carried_string(begin + 1, at, exact_parse_is_key(at, end))) {
				*token_end = at + 1;
				return begin;
			}
			at++;
		} else {
			at = exact_parse_number_end(at, end, &flag);
			if ((!flag || *begin == '-' || at - begin > LONG_INTEGER) &&
			    is_carried_number(begin, (size_t)(at - begin), flag)) {
				*token_end = at;
				return begin;
			}
		}
	}
	return end;
}

/* ---- the copy ---- */

/* Append LENGTH bytes of TEXT, which is JSON, as they are written in a JSON string. */
static void put_twice(struct exact_text *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			exact_text_put(out, "\\", 1);
		exact_text_put(out, &text[i], 1);
	}
}

static void put_character(struct exact_text *out, int c)
{
	char text[8];
	size_t length;

	if (exact_parse_is_half(c)) {
		length = (size_t)snprintf(text, sizeof(text), "\\u%04x", (unsigned)c);
	} else if (c < 0x80) {
		char plain = (char)c;
		struct exact_text escaped = {.text = text, .room = sizeof(text)};

		exact_text_put_escaped(&escaped, &plain, 1);
		length = escaped.length;
	} else {
		length = exact_text_utf8(c, text);
	}
	put_twice(out, text, length);
}

/* Append a string that carries the string from AT to its quote at END. */
static void put_carried_string(struct exact_text *out, const char *at, const char *end, bool key)
{
	const char *mark = key ? "\"\\u001a" : "\"\\u0000s";

	exact_text_put(out, mark, strlen(mark));
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));

		/* what is not escaped is written the same in JSON within JSON */
		exact_text_put(out, at, (size_t)((escape ? escape : end) - at));
		if (!escape)
			break;
		at = escape;
		put_character(out, exact_parse_take_escape(&at, end));
	}
	exact_text_put(out, "\"", 1);
}

/*
 * Append to OUT a copy of the text from AT to END for jansson. The first token that must be carried
 * is at FIRST and ends at TOKEN_END. Stops once OUT has LIMIT bytes. Returns where that is in the
 * text, so that a position in the copy becomes one in the text.
 */
static const char *rewrite(struct exact_text *out, const char *at, const char *first,
			   const char *token_end, const char *end, size_t limit)
{
	while (first < end && out->text) {
		if (out->length + (size_t)(first - at) >= limit)
			break;
		exact_text_put(out, at, (size_t)(first - at));
		if (*first == '"') {
			put_carried_string(out, first + 1, token_end - 1,
					   exact_parse_is_key(token_end - 1, end));
		} else {
			exact_text_put(out, "\"\\u0000n", 8);
			exact_text_put(out, first, (size_t)(token_end - first));
			exact_text_put(out, "\"", 1);
		}
		at = token_end;
		if (out->length >= limit)
			return first;
		first = find_carried(at, end, &token_end);
	}
	if (limit != SIZE_MAX)
		return limit - out->length < (size_t)(end - at) ? at + (limit - out->length) : end;
	exact_text_put(out, at, (size_t)(end - at));
	return end;
}

/* ---- parsing ---- */

static void place(struct exact_parse_error *error, const char *text, size_t position)
{
	error->position = position;
	error->line = 1;
	error->column = position;
	for (size_t i = 0; i < position; i++) {
		if (text[i] == '\n') {
			error->line++;
			error->column = position - i - 1;
		}
	}
}

static void exact_parse_explain(struct exact_parse_error *error, const json_error_t *from)
{
	/* what jansson quotes after "near" may be personal data */
	const char *near = strstr(from->text, " near ");
	int length = near ? (int)(near - from->text) : (int)strlen(from->text);

	snprintf(error->words, sizeof(error->words), "%.*s", length, from->text);
	error->no_memory = false;
}

static json_t *exact_parse_fail(struct exact_parse_error *error, const char *text, size_t position,
				const char *words)
{
	if (error) {
		snprintf(error->words, sizeof(error->words), "%s", words);
		error->no_memory = false;
		place(error, text, position);
	}
	return NULL;
}

static json_t *exact_parse_starve(struct exact_parse_error *error)
{
	json_heap_starve(); /* for callers without an error */
	if (error)
		*error = (struct exact_parse_error){.words = "out of memory",
						    .no_memory = true,
						    .line = 1};
	return NULL;
}

/* Make in *COPY the text that jansson reads; all zero: jansson can read TEXT itself. False: no
 * memory.
 */
static bool make_copy(const char *text, size_t length, struct exact_text *copy)
{
	const char *end = text + length, *token_end = end;
	const char *first = find_carried(text, end, &token_end);

	memset(copy, 0, sizeof(*copy));
	if (first == end)
		return true;
	if (!exact_text_reserve(copy, length + length / 8 + 64))
		return false;
	rewrite(copy, text, first, token_end, end, SIZE_MAX);
	return copy->text;
}

/* Return where in TEXT is what is at POSITION in its copy. */
static size_t exact_parse_original(const char *text, size_t length, size_t position)
{
	const char *end = text + length, *token_end = end;
	const char *first = find_carried(text, end, &token_end);
	struct exact_text copy = {0};
	size_t found = 0;

	if (exact_text_reserve(&copy, 64))
		found = (size_t)(rewrite(&copy, text, first, token_end, end, position) - text);
	free(copy.text);
	return found;
}

json_t *exact_parse(const char *text, size_t length, unsigned flags,
		    struct exact_parse_error *error)
{
	size_t how = JSON_ALLOW_NUL | (flags & EXACT_PARSE_ANY ? JSON_DECODE_ANY : 0) |
		     (flags & EXACT_PARSE_NO_REPEATS ? JSON_REJECT_DUPLICATES : 0);
	const char *zero;
	struct exact_text copy;
	json_error_t from;
	json_t *value;
	bool before;

	if (!length)
		text = "";
	zero = memchr(text, '\0', length);
	/* jansson skips a NUL after a number */
	if (zero)
		return exact_parse_fail(error, text, (size_t)(zero - text), "zero byte");
	if (!make_copy(text, length, &copy))
		return exact_parse_starve(error);
	json_heap_charge(copy.length);
	before = json_heap_starved();
	value = copy.text ? json_loadb(copy.text, copy.length, how, &from)
			  : json_loadb(text, length, how, &from);
	if (!value && json_heap_starved()) {
		free(copy.text);
		return exact_parse_starve(error);
	}
	if (before)
		json_heap_starve();
	if (!value && error) {
		size_t position = from.position > 0 ? (size_t)from.position : 0;

		exact_parse_explain(error, &from);
		place(error, text,
		      copy.text ? exact_parse_original(text, length, position) : position);
	}
	if (copy.text && json_heap_wipes())
		explicit_bzero(copy.text, copy.length);
	free(copy.text);
	return value;
}
