/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_cell.c - see csv_cell.h.
 *
 * A spreadsheet runs what begins with =, +, - or @, and some drop a tab or a line end that stands
 * before it, or take the full-width forms for the same characters. An apostrophe makes it a text.
 */
#include "cache/tables/csv_cell.h"

#include "vendors/json/exact_parse.h"

#include <string.h>

#define PHONE_DIGITS_MIN 5

/* ---- the guard ---- */

static bool csv_cell_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Return true for a number as JSON has it, or with a + before it. */
static bool csv_cell_is_number(const char *text, size_t length)
{
	size_t plus = length > 1 && *text == '+' && csv_cell_is_digit(text[1]);

	return exact_parse_is_number(text + plus, length - plus);
}

/* Return true for a phone number as people write it: +49 (89) 1234-567. */
static bool is_phone(const char *text, size_t length)
{
	size_t digits = 0;

	if (*text != '+')
		return false;
	for (size_t i = 1; i < length; i++) {
		if (csv_cell_is_digit(text[i]))
			digits++;
		else if (!text[i] || !strchr(" ().-/", text[i]))
			return false;
	}
	return digits >= PHONE_DIGITS_MIN;
}

/* Return true if a spreadsheet may run a cell that begins as TEXT does. */
static bool begins_formula(const char *text, size_t length)
{
	static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
					   "\xef\xbc\xa0"};

	switch (*text) {
	case '=':
	case '+':
	case '-':
	case '@':
	case '\t':
	case '\r':
	case '\n':
		return true;
	case '\xef':
		break;
	default:
		return false;
	}
	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++) {
		if (length >= 3 && memcmp(text, wide[i], 3) == 0)
			return true;
	}
	return false;
}

static bool must_guard(const char *text, size_t length, const struct table_style *style)
{
	return style->guard && length && begins_formula(text, length) &&
	       !csv_cell_is_number(text, length) && !is_phone(text, length);
}

/* ---- quotes ---- */

/*
 * Return true if TEXT must stand in quotes, and in *QUOTES how many are in it. A line end is a
 * part of a quoted cell.
 */
static bool must_quote(const char *text, size_t length, size_t *quotes)
{
	bool must = false;

	*quotes = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		*quotes += c == '"';
		must |= c == '"' || c == ',' || c == '\n' || c == '\r';
	}
	return must;
}

int csv_cell_add(struct table_out *out, const char *text, size_t length,
		 const struct table_style *style)
{
	size_t quotes;
	bool quoted = must_quote(text, length, &quotes);
	int error = table_out_reserve(out, length + quotes + 3);
	char *to;

	if (error)
		return error;
	to = out->text + out->length;
	if (quoted)
		*to++ = '"';
	if (must_guard(text, length, style))
		*to++ = '\'';
	for (size_t i = 0; i < length && quotes; i++) {
		if (text[i] == '"')
			*to++ = '"';
		*to++ = text[i];
	}
	if (length && !quotes) {
		memcpy(to, text, length);
		to += length;
	}
	if (quoted)
		*to++ = '"';
	out->length = (size_t)(to - out->text);
	return 0;
}

size_t csv_cell_length(const char *text, size_t length, const struct table_style *style)
{
	size_t quotes;
	size_t marks = must_quote(text, length, &quotes) ? 2 : 0;

	return length + quotes + marks + must_guard(text, length, style);
}
