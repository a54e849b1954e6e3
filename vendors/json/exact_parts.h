/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_parts.h - private to exact*.c: the marks of what is carried, and text that grows.
 */
#ifndef ROSTERFS_EXACT_PARTS_H
#define ROSTERFS_EXACT_PARTS_H

#include "vendors/json/exact.h"

#include <string.h>

#define EXACT_KEY_MARK 0x1a
#define EXACT_CHUNK sizeof(uint64_t)

#define EXACT_ONES 0x0101010101010101u
#define EXACT_TOPS 0x8080808080808080u

/* Is any of the eight bytes in WORD zero? May be wrong only if one of them is. */
static inline uint64_t exact_zeros(uint64_t word)
{
	return (word - EXACT_ONES) & ~word & EXACT_TOPS;
}

/* Is any of the eight bytes at TEXT a quote or a backslash? */
static inline bool exact_has_special(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return exact_zeros(word ^ EXACT_ONES * '"') | exact_zeros(word ^ EXACT_ONES * '\\');
}

/* The same, or a control character. */
static inline bool exact_must_escape(const char *text)
{
	uint64_t word;

	memcpy(&word, text, sizeof(word));
	return ((word - EXACT_ONES * 0x20) & ~word & EXACT_TOPS) |
	       exact_zeros(word ^ EXACT_ONES * '"') | exact_zeros(word ^ EXACT_ONES * '\\');
}

/* Is VALUE carried as KIND ('n', 's')? Then that is its text, else NULL. */
static inline const char *exact_carried(const json_t *value, char kind)
{
	const char *text = json_is_string(value) ? json_string_value(value) : NULL;

	return text && !text[0] && json_string_length(value) > 1 && text[1] == kind ? text + 2
										    : NULL;
}

/* ---- tokens, in exact_parse.c ---- */

/* The end of the string whose first character is at AT: its quote, or END. *ESCAPED: it has a `\`.
 */
const char *exact_string_end(const char *at, const char *end, bool *escaped);

/* Is what follows the string that ends at AT (its quote) a colon? */
bool exact_is_key(const char *at, const char *end);

/* The end of the number that begins at AT. *WHOLE: it has no fraction and no exponent. */
const char *exact_number_end(const char *at, const char *end, bool *whole);

/* Is the number of LENGTH characters at AT one by JSON's grammar? Otherwise jansson refuses it. */
bool exact_is_number_text(const char *at, size_t length);

/*
 * Decode the escape at *AT (its `\`), which moves on behind it. Returns the character, a lone half
 * of a surrogate pair as such, or -1: it is no escape of JSON.
 */
int exact_take_escape(const char **at, const char *end);

/* ---- text that grows, in exact_print.c ---- */

/* Make room for LENGTH bytes more. False: no memory; TEXT is NULL then. */
bool exact_reserve(struct exact_text *out, size_t length);

/* Append LENGTH bytes. Without memory OUT's text is NULL afterwards, and stays so. */
void exact_put(struct exact_text *out, const char *text, size_t length);

/* Append LENGTH bytes as what stands for them between the quotes of a JSON string. */
void exact_put_escaped(struct exact_text *out, const char *text, size_t length);

/* Write CHARACTER as UTF-8 into TEXT (at least 4 bytes). Returns its length. */
size_t exact_utf8(int character, char *text);

#endif
