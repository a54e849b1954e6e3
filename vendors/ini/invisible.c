/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invisible.c - see invisible.h.
 *
 * A table of ranges from the Unicode categories Zs, Zl, Zp and Cf. It must not know what a text is
 * used for.
 */
#include "vendors/ini/invisible.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct range {
	uint32_t first, last;
	const char *name;
} ranges[] = {
    {0x00A0, 0x00A0, "a no-break space"},          {0x00AD, 0x00AD, "a soft hyphen"},
    {0x061C, 0x061C, "an invisible character"},    {0x1680, 0x1680, "a blank that is not ASCII"},
    {0x180E, 0x180E, "an invisible character"},    {0x2000, 0x2006, "a blank that is not ASCII"},
    {0x2007, 0x2007, "a no-break space"},          {0x2008, 0x200A, "a blank that is not ASCII"},
    {0x200B, 0x200B, "a zero-width space"},        {0x200E, 0x200F, "an invisible character"},
    {0x2028, 0x2029, "a line separator"},          {0x202A, 0x202E, "an invisible character"},
    {0x202F, 0x202F, "a no-break space"},          {0x205F, 0x205F, "a blank that is not ASCII"},
    {0x2060, 0x2064, "an invisible character"},    {0x2066, 0x206F, "an invisible character"},
    {0x3000, 0x3000, "a blank that is not ASCII"}, {0xFEFF, 0xFEFF, "a byte order mark"},
};

/*
 * Return the character at AT, before END, and its length in bytes in *LENGTH. Decodes only
 * characters of two and three bytes, because the table has no others. A byte that is not UTF-8
 * counts as Latin-1.
 */
static uint32_t invisible_decode(const char *at, const char *end, size_t *length)
{
	const unsigned char *byte = (const unsigned char *)at;
	size_t left = (size_t)(end - at);

	if (byte[0] >= 0xC2 && byte[0] < 0xE0 && left > 1 && (byte[1] & 0xC0) == 0x80) {
		*length = 2;
		return (byte[0] & 0x1FU) << 6 | (byte[1] & 0x3FU);
	}
	if (byte[0] >= 0xE0 && byte[0] < 0xF0 && left > 2 && (byte[1] & 0xC0) == 0x80 &&
	    (byte[2] & 0xC0) == 0x80) {
		*length = 3;
		return (byte[0] & 0x0FU) << 12 | (byte[1] & 0x3FU) << 6 | (byte[2] & 0x3FU);
	}
	*length = 1;
	if (byte[0] >= 0xF0 && left > 3)
		*length = 4;
	return byte[0];
}

static const struct range *range_of(uint32_t character)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (character >= ranges[i].first && character <= ranges[i].last)
			return &ranges[i];
	}
	return NULL;
}

const char *invisible_find(const char *text, size_t length)
{
	const char *end = text + length;
	size_t bytes;

	for (const char *at = text; at < end; at += bytes) {
		if (range_of(invisible_decode(at, end, &bytes)))
			return at;
	}
	return NULL;
}

const char *invisible_at_ends(const char *text, size_t length)
{
	const char *end = text + length, *found = invisible_find(text, length);
	size_t bytes = 0;

	if (!found || found == text)
		return found;
	while (found) {
		(void)invisible_decode(found, end, &bytes);
		if (found + bytes == end)
			return found;
		found = invisible_find(found + bytes, (size_t)(end - found) - bytes);
	}
	return NULL;
}

void invisible_name(const char *at, const char *end, char words[INVISIBLE_WORDS_MAX])
{
	size_t bytes;
	uint32_t character = invisible_decode(at, end, &bytes);
	const struct range *range = range_of(character);

	(void)snprintf(words, INVISIBLE_WORDS_MAX, "%s (U+%04X)", range ? range->name : "?",
		       (unsigned)character);
}
