/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flat_rows.h - which cells a CSV of records must have, for test_record_table.c.
 *
 * It is worked out of trees, in another way than cache/tables/ does it, which makes none. A path is
 * the keys from the top, each with MARK behind it, so that a path is a prefix of what is below it.
 */
#ifndef ROSTERFS_TESTS_FLAT_ROWS_H
#define ROSTERFS_TESTS_FLAT_ROWS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vendors/json/exact.h"
#include "vendors/json/exact_print.h"

#define FLAT_ROWS_MAX 2048
#define MARK "\x1f"

struct flat_cell {
	char *path, *text;
};

struct flat_row {
	struct flat_cell cells[FLAT_ROWS_MAX];
	size_t count;
};

struct flat_rows {
	char *columns[FLAT_ROWS_MAX]; /* paths */
	bool filled[FLAT_ROWS_MAX];   /* something other than null and {} was there */
	size_t count;
	bool status; /* a record has a field "status" */
};

/* Return JSON without quotes as a person reads it; the caller frees it. */
static char *shown_json(const char *json, size_t length)
{
	char *twice = malloc(2 * length + 3), *to = twice, *shown;
	json_t *value;

	/* what cannot stand in UTF-8 stays as it is written: its backslash is a backslash */
	*to++ = '"';
	for (size_t i = 0; i < length; i++) {
		bool pair = json[i] == '\\' && strncmp(json + i, "\\ud8", 4) == 0 &&
			    strncmp(json + i + 6, "\\ude", 4) == 0;
		bool stays = json[i] == '\\' && !pair &&
			     (strncmp(json + i, "\\u0000", 6) == 0 ||
			      strncmp(json + i, "\\ud", 3) == 0);

		if (stays)
			*to++ = '\\';
		*to++ = json[i];
		if (json[i] == '\\' && !stays)
			*to++ = json[++i];
	}
	*to++ = '"';
	value = json_loadb(twice, (size_t)(to - twice), JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	shown = strdup(json_string_value(value));
	json_decref(value);
	free(twice);
	return shown;
}

static char *shown_value(const json_t *value)
{
	char *json, *shown;

	if (json_is_null(value))
		return strdup("");
	json = exact_print_text(value, 0);
	assert_non_null(json);
	if (!exact_is_string(value))
		return json;
	shown = shown_json(json + 1, strlen(json) - 2);
	free(json);
	return shown;
}

static char *shown_key(const char *key)
{
	json_t *object = json_object();
	char *json, *shown;

	json_object_set_new(object, key, json_null());
	json = exact_print_text(object, 0); /* {"key":null} */
	shown = shown_json(json + 2, strlen(json) - strlen("{\"\":null}"));
	free(json);
	json_decref(object);
	return shown;
}

/* Return the name of the column with PATH; the caller frees it. */
static char *flat_rows_name(const char *path)
{
	char *name = strdup("");

	for (const char *at = path; *at; at += strcspn(at, MARK) + 1) {
		char *key = strndup(at, strcspn(at, MARK)), *shown = shown_key(key);

		char *longer;

		assert_true(asprintf(&longer, "%s%s%s", name, at != path ? "." : "", shown) >= 0);
		free(name);
		name = longer;
		free(key);
		free(shown);
	}
	return name;
}

static void flat_rows_note(struct flat_rows *rows, const char *path, const json_t *value)
{
	size_t i = 0;

	while (i < rows->count && strcmp(rows->columns[i], path) != 0)
		i++;
	assert_true(i < FLAT_ROWS_MAX);
	if (i == rows->count)
		rows->columns[rows->count++] = strdup(path);
	if (!json_is_null(value) && !json_is_object(value))
		rows->filled[i] = true;
}

static void flat_rows_flatten(struct flat_rows *rows, struct flat_row *row, const char *prefix,
			      const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		char *path;

		assert_true(asprintf(&path, "%s%s" MARK, prefix, key) > 0);
		rows->status = rows->status || (!*prefix && strcmp(key, "status") == 0);
		if (json_object_size(value)) {
			flat_rows_flatten(rows, row, path, value);
			free(path);
			continue;
		}
		flat_rows_note(rows, path, value);
		assert_true(row->count < FLAT_ROWS_MAX);
		row->cells[row->count++] = (struct flat_cell){path, shown_value(value)};
	}
}

/* Return true if number INDEX is a column: not only null or {} where others have fields. */
static bool flat_rows_shown(const struct flat_rows *rows, size_t index)
{
	const char *path = rows->columns[index];

	for (size_t i = 0; i < rows->count && !rows->filled[index]; i++) {
		if (i != index && strncmp(rows->columns[i], path, strlen(path)) == 0)
			return false;
	}
	return true;
}

static const char *flat_row_text(const struct flat_row *row, const char *path)
{
	for (size_t i = 0; i < row->count; i++) {
		if (strcmp(row->cells[i].path, path) == 0)
			return row->cells[i].text;
	}
	return "";
}

static void flat_row_clear(struct flat_row *row)
{
	for (size_t i = 0; i < row->count; i++) {
		free(row->cells[i].path);
		free(row->cells[i].text);
	}
	row->count = 0;
}

#endif
