/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_text.h - text that grows, and how characters are written into JSON.
 *
 * A struct exact_text is all zero to begin with, except for its limit. Without memory its TEXT
 * becomes NULL and stays so; further appends do nothing, so it is enough to check TEXT at the end.
 */
#ifndef ROSTERFS_EXACT_TEXT_H
#define ROSTERFS_EXACT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct exact_text {
	char *text; /* owned; free() it; not terminated */
	size_t length, room;
	/*
	 * Not 0: a text that becomes longer ends as one without memory, and OVER is set. It may
	 * end so at a few times LIMIT only, and be longer in the end: compare the length.
	 */
	size_t limit;
	bool over;
};

/* Make room for LENGTH more bytes. Returns false without memory. */
bool exact_text_reserve(struct exact_text *out, size_t length);

/*
 * Append LENGTH bytes of TEXT. Inline, because most appends are of one or two bytes: a call for
 * each is 3 % of the instructions of reading a large roster.
 */
static inline void exact_text_put(struct exact_text *out, const char *text, size_t length)
{
	if (!length || !exact_text_reserve(out, length))
		return;
	memcpy(out->text + out->length, text, length);
	out->length += length;
}

/* Append LENGTH bytes of TEXT as they are written between the quotes of a JSON string. */
void exact_text_put_escaped(struct exact_text *out, const char *text, size_t length);

/* Write CHARACTER as UTF-8 into TEXT (at least 4 bytes). Returns its length. */
size_t exact_text_utf8(int character, char *text);

#endif
