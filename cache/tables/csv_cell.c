/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_cell.c - see csv_cell.h.
 *
 * A spreadsheet runs what begins with =, +, - or @, and some drop a control character that stands
 * before it, or take the full-width forms for the same characters. An apostrophe makes it a text.
 */
#include "cache/tables/csv_cell.h"

#include "vendors/json/exact_bytes.h"
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

/* What a formula begins with, besides control characters; full-width forms have more bytes. */
static const bool formula_begins[256] = {
    ['='] = true, ['+'] = true, ['-'] = true, ['@'] = true, [0xef] = true,
};

static bool is_wide(const char *text, size_t length)
{
	static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
					   "\xef\xbc\xa0"};

	for (size_t i = 0; length >= 3 && i < sizeof(wide) / sizeof(*wide); i++) {
		if (memcmp(text, wide[i], 3) == 0)
			return true;
	}
	return false;
}

static bool must_guard(const char *text, size_t length, const struct table_style *style)
{
	unsigned char first = length ? (unsigned char)*text : ' ';

	if (!style->guard || (first >= ' ' && !formula_begins[first]))
		return false;
	if (first == 0xef)
		return is_wide(text, length);
	return !csv_cell_is_number(text, length) && !is_phone(text, length);
}

/* ---- quotes ---- */

/* Return non-zero if one of the bytes in WORD is C. */
static uint64_t word_has(uint64_t word, char c)
{
	return exact_bytes_zeros(word ^ EXACT_BYTES_ONES * (unsigned char)c);
}

/* Return true if TEXT must stand in quotes. */
static bool must_quote(const char *text, size_t length)
{
	uint64_t found = 0, word;

	for (size_t i = 0; length < EXACT_BYTES && i < length; i++)
		found |= text[i] == '"' || text[i] == ',' || text[i] == '\n' || text[i] == '\r';
	/* eight bytes at a time; the last eight may overlap with those before them */
	for (size_t i = 0; length >= EXACT_BYTES && i < length; i += EXACT_BYTES) {
		memcpy(&word, text + (length - i < EXACT_BYTES ? length - EXACT_BYTES : i),
		       EXACT_BYTES);
		found |= word_has(word, '"') | word_has(word, ',') | word_has(word, '\n') |
			 word_has(word, '\r');
	}
	return found;
}

static size_t count_quotes(const char *text, size_t length)
{
	size_t quotes = 0;

	for (size_t i = 0; i < length; i++)
		quotes += text[i] == '"';
	return quotes;
}

int csv_cell_begin(struct table_out *out, const struct table_style *style)
{
	static const char mark[] = "\xef\xbb\xbf";

	return style->bom ? table_out_add(out, mark, strlen(mark)) : 0;
}

int csv_cell_end_row(struct table_out *out)
{
	return table_out_add(out, CSV_CELL_LINE_END, strlen(CSV_CELL_LINE_END));
}

int csv_cell_add(struct table_out *out, const char *text, size_t length,
		 const struct table_style *style)
{
	bool quoted = must_quote(text, length);
	size_t quotes = quoted ? count_quotes(text, length) : 0;
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
	size_t marks = must_quote(text, length) ? count_quotes(text, length) + 2 : 0;

	return length + marks + must_guard(text, length, style);
}
