/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_text.c - see exact_text.h. It must not know what a tree is.
 */
#include "vendors/json/exact_text.h"

#include "vendors/json/exact_bytes.h"
#include "vendors/json/json_heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 1024

/* Return true if LENGTH more bytes are too many for the limit of OUT. A string reserves six times
 * its bytes. */
static bool is_over(const struct exact_text *out, size_t length)
{
	return out->limit && (out->length > out->limit || length > 6 * out->limit + 2);
}

/* As realloc of the text of OUT, which leaves no copy of a secret behind. */
static char *exact_text_move(const struct exact_text *out, size_t room)
{
	char *text;

	if (!json_heap_wipes() || !out->text)
		return realloc(out->text, room);
	text = malloc(room);
	if (!text)
		return NULL;
	memcpy(text, out->text, out->length);
	explicit_bzero(out->text, out->length);
	free(out->text);
	return text;
}

static bool exact_text_grow(struct exact_text *out, size_t length)
{
	size_t room = out->room ? out->room : ROOM_FIRST;
	char *text = NULL;

	/* no memory before: it stays so */
	if (out->room && !out->text)
		return false;
	out->over = is_over(out, length);
	while (!out->over && room - out->length < length)
		room *= 2;
	if (!out->over)
		text = exact_text_move(out, room);
	if (!text)
		free(out->text);
	out->text = text;
	out->room = room;
	return text;
}

bool exact_text_reserve(struct exact_text *out, size_t length)
{
	return (out->text && out->room - out->length >= length) || exact_text_grow(out, length);
}

size_t exact_text_utf8(int character, char *text)
{
	unsigned c = (unsigned)character;
	size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};

	for (size_t i = length; i-- > 1; c >>= 6)
		text[i] = (char)(0x80 | (c & 0x3F));
	text[0] = (char)(first[length] | c);
	return length;
}

/* Write what stands for character C, which must be escaped, at AT. Returns the end. */
static char *put_escape(char *at, char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = c ? strchr(from, c) : NULL;

	*at++ = '\\';
	if (known) {
		*at++ = to[known - from];
		return at;
	}
	return at + sprintf(at, "u%04X", (unsigned)(unsigned char)c);
}

void exact_text_put_escaped(struct exact_text *out, const char *text, size_t length)
{
	const char *end = text + length;
	char *at;

	/* each byte may take six, and a number of digits is written with a NUL behind it */
	if (!exact_text_reserve(out, 6 * length + 2))
		return;
	at = out->text + out->length;
	while (text < end) {
		for (; end - text >= (ptrdiff_t)EXACT_BYTES && !exact_bytes_must_escape(text);
		     text += EXACT_BYTES, at += EXACT_BYTES)
			memcpy(at, text, EXACT_BYTES);
		for (; text < end && (unsigned char)*text >= 0x20 && *text != '"' && *text != '\\';
		     text++)
			*at++ = *text;
		if (text < end)
			at = put_escape(at, *text++);
	}
	out->length = (size_t)(at - out->text);
}
