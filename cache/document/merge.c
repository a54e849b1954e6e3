/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merge.c - see merge.h.
 *
 * A save must send only what the person has changed, on top of what the vendor has now. So a
 * document is reduced to a flat list of edits (path, before, after), none of which has a path
 * inside another's, and each edit is compared with the fresh record by itself.
 *
 * Every result depends only on the arguments. This file must not know vendors, fields that are
 * immutable or required, statuses, files or calls: the module that owns such a rule goes through
 * the edits. The depth of recursion is bounded by what jansson has parsed.
 */
#include "cache/document/merge.h"

#include "vendors/json/exact.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The place of the comparison: a chain on the stack, so that only real edits allocate. */
struct place {
	const struct place *up;
	const char *name;
	size_t depth;
};

/* jansson's iterators take a mutable object, but change nothing. */
static json_t *merge_iterable(const json_t *object)
{
	return (json_t *)object;
}

static bool is_nothing(const json_t *value)
{
	return !value || json_is_null(value);
}

static bool same_string(const json_t *a, const json_t *b)
{
	size_t length = json_string_length(a);

	return length == json_string_length(b) &&
	       memcmp(json_string_value(a), json_string_value(b), length) == 0;
}

static bool same_array(const json_t *a, const json_t *b)
{
	size_t count = json_array_size(a);

	if (count != json_array_size(b))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!merge_same(json_array_get(a, i), json_array_get(b, i)))
			return false;
	return true;
}

static bool same_object(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *value;

	if (json_object_size(a) != json_object_size(b))
		return false;
	json_object_foreach(merge_iterable(a), name, value) {
		if (!merge_same(value, json_object_get(b, name)))
			return false;
	}
	return true;
}

bool merge_same(const json_t *a, const json_t *b)
{
	if (!a || !b)
		return a == b;
	if (exact_is_number(a) && exact_is_number(b))
		return exact_same_number(a, b);
	if (json_typeof(a) != json_typeof(b))
		return false;
	switch (json_typeof(a)) {
	case JSON_STRING:
		return same_string(a, b);
	case JSON_ARRAY:
		return same_array(a, b);
	case JSON_OBJECT:
		return same_object(a, b);
	default: /* true, false, null: the kind is the value */
		return true;
	}
}

/*
 * A vendor may show a member as null in one response and leave it out of the next. Arrays are
 * compared strictly, because an edit that only adds a null to an array would be both old and new.
 */
bool merge_alike(const json_t *a, const json_t *b)
{
	const char *name;
	json_t *value;

	if (is_nothing(a) || is_nothing(b))
		return is_nothing(a) && is_nothing(b);
	if (!json_is_object(a) || !json_is_object(b))
		return merge_same(a, b);
	json_object_foreach(merge_iterable(a), name, value) {
		if (!merge_alike(value, json_object_get(b, name)))
			return false;
	}
	json_object_foreach(merge_iterable(b), name, value) {
		if (!is_nothing(value) && !json_object_get(a, name))
			return false;
	}
	return true;
}

static void edit_clear(struct edit *edit)
{
	for (size_t i = 0; edit->path && i < edit->depth; i++)
		free(edit->path[i]);
	free(edit->path);
	json_decref(edit->before);
	json_decref(edit->after);
}

static int edit_fill(struct edit *edit, const struct place *place, const json_t *before,
		     const json_t *after)
{
	*edit = (struct edit){.depth = place->depth};
	edit->path = calloc(place->depth, sizeof(*edit->path));
	if (!edit->path)
		goto fail;
	for (; place; place = place->up) {
		char *name = strdup(place->name);

		if (!name)
			goto fail;
		edit->path[place->depth - 1] = name;
	}
	edit->after = json_deep_copy(after);
	if (!edit->after)
		goto fail;
	if (before) {
		edit->before = json_deep_copy(before);
		if (!edit->before)
			goto fail;
	}
	return 0;
fail:
	edit_clear(edit);
	return -ENOMEM;
}

static int add_edit(struct merge *merge, const struct place *place, const json_t *before,
		    const json_t *after)
{
	size_t count = merge->count;
	int rc;

	/* the array doubles when it is full, which is when its count is a power of two */
	if ((count & (count - 1)) == 0) {
		size_t room = count ? 2 * count : 1;
		struct edit *edits = reallocarray(merge->edits, room, sizeof(*edits));

		if (!edits)
			return -ENOMEM;
		merge->edits = edits;
	}
	rc = edit_fill(&merge->edits[count], place, before, after);
	if (rc)
		return rc;
	merge->count++;
	return 0;
}

