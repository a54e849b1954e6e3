/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact.c - see exact.h: carried values, comparisons, words.
 *
 * Numbers are compared by their decimal digits, not as doubles: whether two numbers round to the
 * same double is another matter (exact_is_rounded).
 */
#include "vendors/json/exact.h"

#include "vendors/base/hash.h"
#include "vendors/json/exact_text.h"

#include <ctype.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xFFFD /* what tools write in place of an invalid character */

const char *exact_carried(const json_t *value, char kind)
{
	const char *text = json_is_string(value) ? json_string_value(value) : NULL;

	return text && !text[0] && json_string_length(value) > 1 && text[1] == kind ? text + 2
										    : NULL;
}

const char *exact_number(const json_t *value)
{
	return exact_carried(value, 'n');
}

const char *exact_string(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && !*text && json_string_length(value) ? NULL : text;
}

bool exact_is_number(const json_t *value)
{
	return json_is_number(value) || exact_number(value);
}

bool exact_is_string(const json_t *value)
{
	return json_is_string(value) && !exact_number(value);
}

/* ---- decimals ---- */

/* A number: its digits from the first to the last that is not 0, and the power of ten of the last.
 */
struct decimal {
	const char *first, *end; /* a `.` may stand between them; equal: the number is 0 */
	long long exponent;
	bool minus;
};

/* Return the exponent that is written at TEXT, after the `e`, limited to 10^16. */
static long long read_exponent(const char *text)
{
	const long long most = 1000000000000000;
	bool minus = *text == '-';
	long long exponent = 0;

	for (text += minus || *text == '+'; isdigit((unsigned char)*text); text++) {
		if (exponent < most)
			exponent = exponent * 10 + (*text - '0');
	}
	return minus ? -exponent : exponent;
}

static struct decimal read_decimal(const char *text)
{
	struct decimal decimal = {.minus = *text == '-'};
	const char *last = NULL, *point = NULL;
	long long after_last = 0; /* digits before the point and after the last that is not 0 */
	long long behind = 0;     /* digits after the point, up to that one */

	for (text += decimal.minus; *text && *text != 'e' && *text != 'E'; text++) {
		if (*text == '.') {
			point = text;
			continue;
		}
		if (*text != '0') {
			if (!last)
				decimal.first = text;
			last = text;
			after_last = 0;
			behind = point ? text - point : 0;
		} else if (!point) {
			after_last++;
		}
	}
	if (!last)
		return (struct decimal){.first = text, .end = text};
	decimal.end = last + 1;
	decimal.exponent = after_last - behind + (*text ? read_exponent(text + 1) : 0);
	return decimal;
}

/* Return the characters of NUMBER, in BUFFER (40 bytes) if it is not carried. */
static const char *number_text(const json_t *number, char *buffer)
{
	const char *text = exact_number(number);

	if (text)
		return text;
	if (json_is_integer(number))
		snprintf(buffer, 40, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
	else
		snprintf(buffer, 40, "%.17g", json_real_value(number));
	return buffer;
}

static bool same_decimal(const struct decimal *a, const struct decimal *b)
{
	const char *at = a->first, *other = b->first;

	if (a->minus != b->minus || a->exponent != b->exponent)
		return false;
	for (;; at++, other++) {
		at += at < a->end && *at == '.';
		other += other < b->end && *other == '.';
		if (at == a->end || other == b->end)
			return at == a->end && other == b->end;
		if (*at != *other)
			return false;
	}
}

static bool same_integer_real(json_int_t integer, double real)
{
	/* not as doubles: 9007199254740993 and 9007199254740992.0 differ */
	if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0))
		return false;
	return (double)(json_int_t)real == real && (json_int_t)real == integer;
}

