/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.c - see columns.h.
 */
#include "vendors/base/columns.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

/* One character of a text. */
struct sign {
	const char *bytes;
	size_t length;
	size_t width; /* columns */
};

/* Return the first character of TEXT, which is not empty. */
static struct sign sign_of(const char *text)
{
	struct sign sign = {.bytes = text};
	ucs4_t point = 0;
	int length = u8_mbtouc(&point, (const uint8_t *)text, strlen(text));
	int width = uc_width(point, "UTF-8");

	sign.length = length > 0 ? (size_t)length : 1;
	if (width < 0 || point == 0xfffd) {
		sign.bytes = "?";
		width = 1;
	}
	sign.width = (size_t)width;
	return sign;
}

static void put(FILE *out, const struct sign *sign)
{
	if (sign->bytes[0] == '?')
		fputc('?', out);
	else
		fwrite(sign->bytes, 1, sign->length, out);
}

static size_t width_of(const char *text)
{
	size_t width = 0;

	while (*text) {
		struct sign sign = sign_of(text);

		width += sign.width;
		text += sign.length;
	}
	return width;
}

/* Print characters of *TEXT in at most WIDTH columns, and move *TEXT behind them. Returns the
 * columns. */
static size_t put_some(FILE *out, const char **text, size_t width)
{
	size_t used = 0;

	while (**text) {
		struct sign sign = sign_of(*text);

		if (used + sign.width > width)
			break;
		put(out, &sign);
		used += sign.width;
		*text += sign.length;
	}
	return used;
}

void columns_print(FILE *out, const char *text, size_t width)
{
	size_t all = width_of(text), used;

	if (all <= width) {
		used = put_some(out, &text, width);
	} else {
		size_t head = (width - 2 + 1) / 2, tail = width - 2 - head;

		used = put_some(out, &text, head);
		fputs("..", out);
		used += 2;
		while (width_of(text) > tail)
			text += sign_of(text).length;
		used += put_some(out, &text, tail);
	}
	for (; used < width; used++)
		fputc(' ', out);
}

/* Return how many bytes of TEXT belong on a line of WIDTH columns: up to a blank, if there is one.
 */
static size_t line_length(const char *text, size_t width)
{
	size_t used = 0, length = 0, blank = 0;

	while (text[length]) {
		struct sign sign = sign_of(text + length);

		if (used + sign.width > width)
			return text[length] == ' ' || !blank ? length : blank;
		if (text[length] == ' ' && length)
			blank = length;
		used += sign.width;
		length += sign.length;
	}
	return length;
}

void columns_wrap(FILE *out, const char *text, size_t indent, size_t width)
{
	size_t before = 0;

	do {
		size_t length = line_length(text, width - before);
		const char *end = text + (length || !*text ? length : sign_of(text).length);

		fprintf(out, "%*s", (int)before, "");
		while (text < end) {
			struct sign sign = sign_of(text);

			put(out, &sign);
			text += sign.length;
		}
		fputc('\n', out);
		while (*text == ' ')
			text++;
		before = indent;
	} while (*text);
}

const char *columns_count(uint64_t value, char text[COLUMNS_COUNT_MAX])
{
	char digits[COLUMNS_COUNT_MAX];
	size_t count = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, value), length = 0;

	for (size_t i = 0; i < count; i++) {
		if (i && (count - i) % 3 == 0)
			text[length++] = ',';
		text[length++] = digits[i];
	}
	text[length] = '\0';
	return text;
}

void columns_number(FILE *out, uint64_t value, unsigned width)
{
	static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
	char text[COLUMNS_COUNT_MAX];
	size_t unit = 0;

	for (;;) {
		int length = snprintf(text, sizeof(text), "%" PRIu64 "%s", value, units[unit]);

		if (length <= (int)width || unit + 1 == sizeof(units) / sizeof(units[0]))
			break;
		value /= 1000;
		unit++;
	}
	fprintf(out, "%*s", (int)width, text);
}

const char *columns_age(double seconds, char text[COLUMNS_COUNT_MAX])
{
	static const struct {
		double seconds;
		char unit;
	} units[] = {{1, 's'}, {60, 'm'}, {3600, 'h'}, {86400, 'd'}};
	size_t unit = 0;
	double value;

	if (seconds < 0)
		seconds = 0;
	while (unit < 3 && seconds >= 2 * units[unit + 1].seconds)
		unit++;
	value = seconds / units[unit].seconds;
	snprintf(text, COLUMNS_COUNT_MAX, "%u%c", value > 999 ? 999 : (unsigned)value,
		 units[unit].unit);
	return text;
}

/* Return true if POINT would change what a terminal shows, or ends a field or a line. */
static bool is_unfit(ucs4_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == '\\' ||
	       point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069);
}

static void put_escaped(FILE *out, const uint8_t *bytes, size_t length)
{
	if (*bytes == '\\' || *bytes == '\t' || *bytes == '\n') {
		fprintf(out, "\\%c", *bytes == '\t' ? 't' : *bytes == '\n' ? 'n' : '\\');
		return;
	}
	for (size_t i = 0; i < length; i++)
		fprintf(out, "\\x%02X", bytes[i]);
}

void columns_escape(FILE *out, const char *text)
{
	const uint8_t *at = (const uint8_t *)text;

	while (*at) {
		ucs4_t point = 0;
		int length = u8_mbtoucr(&point, at, strlen((const char *)at));
		size_t bytes = length > 0 ? (size_t)length : 1;

		if (length <= 0 || is_unfit(point))
			put_escaped(out, at, bytes);
		else
			fwrite(at, 1, bytes, out);
		at += bytes;
	}
}
