/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_jsonl.c - see record_jsonl.h.
 *
 * A string has no line end in it, because JSON escapes it. So a line of the text is a token or a
 * member, and only one that begins with a quote may be a member.
 */
#include "cache/tables/record_jsonl.h"

#include "vendors/json/exact_parse.h"

#include <string.h>

/* Return what is behind the key and the colon that AT begins with, or AT if it has no key. */
static const char *skip_key(const char *at, const char *end)
{
	const char *quote;
	bool escaped;

	if (*at != '"')
		return at;
	quote = exact_parse_string_end(at + 1, end, &escaped);
	return end - quote > 2 && quote[1] == ':' ? quote + 2 : at;
}

/* Return where the next line's token begins, or END. LINE is the line end before it, or END. */
static const char *skip_indent(const char *line, const char *end)
{
	while (line < end && (*line == '\n' || *line == ' '))
		line++;
	return line;
}

static const char *find_line_end(const char *at, const char *end)
{
	const char *line = memchr(at, '\n', (size_t)(end - at));

	return line ? line : end;
}

int record_jsonl_add(struct table_out *out, const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	int error = table_out_reserve(out, length);
	char *to;

	if (error)
		return error;
	to = out->text + out->length;
	while (at < end) {
		const char *value = skip_key(at, end), *line;

		memcpy(to, at, (size_t)(value - at));
		to += value - at;
		at = value + (*value == ' ');
		line = find_line_end(at, end);
		memcpy(to, at, (size_t)(line - at));
		to += line - at;
		at = skip_indent(line, end);
	}
	out->length = (size_t)(to - out->text);
	return 0;
}

size_t record_jsonl_length(const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	size_t removed = 0;

	while (at < end) {
		const char *value = skip_key(at, end), *line;

		removed += *value == ' ';
		line = find_line_end(value, end);
		at = skip_indent(line, end);
		removed += (size_t)(at - line);
	}
	return length - removed;
}
