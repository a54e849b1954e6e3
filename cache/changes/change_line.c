/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change_line.c - see change_line.h.
 *
 * Only this file knows the format of a line. Records have lost what is never shown when they came
 * in; documents of a change lose it here.
 */
#include "cache/changes/change_line.h"

#include "cache/changes/change_marks.h"
#include "cache/document/merge.h"
#include "cache/document/text_json.h"
#include "cache/history/attempt.h"
#include "cache/roster/roster.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/id_text.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Objects that are deeper are compared as a whole. */
#define DEPTH_MAX 16
/* A longer line leaves out its fields. */
#define LENGTH_MAX ((size_t)1 << 20)

/* ---- fields ---- */

struct comparison {
	json_t *fields;
	bool part;
	bool failed; /* no memory */
};

static void compare_objects(struct comparison *comparison, const char *above, const json_t *before,
			    const json_t *after, unsigned depth);

/* Compare BEFORE and AFTER (NULL: absent), which are member NAME of what is at ABOVE. */
static void compare_member(struct comparison *comparison, const char *above, const char *name,
			   const json_t *before, const json_t *after, unsigned depth)
{
	char *path = NULL;

	if (comparison->part && (!before || !after))
		return;
	if (merge_alike(before, after))
		return;
	if (asprintf(&path, "%s%s%s", above, *above ? "." : "", exact_key_words(name)) < 0) {
		comparison->failed = true;
		return;
	}
	if (depth && json_is_object(before) && json_is_object(after))
		compare_objects(comparison, path, before, after, depth - 1);
	else
		attempt_field(comparison->fields, path, 0, before, after);
	free(path);
}

static void compare_objects(struct comparison *comparison, const char *above, const json_t *before,
			    const json_t *after, unsigned depth)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)before, name, value)
		compare_member(comparison, above, name, value, json_object_get(after, name), depth);
	json_object_foreach((json_t *)(uintptr_t)after, name, value) {
		if (!json_object_get(before, name))
			compare_member(comparison, above, name, NULL, value, depth);
	}
}

/* Return a copy of RECORD (or NULL) without what is never shown. */
static json_t *shown_of(const struct collection *collection, const json_t *record)
{
	json_t *copy = record ? json_deep_copy(record) : NULL;

	if (copy)
		collection_hide(collection, copy);
	return copy;
}

json_t *change_line_fields(const struct change_line *line)
{
	struct comparison comparison = {.fields = json_array(), .part = line->part};
	json_t *before = shown_of(line->collection, line->before);
	json_t *after = shown_of(line->collection, line->after);

	if (!comparison.fields || (line->before && !before) || (line->after && !after))
		comparison.failed = true;
	else
		compare_objects(&comparison, "", before, after, DEPTH_MAX);
	json_decref(before);
	json_decref(after);
	if (!comparison.failed)
		return comparison.fields;
	json_decref(comparison.fields);
	return NULL;
}

/* Return true if one of KEYS, which may be NULL, is at the place that messages call NAME. */
static bool is_named(const char *const *keys, const char *name)
{
	char words[COLLECTION_WORDS_MAX];

	for (; keys && *keys; keys++) {
		if (strcmp(collection_words(*keys, words), name) == 0)
			return true;
	}
	return false;
}

bool change_line_is_stamp(const struct change_line *line, const json_t *fields)
{
	const char *const stamp[] = {line->collection->stamp_key, NULL};
	json_t *field;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)fields, i, field) {
		const char *name = json_string_value(json_object_get(field, "field"));

		if (!name ||
		    !(is_named(line->collection->time_keys, name) || is_named(stamp, name)))
			return false;
	}
	return true;
}

/* ---- the line ---- */

static bool has_status(const struct change_line *line, const json_t *record, const char *status)
{
	char word[STATUS_MAP_MAX];
	const char *own = record ? status_map_word(line->collection, record, word) : NULL;

	return own && strcmp(own, status) == 0;
}

/* Return the marks of LINE, an array. */
static json_t *marks_of(const struct change_line *line)
{
	const char *const *roles = line->collection->role_keys;
	json_t *marks = json_array();

	if (has_status(line, line->after, STATUS_ACTIVE) &&
	    (line->returns || has_status(line, line->before, STATUS_INACTIVE)))
		json_array_append_new(marks, json_string("reactivated"));
	if (change_marks_admin(line->after, roles) && !change_marks_admin(line->before, roles))
		json_array_append_new(marks, json_string("new admin"));
	if (line->after && change_marks_outside(line->marks, line->email))
		json_array_append_new(marks, json_string("outside domains"));
	return marks;
}

static json_t *by_of(const struct roster_write *by)
{
	json_t *object = json_object();

	json_object_set_new(object, "uid", json_integer(by->uid));
	json_object_set_new(object, "pid", json_integer(by->pid));
	json_object_set_new(object, "command", text_json(by->command));
	if (by->number)
		json_object_set_new(object, "history", json_integer((json_int_t)by->number));
	return object;
}

/* Print LINE with FIELDS (NULL: they are left out). */
static char *print_line(const struct change_line *line, const json_t *fields)
{
	const char *kind = !line->before ? "added" : !line->after ? "removed" : "changed";
	json_t *object = json_object(), *marks = marks_of(line);
	char when[TEXT_JSON_TIME_MAX], *text;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	json_object_set_new(object, "time", json_string(text_json_time(&now, when)));
	json_object_set_new(object, "vendor", text_json(line->vendor));
	json_object_set_new(object, "id", id_text_json(line->id));
	json_object_set_new(object, "email", line->email ? text_json(line->email) : json_null());
	json_object_set_new(object, "kind", json_string(kind));
	if (fields)
		json_object_set(object, "fields", (json_t *)(uintptr_t)fields);
	else
		json_object_set_new(object, "fields", json_null());
	if (json_array_size(marks))
		json_object_set(object, "marks", marks);
	if (line->by)
		json_object_set_new(object, "by", by_of(line->by));
	text = object ? exact_print_text(object, EXACT_PRINT_LINE) : NULL;
	json_decref(marks);
	json_decref(object);
	return text;
}

char *change_line_text(const struct change_line *line, const json_t *fields)
{
	char *text = print_line(line, fields);

	if (text && strlen(text) > LENGTH_MAX) {
		free(text);
		text = print_line(line, NULL);
	}
	return text;
}
