/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.c - see content.h.
 */
#include "cache/document/content.h"

#include "cache/document/merge.h"
#include "vendors/json/exact.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <stdint.h>
#include <stdio.h>

const char *content_stamp(const struct collection *collection, const json_t *record,
			  char buffer[CONTENT_STAMP_MAX])
{
	const json_t *stamp = collection->stamp_key
				  ? collection_value(record, collection->stamp_key)
				  : NULL;

	if (json_is_integer(stamp)) {
		snprintf(buffer, CONTENT_STAMP_MAX, "%" JSON_INTEGER_FORMAT,
			 json_integer_value(stamp));
		return buffer;
	}
	return exact_is_number(stamp) ? exact_number(stamp) : exact_string(stamp);
}

/*
 * Return RECORD, or, if the vendor assigns anything inside of its members, a copy without that: a
 * new reference. NULL: no memory.
 */
static json_t *own_content(const struct collection *collection, const json_t *record)
{
	json_t *own = (json_t *)(uintptr_t)record;

	if (!collection_is_nested(collection, FIELD_SYSTEM))
		return json_incref(own);
	own = json_deep_copy(record);
	collection_strip(collection, own, FIELD_SYSTEM);
	return own;
}

static bool same_content(const struct collection *collection, const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)a, key, value) {
		const json_t *other = json_object_get(b, key);

		if (collection_flags(collection, key) & FIELD_SYSTEM)
			continue;
		if (other ? !merge_same(value, other) : !json_is_null(value))
			return false;
	}
	json_object_foreach((json_t *)(uintptr_t)b, key, value) {
		if (!(collection_flags(collection, key) & FIELD_SYSTEM) && !json_is_null(value) &&
		    !json_object_get(a, key))
			return false;
	}
	return true;
}

static bool contradict(const struct collection *collection, const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)a, key, value) {
		const json_t *other = json_object_get(b, key);

		if (other && !merge_same(value, other) &&
		    !(collection_flags(collection, key) & FIELD_SYSTEM))
			return true;
	}
	return false;
}

bool content_same(const struct collection *collection, const json_t *a, const json_t *b)
{
	json_t *own_a = own_content(collection, a), *own_b = own_content(collection, b);
	bool same = own_a && own_b && same_content(collection, own_a, own_b);

	json_decref(own_a);
	json_decref(own_b);
	return same;
}

bool content_contradicts(const struct collection *collection, const json_t *a, const json_t *b)
{
	json_t *own_a = own_content(collection, a), *own_b = own_content(collection, b);
	bool different = !own_a || !own_b || contradict(collection, own_a, own_b);

	json_decref(own_a);
	json_decref(own_b);
	return different;
}