bool exact_same_number(const json_t *a, const json_t *b)
{
	char left[40], right[40];
	struct decimal x, y;

	if (json_is_integer(a) && json_is_integer(b))
		return json_integer_value(a) == json_integer_value(b);
	if (json_is_real(a) && json_is_real(b))
		return json_real_value(a) == json_real_value(b);
	if (json_is_integer(a) && json_is_real(b))
		return same_integer_real(json_integer_value(a), json_real_value(b));
	if (json_is_real(a) && json_is_integer(b))
		return same_integer_real(json_integer_value(b), json_real_value(a));
	x = read_decimal(number_text(a, left));
	y = read_decimal(number_text(b, right));
	return same_decimal(&x, &y);
}

uint64_t exact_hash_number(const json_t *number)
{
	uint64_t hash = HASH_START;
	char buffer[40];
	struct decimal decimal = read_decimal(number_text(number, buffer));

	for (const char *at = decimal.first; at < decimal.end; at++) {
		if (*at != '.')
			hash = hash_bytes(hash, at, 1);
	}
	hash = hash_bytes(hash, &decimal.exponent, sizeof(decimal.exponent));
	return hash_bytes(hash, &decimal.minus, sizeof(decimal.minus));
}

/* ---- what other tools make of values ---- */

/* Return NUMBER as a double; beyond the range of doubles the largest one, as jq does. */
static double rounded(const json_t *number)
{
	char buffer[40];
	double real;

	if (json_is_integer(number))
		return (double)json_integer_value(number);
	real = strtod(number_text(number, buffer), NULL);
	if (isinf(real))
		return real > 0 ? DBL_MAX : -DBL_MAX;
	return real;
}

/* How half a surrogate pair is written. */
enum half {
	HALF_WORDS,    /* as it is written: \ud83d */
	HALF_REPLACED, /* U+FFFD */
	HALF_KEPT,     /* the three bytes that UTF-8 would have; no other character has them */
};

/*
 * Write the next character of the carried string at *TEXT as UTF-8 to CHARACTER (8 bytes), half a
 * surrogate pair as HOW says, and move *TEXT behind it. Returns its length.
 */
static size_t exact_take_character(const char **text, enum half how, char *character)
{
	static const char from[] = "\"\\bfnrt", to[] = "\"\\\b\f\n\r\t";
	const char *at = *text;
	char digits[5] = "";
	long unit;

	*text += 1;
	if (*at != '\\') {
		*character = *at;
		return 1;
	}
	*text += 1;
	if (at[1] != 'u') {
		*character = to[strchr(from, at[1]) - from];
		return 1;
	}
	*text += 4;
	memcpy(digits, at + 2, 4);
	unit = strtol(digits, NULL, 16);
	if (unit < 0xD800) {
		*character = (char)unit; /* a control character */
		return 1;
	}
	if (how == HALF_WORDS)
		return (size_t)snprintf(character, 8, "\\u%s", digits);
	return exact_text_utf8(how == HALF_KEPT ? (int)unit : REPLACEMENT, character);
}

/* Return the text of string VALUE, *LENGTH bytes, with halves of surrogate pairs kept. The caller
 * frees it. NULL: no memory. */
static char *kept_text(const json_t *value, size_t *length)
{
	const char *text = exact_carried(value, 's');
	char *kept = malloc(json_string_length(value) + 8), *end = kept;

	*length = json_string_length(value);
	if (!kept || !text)
		return kept ? memcpy(kept, json_string_value(value), *length) : NULL;
	while (*text)
		end += exact_take_character(&text, HALF_KEPT, end);
	*length = (size_t)(end - kept);
	return kept;
}

/*
 * Return true if TEXT and FROM, both of LENGTH bytes, are equal except for U+FFFD in place of some
 * halves of surrogate pairs, which has three bytes too. No tool writes another half in its place.
 */
static bool same_but_halves(const char *text, const char *from, size_t length)
{
	char replacement[4];

	exact_text_utf8(REPLACEMENT, replacement);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == from[i])
			continue;
		if ((unsigned char)from[i] != 0xED || length - i < 3 ||
		    (unsigned char)from[i + 1] < 0xA0 || memcmp(text + i, replacement, 3) != 0)
			return false;
		i += 2;
	}
	return true;
}