static int diff_objects(struct merge *merge, const struct place *up, const json_t *base,
			const json_t *document)
{
	const char *name;
	json_t *after;

	json_object_foreach(merge_iterable(document), name, after) {
		struct place place = {.up = up, .name = name, .depth = up ? up->depth + 1 : 1};
		json_t *before = json_object_get(base, name);
		int rc = 0;

		if (json_is_object(before) && json_is_object(after))
			rc = diff_objects(merge, &place, before, after);
		else if (is_nothing(before) ? !is_nothing(after) : !merge_same(before, after))
			rc = add_edit(merge, &place, before, after);
		if (rc)
			return rc;
	}
	return 0;
}

int merge_diff(const json_t *base, const json_t *document, struct merge *merge)
{
	int rc;

	*merge = (struct merge){0};
	rc = diff_objects(merge, NULL, base, document);
	if (rc)
		merge_clear(merge);
	return rc;
}

void merge_clear(struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++)
		edit_clear(&merge->edits[i]);
	free(merge->edits);
	*merge = (struct merge){0};
}

json_t *merge_value(const struct edit *edit, const json_t *record)
{
	json_t *value = NULL;

	for (size_t i = 0; i < edit->depth; i++) {
		value = json_object_get(i ? value : record, edit->path[i]);
		if (!value)
			return NULL;
	}
	return value;
}

/* Return true if a value above the edit's member is neither an object nor null nor missing. */
static bool is_blocked(const struct edit *edit, const json_t *record)
{
	const json_t *value = record;

	for (size_t i = 0; i + 1 < edit->depth; i++) {
		value = json_object_get(value, edit->path[i]);
		if (is_nothing(value))
			return false;
		if (!json_is_object(value))
			return true;
	}
	return false;
}

enum merge_state merge_state(const struct edit *edit, const json_t *record)
{
	const json_t *value = merge_value(edit, record);

	/* first, because clearing a member of something that is not an object is in doubt */
	if (is_blocked(edit, record))
		return MERGE_OTHER;
	if (merge_alike(value, edit->after))
		return MERGE_NEW;
	if (merge_alike(value, edit->before))
		return MERGE_OLD;
	return value ? MERGE_OTHER : MERGE_MISSING;
}

static bool is_conflict(const struct edit *edit, const json_t *record, bool force)
{
	enum merge_state state;

	if (is_blocked(edit, record))
		return true;
	state = merge_state(edit, record);
	return !force && (state == MERGE_OTHER || state == MERGE_MISSING);
}

static int merge_apply_edit(const struct edit *edit, json_t *record)
{
	json_t *object = record;

	for (size_t i = 0; i + 1 < edit->depth; i++) {
		json_t *next = json_object_get(object, edit->path[i]);

		if (is_nothing(next)) {
			next = json_object();
			/* the object keeps it alive; on failure it is freed, and NULL is allowed */
			if (json_object_set_new(object, edit->path[i], next))
				return -ENOMEM;
		}
		object = next;
	}
	/* a copy, because the edit must not change when the record is changed later */
	if (json_object_set_new(object, edit->path[edit->depth - 1], json_deep_copy(edit->after)))
		return -ENOMEM;
	return 0;
}

int merge_apply(const struct merge *merge, json_t *record, bool force, const struct edit **conflict)
{
	/* all are checked before the first is applied; no path is inside another, so applying one
	 * does not change the state of the next */
	for (size_t i = 0; i < merge->count; i++) {
		if (is_conflict(&merge->edits[i], record, force)) {
			*conflict = &merge->edits[i];
			return -ESTALE;
		}
	}
	for (size_t i = 0; i < merge->count; i++) {
		int rc;

		if (merge_state(&merge->edits[i], record) == MERGE_NEW)
			continue;
		rc = merge_apply_edit(&merge->edits[i], record);
		if (rc)
			return rc;
	}
	return 0;
}

char *merge_path(const struct edit *edit)
{
	size_t size = 1;
	char *path;
	char *end;

	for (size_t i = 0; i < edit->depth; i++)
		size += strlen(exact_key_words(edit->path[i])) + 1;
	path = malloc(size);
	if (!path)
		return NULL;
	end = path;
	for (size_t i = 0; i < edit->depth; i++) {
		if (i)
			*end++ = '.';
		end = stpcpy(end, exact_key_words(edit->path[i]));
	}
	*end = '\0';
	return path;
}
