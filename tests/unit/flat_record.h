/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flat_record.h - a record as a flat map from path to text, by which test_merge_random.c judges a
 * merge.
 *
 * Everything is static and in this header, because only one test uses it. It must not use a
 * function of cache/document/merge.c: it must reach the result in another way.
 */
#ifndef ROSTERFS_TESTS_FLAT_RECORD_H
#define ROSTERFS_TESTS_FLAT_RECORD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAT_RECORD_MAX 1024
/* Ends each name in a path, so that a path is a prefix of what lies below it. */
#define MARK "\x1f"

struct leaf {
	char *path;
	char *text;    /* of the value; "{}" for any object: its members are leaves of their own */
	json_t *value; /* borrowed */
};

struct flat_record {
	struct leaf leaves[FLAT_RECORD_MAX];
	size_t count;
};

/* The value with 2.0 spelled as 2. */
static json_t *normal(json_t *value)
{
	json_t *copy;
	const char *name;
	json_t *item;
	size_t i;

	if (json_is_real(value) && json_real_value(value) == (double)(long)json_real_value(value))
		return json_integer((long)json_real_value(value));
	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, i, item) {
			json_array_append_new(copy, normal(item));
		}
		return copy;
	}
	if (json_is_object(value)) {
		copy = json_object();
		json_object_foreach(value, name, item) {
			json_object_set_new(copy, name, normal(item));
		}
		return copy;
	}
	return json_incref(value);
}

static char *normal_text(json_t *value)
{
	json_t *copy = normal(value);
	char *text = json_dumps(copy, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);

	json_decref(copy);
	assert_non_null(text);
	return text;
}

static void flatten(struct flat_record *map, const char *path, json_t *object, bool nulls)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		struct leaf *leaf = &map->leaves[map->count];

		if (json_is_null(value) && !nulls)
			continue;
		assert_true(map->count++ < FLAT_RECORD_MAX);
		assert_true(asprintf(&leaf->path, "%s%s" MARK, path, name) > 0);
		leaf->text = json_is_object(value) ? strdup("{}") : normal_text(value);
		leaf->value = value;
		if (json_is_object(value))
			flatten(map, leaf->path, value, nulls);
	}
}

static struct flat_record *flat_record_new(json_t *object, bool nulls)
{
	struct flat_record *map = calloc(1, sizeof(*map));

	assert_non_null(map);
	flatten(map, "", object, nulls);
	return map;
}

static void flat_record_free(struct flat_record *map)
{
	for (size_t i = 0; i < map->count; i++) {
		free(map->leaves[i].path);
		free(map->leaves[i].text);
	}
	free(map);
}

static const struct leaf *flat_record_find(const struct flat_record *map, const char *path)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->leaves[i].path, path) == 0)
			return &map->leaves[i];
	return NULL;
}

static bool flat_record_says(const struct flat_record *map, const char *path, const char *text)
{
	const struct leaf *leaf = flat_record_find(map, path);

	return text ? leaf && strcmp(leaf->text, text) == 0 : !leaf;
}

static bool is_below(const char *path, const char *top)
{
	return strncmp(path, top, strlen(top)) == 0;
}

static bool within(const struct flat_record *a, const struct flat_record *b, const char *top)
{
	for (size_t i = 0; i < a->count; i++)
		if (is_below(a->leaves[i].path, top) &&
		    !flat_record_says(b, a->leaves[i].path, a->leaves[i].text))
			return false;
	return true;
}

/* Return true if both say the same about everything at and below TOP. */
static bool agree(const struct flat_record *a, const struct flat_record *b, const char *top)
{
	return within(a, b, top) && within(b, a, top);
}

/* Return true if everything above PATH is an object in MAP (or, if MISSING_TOO, missing). */
static bool open_way(const struct flat_record *map, const char *path, bool missing_too)
{
	char above[PATH_MAX];

	assert_true(strlen(path) < sizeof(above));
	for (const char *mark = path; (mark = strchr(mark, *MARK)) && mark[1]; mark++) {
		snprintf(above, sizeof(above), "%.*s", (int)(mark + 1 - path), path);
		if (!flat_record_says(map, above, "{}") &&
		    !(missing_too && flat_record_says(map, above, NULL)))
			return false;
	}
	return true;
}

#endif
