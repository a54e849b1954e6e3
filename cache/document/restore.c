/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.c - see restore.h.
 *
 * The document is walked in parallel with its base. Only a base with values that a tool can round
 * costs more than one pass. This file knows nothing of records, calls or files.
 */
#include "cache/document/restore.h"

#include "cache/document/align.h"
#include "vendors/json/exact.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOUBLE_MAX (1LL << 53) /* all integers up to here are doubles */
#define TRIAL_COST 20          /* the comparisons of align.h that one trial counts as */

/* The place of the walk: a chain on the stack. */
struct spot {
	const struct spot *up;
	const char *name; /* NULL: an element of an array */
};

static json_t *restore_iterable(const json_t *object)
{
	return (json_t *)(uintptr_t)object;
}

/* ---- messages ---- */

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

/* Return the path of SPOT, which the caller frees. NULL: no memory. */
static char *restore_path_of(const struct spot *spot)
{
	char *path = NULL;
	size_t size;
	FILE *out = open_memstream(&path, &size);

	if (!out)
		return NULL;
	write_path(out, spot);
	fclose(out);
	return path;
}

static void restore_note(struct restored *restored, const struct spot *spot)
{
	if (!restored->count++)
		restored->path = restore_path_of(spot);
}

/* Note that it cannot be told what an element at SPOT was. */
static int doubt(struct restored *restored, const struct spot *spot)
{
	if (!restored->doubt)
		restored->doubt = restore_path_of(spot);
	return -EINVAL;
}

void restore_clear(struct restored *restored)
{
	free(restored->path);
	free(restored->doubt);
	*restored = (struct restored){0};
}

/* ---- comparisons ---- */

/* Return true if a tool could lose a part of VALUE, or spell it another way. */
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
	json_object_foreach(restore_iterable(value), name, below) {
		if (exact_is_unpaired_key(name) || is_losable(below))
			return true;
	}
	return false;
}

/* ---- the walk ---- */

static int restore(const struct spot *spot, const json_t *base, json_t *document,
		   struct restored *restored);

/*
 * Restore VALUE, for which the base has ORIGINAL, as restore_document does. *INSTEAD is set to what
 * must replace VALUE, a new reference, or to NULL: VALUE stays, restored in place.
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
	if (exact_is_rounded(value, original)) {
		restore_note(restored, spot);
		restored->nulls += json_is_null(value);
	} else if (!exact_is_number(value) || !merge_same(value, original)) {
		return 0;
	}
	*instead = json_deep_copy(original);
	return *instead ? 0 : -ENOMEM;
}

/* Restore keys with U+FFFD where the base has half a surrogate pair. Return 0 or -ENOMEM. */
static int restore_keys(const struct spot *up, const json_t *base, json_t *document,
			struct restored *restored)
{
	const char *key;
	json_t *member;

