/*
 * restore.c - see restore.h.
 *
 * The document is walked beside its base. Only a base that has something to lose costs more than a
 * look at it. It knows nothing of records, calls or files.
 */
#include "cache/restore.h"

#include "vendors/exact.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOUBLE_MAX (1LL << 53) /* the integers up to here are doubles */
#define SEARCH_MAX 1000        /* elements of an array in which one that was moved is looked for */

/* Where the walk stands: a chain on the stack. */
struct spot {
	const struct spot *up;
	const char *name; /* NULL: an element of an array */
};

static json_t *iterable(const json_t *object)
{
	return (json_t *)(uintptr_t)object;
}

/* ---- words ---- */

static void write_path(FILE *out, const struct spot *spot)
{
	if (!spot)
		return;
	write_path(out, spot->up);
	if (spot->name)
		fprintf(out, "%s%s", spot->up ? "." : "", exact_key_words(spot->name));
	else
		fputs("[]", out);
}

static void note(struct restored *restored, const struct spot *spot)
{
	size_t size;
	FILE *out;

	if (restored->count++)
		return;
	out = open_memstream(&restored->path, &size);
	if (!out)
		return;
	write_path(out, spot);
	fclose(out);
}

void restored_clear(struct restored *restored)
{
	free(restored->path);
	*restored = (struct restored){0};
}

/* ---- comparisons ---- */

/* Could a tool lose anything of VALUE, or spell it another way? */
static bool is_losable(const json_t *value)
{
	const char *name;
	json_t *below;
	size_t i;

	if (exact_number(value) || exact_is_unpaired(value))
		return true;
	if (json_is_integer(value))
		return llabs(json_integer_value(value)) > DOUBLE_MAX;
	json_array_foreach(value, i, below) {
		if (is_losable(below))
			return true;
	}
	json_object_foreach(iterable(value), name, below) {
		if (exact_is_unpaired_key(name) || is_losable(below))
			return true;
	}
	return false;
}

/* What stands in OBJECT for KEY of the base, whole or with U+FFFD. *NAME is what it is there. */
static json_t *find_member(const json_t *object, const char *key, char **name)
{
	json_t *value = json_object_get(object, key);

	*name = NULL;
	if (value || !exact_is_unpaired_key(key))
		return value;
	*name = exact_key_replaced(key);
	return *name ? json_object_get(object, *name) : NULL;
}

static bool is_same(const json_t *value, const json_t *original);

static bool is_same_object(const json_t *value, const json_t *original)
{
	const char *key;
	json_t *member;

	if (json_object_size(value) != json_object_size(original))
		return false;
	json_object_foreach(iterable(original), key, member) {
		char *name;
		const json_t *other = find_member(value, key, &name);

		free(name);
		if (!other || !is_same(other, member))
			return false;
	}
	return true;
}

/* Is VALUE the ORIGINAL, or what a tool made of it? */
static bool is_same(const json_t *value, const json_t *original)
{
	size_t count = json_array_size(original);

	if (json_is_object(value) && json_is_object(original))
		return is_same_object(value, original);
	if (!json_is_array(value) || !json_is_array(original))
		return merge_same(value, original) || exact_is_rounded(value, original);
	if (json_array_size(value) != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_same(json_array_get(value, i), json_array_get(original, i)))
			return false;
	}
	return true;
}

/* ---- the walk ---- */

static int restore(const struct spot *spot, const json_t *base, json_t *document,
		   struct restored *restored);

/*
 * What is to stand in place of VALUE, for which the base has ORIGINAL: a new reference in *INSTEAD,
 * or NULL: VALUE itself, in which all may have been restored. 0 or -ENOMEM.
 */
static int restore_value(const struct spot *spot, const json_t *original, json_t *value,
			 struct restored *restored, json_t **instead)
{
	*instead = NULL;
	if ((json_is_object(value) && json_is_object(original)) ||
	    (json_is_array(value) && json_is_array(original)))
		return restore(spot, original, value, restored);
	if (!original || json_equal(value, original))
		return 0;
	if (exact_is_rounded(value, original))
		note(restored, spot);
	else if (!exact_is_number(value) || !merge_same(value, original))
		return 0;
	*instead = json_deep_copy(original);
	return *instead ? 0 : -ENOMEM;
}

