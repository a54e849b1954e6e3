/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pointer.c - see pointer.h.
 *
 * A segment is compared where it stands: only one with a "~" is copied.
 */
#include "vendors/json/pointer.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define SEGMENTS_MAX 64

/* A segment of a pointer. */
struct segment {
	const char *name; /* not terminated */
	size_t length;
};

static const char *check_segment(const char *text, size_t length)
{
	if (length >= POINTER_NAME_MAX)
		return "a segment is longer than 255 bytes";
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] < 0x20)
			return "a segment has a control character";
		if (text[i] == '~' &&
		    (i + 1 == length || (text[i + 1] != '0' && text[i + 1] != '1')))
			return "~ must be written as ~0, and / in a name as ~1";
	}
	return NULL;
}

const char *pointer_check(const char *text)
{
	unsigned segments = 0;

	if (!*text)
		return "it is empty; the whole value is \".\"";
	if (*text != '/') {
		if (strchr(text, '/'))
			return "it must begin with /";
		if (strchr(text, '~'))
			return "a name with ~ in it must be written as a pointer: /a~0b";
		if (strcmp(text, "*") == 0)
			return "each element of an array is /*";
		return check_segment(text, strlen(text));
	}
	while (*text == '/') {
		size_t length = strcspn(++text, "/");
		const char *wrong = check_segment(text, length);

		if (wrong)
			return wrong;
		if (++segments > SEGMENTS_MAX)
			return "it has more than 64 segments";
		text += length;
	}
	return NULL;
}

/* Take the first segment of *POINTER, which is not at its end. A "~" needs BUFFER. */
static struct segment take(const char **pointer, char buffer[POINTER_NAME_MAX])
{
	const char *text = *pointer + (**pointer == '/'), *at = text;
	size_t length = 0;

	while (*at && *at != '/' && *at != '~')
		at++;
	if (*at != '~' || **pointer != '/') {
		at += **pointer == '/' ? 0 : strlen(at);
		*pointer = at;
		return (struct segment){text, (size_t)(at - text)};
	}
	for (at = text; *at && *at != '/'; at++) {
		char c = *at;

		if (c == '~' && (at[1] == '0' || at[1] == '1'))
			c = *++at == '0' ? '~' : '/';
		if (length < POINTER_NAME_MAX - 1)
			buffer[length++] = c;
	}
	*pointer = at;
	return (struct segment){buffer, length};
}

static bool is_end(const char *pointer)
{
	return !*pointer || (pointer[0] == '.' && !pointer[1]);
}

static bool is_each(struct segment segment)
{
	return segment.length == 1 && *segment.name == '*';
}

/* Return the index that SEGMENT is, or SIZE_MAX. */
static size_t index_of(struct segment segment)
{
	size_t index = 0;

	if (!segment.length || segment.length > 9 || (segment.length > 1 && *segment.name == '0'))
		return SIZE_MAX;
	for (size_t i = 0; i < segment.length; i++) {
		if (segment.name[i] < '0' || segment.name[i] > '9')
			return SIZE_MAX;
		index = index * 10 + (size_t)(segment.name[i] - '0');
	}
	return index;
}

/* Return the value at SEGMENT in VALUE, borrowed, or NULL. */
static json_t *step(const json_t *value, struct segment segment)
{
	if (json_is_object(value))
		return is_each(segment) ? NULL
					: json_object_getn(value, segment.name, segment.length);
	return json_is_array(value) ? json_array_get(value, index_of(segment)) : NULL;
}

static int first_found(json_t *at, void *arg)
{
	json_t **first = arg;

	*first = at;
	return 1;
}

json_t *pointer_get(const json_t *value, const char *pointer)
{
	json_t *at = (json_t *)(uintptr_t)value;
	char buffer[POINTER_NAME_MAX];

	if (*pointer != '/')
		return is_end(pointer) ? at : json_object_get(value, pointer);
	while (at && *pointer) {
		const char *here = pointer;
		struct segment segment = take(&pointer, buffer);

		if (is_each(segment)) {
			json_t *first = NULL;

			pointer_each(at, here, first_found, &first);
			return first;
		}
		at = step(at, segment);
	}
	return at;
}

int pointer_each(const json_t *value, const char *pointer, int (*found)(json_t *at, void *arg),
		 void *arg)
{
	json_t *at = (json_t *)(uintptr_t)value, *element;
	char buffer[POINTER_NAME_MAX];
	size_t i;

	while (at && !is_end(pointer)) {
		struct segment segment = take(&pointer, buffer);

		if (!is_each(segment)) {
			at = step(at, segment);
			continue;
		}
		json_array_foreach(at, i, element) {
			int rc = pointer_each(element, pointer, found, arg);

			if (rc)
				return rc;
		}
		return 0;
	}
	return at ? found(at, arg) : 0;
}

void pointer_remove(json_t *value, const char *pointer)
{
	char buffer[POINTER_NAME_MAX];

	while (value && !is_end(pointer)) {
		struct segment segment = take(&pointer, buffer);
		size_t index = index_of(segment);

		if (json_is_array(value) && is_each(segment)) {
			for (size_t i = 0; i < json_array_size(value); i++) {
				if (*pointer)
					pointer_remove(json_array_get(value, i), pointer);
				else
					json_array_set_new(value, i, json_null());
			}
			return;
		}
		if (*pointer) {
			value = step(value, segment);
			continue;
		}
		if (json_is_object(value) && !is_each(segment))
			json_object_deln(value, segment.name, segment.length);
		else if (json_is_array(value) && index < json_array_size(value))
			json_array_set_new(value, index, json_null());
		return;
	}
}

/* Put NEW at SEGMENT in VALUE, and take its reference in any case. */
static int put(json_t *value, struct segment segment, json_t *new)
{
	if (!new)
		return -ENOMEM;
	if (json_is_object(value) && !is_each(segment))
		return json_object_setn_new(value, segment.name, segment.length, new) ? -ENOMEM : 0;
	if (json_is_array(value) && index_of(segment) < json_array_size(value))
		return json_array_set_new(value, index_of(segment), new) ? -ENOMEM : 0;
	json_decref(new);
	return -EINVAL;
}

int pointer_set(json_t *value, const char *pointer, json_t *new)
{
	char buffer[POINTER_NAME_MAX];

	while (value && !is_end(pointer)) {
		struct segment segment = take(&pointer, buffer);
		json_t *below = step(value, segment);

		if (!*pointer)
			return put(value, segment, new);
		if (!below || json_is_null(below)) {
			int rc;

			below = json_object();
			rc = put(value, segment, below);
			if (rc) {
				json_decref(new);
				return rc;
			}
		}
		value = below;
	}
	json_decref(new);
	return -EINVAL;
}

bool pointer_next(const char **pointer, char name[POINTER_NAME_MAX])
{
	struct segment segment;

	if (is_end(*pointer))
		return false;
	segment = take(pointer, name);
	if (segment.length >= POINTER_NAME_MAX)
		segment.length = POINTER_NAME_MAX - 1;
	memmove(name, segment.name, segment.length);
	name[segment.length] = '\0';
	return true;
}

enum pointer_relation pointer_relate(const char *pointer, char *const *path, size_t depth)
{
	char buffer[POINTER_NAME_MAX];

	for (size_t i = 0; !is_end(pointer); i++) {
		struct segment segment;

		if (i == depth)
			return POINTER_BELOW;
		segment = take(&pointer, buffer);
		if (!is_each(segment) && (strlen(path[i]) != segment.length ||
					  memcmp(path[i], segment.name, segment.length) != 0))
			return POINTER_APART;
	}
	return POINTER_COVERS;
}
