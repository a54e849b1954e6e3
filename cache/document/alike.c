/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alike.c - see alike.h.
 *
 * Texts are compared character by character, in lower case. This file does not know what a field is
 * for, so it never takes two values for the same that a person would tell apart.
 */
#include "cache/document/alike.h"

#include "cache/document/merge.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_print.h"

#include <stdint.h>
#include <stdlib.h>
#include <unicase.h>
#include <unistr.h>

/* Return the character at *TEXT, which is UTF-8, in lower case, and move *TEXT behind it. */
static ucs4_t next_letter(const char **text)
{
	const uint8_t *at = (const uint8_t *)*text;
	ucs4_t letter = *at;
	int length = u8_strmbtouc(&letter, at);

	*text += length > 0 ? length : 1;
	return uc_tolower(letter);
}

/* Return true if LETTER is a blank or invisible. */
static bool is_blank(ucs4_t letter)
{
	return letter == ' ' || (letter >= '\t' && letter <= '\r') || letter == 0xA0 ||
	       (letter >= 0x2000 && letter <= 0x200F) || letter == 0x202F || letter == 0x2060 ||
	       letter == 0x3000 || letter == 0xFEFF;
}

/* Return where TEXT begins without blanks, and set *END to where it ends without them. */
static const char *alike_trim(const char *text, const char **end)
{
	const char *begin = NULL, *at = text;

	*end = text;
	while (*at) {
		const char *letter = at;

		if (is_blank(next_letter(&at)))
			continue;
		if (!begin)
			begin = letter;
		*end = at;
	}
	return begin ? begin : text;
}

static bool same_text(const char *a, const char *b)
{
	const char *a_end, *b_end;

	a = alike_trim(a, &a_end);
	b = alike_trim(b, &b_end);
	while (a < a_end && b < b_end) {
		if (next_letter(&a) != next_letter(&b))
			return false;
	}
	return a >= a_end && b >= b_end;
}

/* Return true if VALUE is nothing, null, or a text without a visible character. */
static bool is_empty(const json_t *value)
{
	const char *text = exact_string(value), *end;

	return !value || json_is_null(value) || (text && alike_trim(text, &end) == end);
}

/* Return true if TEXT is how SCALAR, a number or a boolean, is written. */
static bool is_written(const char *text, const json_t *scalar)
{
	char *written = exact_is_number(scalar) || json_is_boolean(scalar)
			    ? exact_print_text(scalar, 0)
			    : NULL;
	bool same = written && same_text(text, written);

	free(written);
	return same;
}

static bool alike_arrays(const json_t *wanted, const json_t *made)
{
	size_t count = json_array_size(wanted);

	if (!json_is_array(made) || json_array_size(made) != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!alike(json_array_get(wanted, i), json_array_get(made, i)))
			return false;
	}
	return true;
}

static bool alike_objects(const json_t *wanted, const json_t *made)
{
	const char *name;
	json_t *value;

	if (!json_is_object(made))
		return false;
	json_object_foreach((json_t *)(uintptr_t)wanted, name, value) {
		if (!alike(value, json_object_get(made, name)))
			return false;
	}
	return true;
}

bool alike(const json_t *wanted, const json_t *made)
{
	const char *a = exact_string(wanted), *b = exact_string(made);

	if (is_empty(wanted) || is_empty(made))
		return is_empty(wanted) && is_empty(made);
	if (a && b)
		return same_text(a, b);
	if (a || b)
		return is_written(a ? a : b, a ? made : wanted);
	if (json_is_array(wanted))
		return alike_arrays(wanted, made);
	if (json_is_object(wanted))
		return alike_objects(wanted, made);
	return merge_same(wanted, made);
}

void alike_remove(json_t *wanted, const json_t *made)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(wanted, next, name, value) {
		const json_t *there = json_object_get(made, name);

		if (alike(value, there))
			json_object_del(wanted, name);
		else if (json_is_object(value) && json_is_object(there))
			alike_remove(value, there);
	}
}
