/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - see rows.h.
 *
 * A pointer to rows has a "*" for each element of an array. What stands before it must be there and
 * be an array, or nothing proves that the list is empty; pointer_each does not tell the two apart.
 */
#include "vendors/list/rows.h"

#include "vendors/json/pointer.h"
#include "vendors/vendor.h"
#include "vendors/json/exact_mend.h"
#include "vendors/rest/collection.h"

#include <string.h>

#define PREFIX_MAX 1024

/*
 * Copy what stands before the first "*" of POINTER to PREFIX. Returns what stands behind it, or
 * NULL: it has no "*".
 */
static const char *split(const char *pointer, char prefix[PREFIX_MAX])
{
	const char *at = pointer;

	while ((at = strstr(at, "/*")) && at[2] && at[2] != '/')
		at++;
	if (!at || at - pointer >= PREFIX_MAX)
		return NULL;
	memcpy(prefix, pointer, (size_t)(at - pointer));
	prefix[at - pointer] = '\0';
	return at + 2;
}

static bool is_nothing(const json_t *value)
{
	return !value || json_is_null(value) ||
	       (json_is_string(value) && json_string_length(value) == 0);
}

struct rows rows_find_at(const struct collection *collection, const char *const *pointers,
			 const json_t *answer)
{
	const struct rule_list *listing = collection->listing;
	struct rows rows = {.rest = "", .each = true, .may_lack = listing->no_rows_is_empty};
	char prefix[PREFIX_MAX];

	for (const char *const *pointer = pointers ? pointers : listing->rows; *pointer;
	     pointer++) {
		const char *rest = split(*pointer, prefix);
		json_t *at = pointer_get(answer, rest ? prefix : *pointer);

		if (is_nothing(at))
			continue;
		rows.each = rest != NULL;
		rows.rest = rest ? rest : "";
		rows.odd = rest && !json_is_array(at);
		rows.at = rows.odd ? NULL : at;
		break;
	}
	return rows;
}

struct rows rows_find(const struct collection *collection, const json_t *answer)
{
	struct rows rows = {.rest = "", .each = true};
	json_t *array;

	if (collection->listing)
		return rows_find_at(collection, NULL, answer);
	array = json_object_get(answer, collection->list_key);
	rows.at = json_is_array(array) ? array : NULL;
	return rows;
}

/* As rows_each, for ARRAY and REST alone. */
static int visit_array(const struct rows *rows, const json_t *array, const char *rest,
		       int (*visit)(json_t *row, void *arg), void *arg)
{
	char prefix[PREFIX_MAX];
	const char *deeper = *rest ? split(rest, prefix) : NULL;
	size_t count = json_array_size(array);
	int result = 0;

	for (size_t i = 0; i < count && !result; i++) {
		json_t *element = json_array_get(array, i);
		json_t *inner;

		if (!*rest) {
			result = visit(element, arg);
			continue;
		}
		inner = pointer_get(element, deeper ? prefix : rest);
		if (deeper && rows->may_lack && is_nothing(inner))
			continue;
		if (!deeper)
			result = visit(inner, arg);
		else if (json_is_array(inner))
			result = visit_array(rows, inner, deeper, visit, arg);
		else
			result = visit(NULL, arg);
	}
	return result;
}

int rows_each(const struct rows *rows, int (*visit)(json_t *row, void *arg), void *arg)
{
	if (!rows->at)
		return 0;
	return rows->each ? visit_array(rows, rows->at, rows->rest, visit, arg)
			  : visit(rows->at, arg);
}

json_t *rows_record(const struct collection *collection, json_t *row)
{
	json_t *inner;

	if (collection->listing) {
		if (!collection->row_roots)
			return json_is_object(row) ? row : NULL;
		for (const char *const *root = collection->row_roots; row && *root; root++) {
			inner = pointer_get(row, *root);
			if (!is_nothing(inner))
				return json_is_object(inner) ? inner : NULL;
		}
		return NULL;
	}
	/* the vendors' documents show rows flat, or wrapped in an envelope of their own */
	inner = json_object_get(row, collection->item_key);
	if (strcmp(collection->item_key, collection->list_key) != 0 && json_is_object(inner))
		return inner;
	return json_is_object(row) ? row : NULL;
}

const char *rows_words(const struct collection *collection)
{
	return collection->listing ? collection->listing->rows[0] : collection->list_key;
}

bool rows_has_id(const struct collection *collection, const json_t *record)
{
	for (const char *const *key = collection->id_keys; *key; key++) {
		const json_t *value = collection_value(record, *key);

		if (value)
			return !exact_mend_is_stand_in(value, record);
	}
	return false;
}
