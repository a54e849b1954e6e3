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

const char *content_stamp(const struct collection *collection, const json_t *record)
{
	if (!collection->stamp_key)
		return NULL;
	return exact_string(collection_value(record, collection->stamp_key));
}

const char *content_status(const struct collection *collection, const json_t *record)
{
	const char *key = collection->status_key;

	return key ? exact_string(json_object_get(record, key)) : NULL;
}

bool content_same(const struct collection *collection, const json_t *a, const json_t *b)
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

bool content_contradicts(const struct collection *collection, const json_t *a, const json_t *b)
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
