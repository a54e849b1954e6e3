/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id_text.c - see id_text.h. It must not know records, nor who names them.
 */
#include "vendors/json/id_text.h"

#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HALF_DIGITS 4 /* of half a surrogate pair in a text */
#define HALF_BYTES 3

/* Return true if half a surrogate pair begins at the BYTES, of which there are LENGTH. */
static bool id_text_is_half(const char *bytes, size_t length)
{
	return length >= HALF_BYTES && (unsigned char)bytes[0] == 0xed &&
	       (unsigned char)bytes[1] >= 0xa0 && (unsigned char)bytes[1] < 0xc0;
}

char *id_text_of_bytes(const char *bytes, size_t length)
{
	char *text = malloc(2 * length + 1), *to = text;

	for (size_t i = 0; text && i < length; i++) {
		unsigned char second = i + 1 < length ? (unsigned char)bytes[i + 1] : 0;

		if (id_text_is_half(bytes + i, length - i)) {
			unsigned third = (unsigned char)bytes[i + 2];

			to += sprintf(to, "%c%04x", ID_TEXT_MARK,
				      0xd000u | (second & 0x3fu) << 6 | (third & 0x3fu));
			i += HALF_BYTES - 1;
		} else if (!bytes[i] || bytes[i] == ID_TEXT_MARK) {
			*to++ = ID_TEXT_MARK;
			*to++ = bytes[i] ? ID_TEXT_MARK : '0';
		} else {
			*to++ = bytes[i];
		}
	}
	if (text)
		*to = '\0';
	return text;
}

const char *id_text_of(const json_t *string, char *buffer)
{
	const char *plain = json_string_value(string), *found = NULL;
	char *bytes, *text;
	size_t length;

	if (!plain || !exact_is_string(string))
		return NULL;
	if (*plain && strlen(plain) == json_string_length(string) && !strchr(plain, ID_TEXT_MARK))
		return plain;
	/* what exact_mend puts in place of a value that it cannot read is carried as no kind */
	if (!*plain && !exact_carried(string, 's'))
		return NULL;
	bytes = exact_string_bytes(string, &length);
	text = bytes ? id_text_of_bytes(bytes, length) : NULL;
	if (text && *text && strlen(text) < ID_TEXT_MAX)
		found = memcpy(buffer, text, strlen(text) + 1);
	free(text);
	free(bytes);
	return found;
}

/*
 * Write the character that *AT, at a mark, stands for to BYTES as id_text_bytes has it, and move
 * *AT behind it. Returns its length.
 */
static size_t take_marked(const char **at, char bytes[HALF_BYTES + 1])
{
	const char *text = *at + 1;
	char digits[HALF_DIGITS + 1] = "";

	*at = text + (*text != '\0');
	bytes[0] = *text == '0' ? '\0' : ID_TEXT_MARK;
	if (*text != 'd' || strnlen(text, HALF_DIGITS) < HALF_DIGITS)
		return 1;
	memcpy(digits, text, HALF_DIGITS);
	*at = text + HALF_DIGITS;
	return exact_text_utf8((int)strtol(digits, NULL, 16), bytes);
}

char *id_text_bytes(const char *id, size_t *length)
{
	char *bytes = malloc(strlen(id) + 1), *to = bytes;

	while (bytes && *id) {
		char marked[HALF_BYTES + 1];
		size_t size;

		if (*id != ID_TEXT_MARK) {
			*to++ = *id++;
			continue;
		}
		size = take_marked(&id, marked);
		memcpy(to, marked, size);
		to += size;
	}
	*length = (size_t)(to - bytes);
	return bytes;
}

json_t *id_text_json(const char *id)
{
	struct exact_text text = {0};
	json_t *string = NULL;

	if (!strchr(id, ID_TEXT_MARK))
		return json_string(id);
	exact_text_put(&text, "\"", 1);
	while (*id) {
		size_t plain = strcspn(id, "\x1a");
		char marked[HALF_BYTES + 1], escape[8];
		const char *before = id += plain;

		exact_text_put_escaped(&text, before - plain, plain);
		if (!*id)
			break;
		if (take_marked(&id, marked) == HALF_BYTES)
			snprintf(escape, sizeof(escape), "\\u%.4s", before + 1);
		else
			snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)marked[0]);
		exact_text_put(&text, escape, strlen(escape));
	}
	exact_text_put(&text, "\"", 1);
	if (text.text)
		string = exact_parse(text.text, text.length, EXACT_PARSE_ANY, NULL);
	free(text.text);
	return string;
}