	json_object_foreach(restore_iterable(base), key, member) {
		struct spot spot = {up, key};
		char *name;
		json_t *value = align_member(document, key, &name);
		int error = 0;

		if (name && value && !json_object_get(base, name)) {
			error = json_object_set(document, key, value);
			json_object_del(document, name);
			restore_note(restored, &spot);
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

/* ---- arrays ---- */

/* What an element becomes if it counts as an edited element of the base. */
struct trial {
	json_t *result; /* owned, or NULL: it has no rounded value of that element */
	size_t count;   /* of rounded values */
};

/* Find out, on a copy, whether VALUE has rounded values of element ORIGIN. As restore_document. */
static int try_element(struct align *align, const struct spot *spot, const json_t *value,
		       size_t origin, struct trial *trial)
{
	const json_t *base = json_array_get(align->base, origin);
	struct restored restored = {0};
	int error;

	*trial = (struct trial){0};
	if (json_typeof(value) != json_typeof(base) || !is_losable(base))
		return 0;
	if (!align_spend(align, TRIAL_COST))
		return -EINVAL;
	trial->result = json_deep_copy(value);
	if (!trial->result)
		return -ENOMEM;
	error = restore(spot, base, trial->result, &restored);
	trial->count = restored.count;
	restore_clear(&restored);
	if (error || !trial->count) {
		json_decref(trial->result);
		*trial = (struct trial){0};
	}
	return error;
}

/*
 * Try element VALUE with each element of the base that has no match. Set BEST to the trial with the
 * most rounded values, if it has more than BEST, and *ORIGIN to its index. Return -EINVAL if two
 * have equally many.
 */
static int try_others(struct align *align, const struct spot *spot, const json_t *value,
		      struct trial *best, size_t *origin)
{
	bool tied = false;

	for (size_t k = 0; k < align->base_count; k++) {
		struct trial trial = {0};
		int error = align->used[k] ? 0 : try_element(align, spot, value, k, &trial);

		if (error)
			return error;
		if (trial.count && trial.count == best->count)
			tied = tied || !json_equal(trial.result, best->result);
		if (trial.count > best->count) {
			json_decref(best->result);
			*best = trial;
			*origin = k;
			tied = false;
		} else {
			json_decref(trial.result);
		}
	}
	return tied ? -EINVAL : 0;
}

/* Match element INDEX, which has no match: it is new, or an edited one of the base. */
static int match_edited(struct align *align, const struct spot *spot, size_t index)
{
	const json_t *value = json_array_get(align->document, index);
	const json_t *before = json_array_get(align->base, index);
	struct trial best = {0};
	size_t origin = ALIGN_NONE;
	int error = try_others(align, spot, value, &best, &origin);

	/* so that the spelling of its numbers is restored */
	if (origin == ALIGN_NONE && before && !align->used[index] &&
	    json_typeof(value) == json_typeof(before))
		origin = index;
	if (!error && origin != ALIGN_NONE)
		align_match(align, index, origin);
	json_decref(best.result);
	return error;
}

/* Return -EINVAL if element INDEX may also be another one, edited until it equals its match. */
static int check_match(struct align *align, const struct spot *spot, size_t index)
{
	const json_t *value = json_array_get(align->document, index);
	struct trial best;
	size_t origin = align->match[index];
	int error = try_element(align, spot, value, origin, &best);

	if (!error && best.count) {
		error = try_others(align, spot, value, &best, &origin);
		if (!error && origin != align->match[index])
			error = -EINVAL;
	}
	json_decref(best.result);
	return error;
}

static bool is_container(const json_t *value)
{
	return json_is_object(value) || json_is_array(value);
}

/* Match the elements of the document with those of the base. Errors as in restore_document. */
static int match_elements(struct align *align, const struct spot *spot, const json_t *base,
			  json_t *document)
{
	int error = align_begin(align, base, document);
	size_t matched = 0;
	json_t *value;
	size_t i;

	json_array_foreach(document, i, value) {
		if (error || !is_container(value) || align->match[i] != ALIGN_NONE)
			continue;
		error = match_edited(align, spot, i);
	}
	for (i = 0; !error && i < align->base_count; i++)
		matched += align->used[i];
	json_array_foreach(document, i, value) {
		if (error || matched == align->base_count)
			break;
		if (is_container(value) && align->match[i] != ALIGN_NONE)
			error = check_match(align, spot, i);
	}
	return error;
}

static int restore_array(const struct spot *up, const json_t *base, json_t *document,
			 struct restored *restored)
{
	struct spot spot = {up, NULL};
	struct align align;
	json_t *value;
	int error;
	size_t i;

	if (!is_losable(base))
		return 0;
	error = match_elements(&align, &spot, base, document);
	if (error == -EINVAL)
		doubt(restored, up);
	json_array_foreach(document, i, value) {
		json_t *instead = NULL;

		if (error)
			break;
		if (align.match[i] == ALIGN_NONE)
			continue;
		error = restore_value(&spot, json_array_get(base, align.match[i]), value, restored,
				      &instead);
		if (!error && instead && json_array_set_new(document, i, instead))
			error = -ENOMEM;
	}
	align_clear(&align);
	return error;
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

/* Return true if the string VALUE (or NULL), or the key KEY (or NULL), is anywhere in BASE. */
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
	json_object_foreach(restore_iterable(base), name, below) {
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
	json_object_foreach(restore_iterable(value), name, below) {
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