static bool is_replaced(const json_t *value, const json_t *original)
{
	size_t length, wanted;
	char *text = kept_text(value, &length), *from = kept_text(original, &wanted);
	bool same = text && from && length == wanted && same_but_halves(text, from, length);

	free(text);
	free(from);
	return same;
}

/*
 * Return true if NUMBER is what a tool prints for REAL: with the fewest digits that read back as
 * REAL (JavaScript and jq append zeros), with 16 or 17 digits, or as a whole number.
 */
static bool is_print_of(const json_t *number, double real)
{
	char own[40], text[400];
	struct decimal x = read_decimal(number_text(number, own)), y;

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, real);
		y = read_decimal(text);
		if (strtod(text, NULL) == real && same_decimal(&x, &y))
			return true;
	}
	snprintf(text, sizeof(text), "%.0f", real);
	y = read_decimal(text);
	return strtod(text, NULL) == real && same_decimal(&x, &y);
}

/* Return true if NUMBER is beyond the range of doubles, for which JavaScript writes null. */
static bool is_beyond_range(const json_t *number)
{
	const char *text = exact_number(number);

	return text && isinf(strtod(text, NULL));
}

bool exact_is_rounded(const json_t *value, const json_t *original)
{
	if (json_is_null(value))
		return is_beyond_range(original);
	if (exact_is_number(value) && exact_is_number(original)) {
		double real = rounded(original);

		return rounded(value) == real && !exact_same_number(value, original) &&
		       is_print_of(value, real);
	}
	return exact_is_unpaired(original) && exact_is_string(value) &&
	       !json_equal(value, original) && is_replaced(value, original);
}

/* Return true if TEXT, JSON between quotes, has half a surrogate pair. Complete pairs are written
 * as UTF-8. */
static bool has_half(const char *text)
{
	while ((text = strchr(text, '\\'))) {
		if (text[1] == 'u' && (text[2] == 'd' || text[2] == 'D'))
			return true;
		text += 2;
	}
	return false;
}

bool exact_is_unpaired(const json_t *value)
{
	const char *text = exact_carried(value, 's');

	return text && has_half(text);
}

bool exact_is_unpaired_key(const char *key)
{
	return *key == EXACT_KEY_MARK && has_half(key + 1);
}

char *exact_key_replaced(const char *key)
{
	const char *text = key + (*key == EXACT_KEY_MARK);
	char *replaced = strdup(key), *end = replaced;

	if (!replaced || text == key)
		return replaced;
	while (*text) {
		end += exact_take_character(&text, HALF_REPLACED, end);
		if (!end[-1]) { /* it has a NUL, and must stay carried */
			memcpy(replaced, key, strlen(key) + 1);
			return replaced;
		}
	}
	*end = '\0';
	return replaced;
}

const char *exact_key_words(const char *key)
{
	return *key == EXACT_KEY_MARK ? key + 1 : key;
}

char *exact_string_words(const json_t *value)
{
	const char *text = exact_carried(value, 's');
	size_t length = json_string_length(value), end = 0;
	char *words;

	if (!exact_is_string(value))
		return NULL;
	words = malloc(length + 8);
	if (!words)
		return NULL;
	if (text) {
		while (*text)
			end += exact_take_character(&text, HALF_WORDS, words + end);
	} else {
		memcpy(words, json_string_value(value), length);
		end = length;
	}
	words[end] = '\0';
	for (size_t i = 0; i < end; i++) {
		if ((unsigned char)words[i] < 0x20 || words[i] == 0x7f)
			words[i] = ' ';
	}
	return words;
}

char *exact_string_bytes(const json_t *value, size_t *length)
{
	return exact_is_string(value) ? kept_text(value, length) : NULL;
}