/* The document's keys with U+FFFD where the base has half a surrogate pair. 0 or -ENOMEM. */
static int restore_keys(const struct spot *up, const json_t *base, json_t *document,
			struct restored *restored)
{
	const char *key;
	json_t *member;

	json_object_foreach(iterable(base), key, member) {
		struct spot spot = {up, key};
		char *name;
		json_t *value = find_member(document, key, &name);
		int error = 0;

		if (name && value && !json_object_get(base, name)) {
			error = json_object_set(document, key, value);
			json_object_del(document, name);
			note(restored, &spot);
		}
		free(name);
		if (error)
			return -ENOMEM;
	}
	return 0;
}

static int restore_object(const struct spot *up, const json_t *base, json_t *document,
			  struct restored *restored)
{
	int error = restore_keys(up, base, document, restored);
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(document, next, key, value) {
		struct spot spot = {up, key};
		json_t *instead = NULL;

		if (!error)
			error = restore_value(&spot, json_object_get(base, key), value, restored,
					      &instead);
		if (instead && json_object_set_new(document, key, instead))
			error = -ENOMEM;
	}
	return error;
}

/* Which element of BASE became VALUE at INDEX of the document's array? */
static const json_t *find_original(const json_t *base, const json_t *value, size_t index)
{
	const json_t *same = json_array_get(base, index);
	size_t count = json_array_size(base);

	if ((same && is_same(value, same)) || count > SEARCH_MAX)
		return same;
	for (size_t i = 0; i < count; i++) {
		if (is_same(value, json_array_get(base, i)))
			return json_array_get(base, i);
	}
	return same;
}

static int restore_array(const struct spot *up, const json_t *base, json_t *document,
			 struct restored *restored)
{
	struct spot spot = {up, NULL};
	json_t *value;
	size_t i;

	if (!is_losable(base))
		return 0;
	json_array_foreach(document, i, value) {
		json_t *instead;
		int error = restore_value(&spot, find_original(base, value, i), value, restored,
					  &instead);

		if (!error && instead && json_array_set_new(document, i, instead))
			error = -ENOMEM;
		if (error)
			return error;
	}
	return 0;
}

static int restore(const struct spot *spot, const json_t *base, json_t *document,
		   struct restored *restored)
{
	return json_is_object(base) ? restore_object(spot, base, document, restored)
				    : restore_array(spot, base, document, restored);
}

int restore_document(const json_t *base, json_t *document, struct restored *restored)
{
	return restore_object(NULL, base, document, restored);
}

/* ---- half a surrogate pair ---- */

/* Is a string like VALUE, or with KEY such a key, anywhere in BASE? */
static bool has_unpaired(const json_t *base, const json_t *value, const char *key)
{
	const char *name;
	json_t *below;
	size_t i;

	if (value && json_equal(base, value))
		return true;
	json_array_foreach(base, i, below) {
		if (has_unpaired(below, value, key))
			return true;
	}
	json_object_foreach(iterable(base), name, below) {
		if ((key && strcmp(name, key) == 0) || has_unpaired(below, value, key))
			return true;
	}
	return false;
}

bool restore_brings_unpaired(const json_t *value, const json_t *base)
{
	const char *name;
	json_t *below;
	size_t i;

	if (exact_is_unpaired(value))
		return !has_unpaired(base, value, NULL);
	json_array_foreach(value, i, below) {
		if (restore_brings_unpaired(below, base))
			return true;
	}
	json_object_foreach(iterable(value), name, below) {
		if ((exact_is_unpaired_key(name) && !has_unpaired(base, NULL, name)) ||
		    restore_brings_unpaired(below, base))
			return true;
	}
	return false;
}

const struct edit *restore_find_unpaired(const struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct edit *edit = &merge->edits[i];

		if ((!edit->before && exact_is_unpaired_key(edit->path[edit->depth - 1])) ||
		    restore_brings_unpaired(edit->after, edit->before))
			return edit;
	}
	return NULL;
}
