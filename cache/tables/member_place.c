/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member_place.c - see member_place.h.
 */
#include "cache/tables/member_place.h"

#include "vendors/json/pointer.h"

#include <stdbool.h>
#include <string.h>

#define INDENT 2 /* blanks a level, render.h */

static const char *line_end(const char *at, const char *end)
{
	const char *line = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;

	return line ? line : end;
}

/* Return the token at depth DEPTH that the line from LINE on begins with, or NULL: another one. */
static const char *token_at(const char *line, const char *end, unsigned depth)
{
	size_t blanks = (size_t)depth * INDENT;

	if ((size_t)(end - line) <= blanks)
		return NULL;
	for (size_t i = 0; i < blanks; i++) {
		if (line[i] != ' ')
			return NULL;
	}
	return line[blanks] == ' ' ? NULL : line + blanks;
}

struct member_place member_place_at(const char *value, const char *end, unsigned depth)
{
	const char *last = line_end(value, end);
	bool opens = last == value + 1 && (*value == '{' || *value == '[');

	while (opens && last < end) {
		const char *token = token_at(last + 1, end, depth);

		last = line_end(last + 1, end);
		if (token && (*token == '}' || *token == ']'))
			break;
	}
	if (last > value && last[-1] == ',')
		last--;
	return (struct member_place){value, (size_t)(last - value)};
}

/* Return the member NAME, at depth DEPTH, of the object that begins at AT. */
static struct member_place find_member(const char *at, const char *end, unsigned depth,
				       const char *name)
{
	size_t length = strlen(name);

	for (const char *line = line_end(at, end); line < end; line = line_end(line + 1, end)) {
		const char *token = token_at(line + 1, end, depth);

		/* `"name": ` */
		if (token && *token == '"' && (size_t)(end - token) > length + 4 &&
		    memcmp(token + 1, name, length) == 0 &&
		    memcmp(token + 1 + length, "\": ", 3) == 0)
			return member_place_at(token + length + 4, end, depth);
	}
	return (struct member_place){0};
}

struct member_place member_place_find(const char *text, size_t length, const char *pointer,
				      unsigned *depth)
{
	struct member_place place = {text, length};
	char name[POINTER_NAME_MAX];

	*depth = 0;
	while (place.value && pointer_next(&pointer, name)) {
		if (*place.value != '{')
			return (struct member_place){0};
		place = find_member(place.value, place.value + place.length, ++*depth, name);
	}
	return place;
}

struct member_place member_place_next(const struct member_place *array, unsigned depth,
				      const struct member_place *place)
{
	const char *end = array->value + array->length, *line, *token;

	if (!place->value && *array->value != '[')
		return (struct member_place){0};
	line = line_end(place->value ? place->value + place->length : array->value, end);
	token = line < end ? token_at(line + 1, end, depth + 1) : NULL;
	return token ? member_place_at(token, end, depth + 1) : (struct member_place){0};
}
