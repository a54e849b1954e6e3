/* SPDX-License-Identifier: Apache-2.0 */
/*
 * one_line.c - see one_line.h.
 *
 * The characters are those of Unicode's categories Cc, Zl and Zp, and those with the property
 * Bidi_Control.
 */
#include "vendors/base/one_line.h"

#include <string.h>
#include <unistr.h>

static const struct {
	uint32_t first, last;
} acting[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c},
    {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
};

static bool acts(uint32_t character)
{
	for (size_t i = 0; i < sizeof(acting) / sizeof(*acting); i++) {
		if (character >= acting[i].first && character <= acting[i].last)
			return true;
	}
	return false;
}

bool one_line_acts_at(const char *at, size_t left, size_t *length, uint32_t *character)
{
	ucs4_t found;
	int bytes = u8_mbtoucr(&found, (const uint8_t *)at, left);

	*length = bytes > 0 ? (size_t)bytes : 1;
	*character = bytes > 0 ? found : 0xfffd;
	return bytes <= 0 || acts(found);
}

void one_line(char *text, char with)
{
	size_t left = strlen(text), length;
	uint32_t character;
	char *to = text;

	/* nearly all texts are plain */
	while (*to >= 0x20 && *to < 0x7f)
		to++;
	left -= (size_t)(to - text);
	for (const char *at = to; left; at += length, left -= length) {
		if (one_line_acts_at(at, left, &length, &character)) {
			*to++ = with;
			continue;
		}
		memmove(to, at, length);
		to += length;
	}
	*to = '\0';
}
