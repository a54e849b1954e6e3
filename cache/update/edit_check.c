/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit_check.c - see edit_check.h.
 */
#include "cache/update/edit_check.h"

#include "cache/document/merge.h"
#include "cache/roster/roster.h"
#include "cache/update/change.h"
#include "cache/update/status_field.h"
#include "vendors/base/call.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/payload.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ASSIGNED (FIELD_SYSTEM | FIELD_IMMUTABLE | FIELD_ONCE)

/* ---- messages ---- */

int edit_check_fail_assigned(struct call *call, const char *field)
{
	return call_fail(call, CALL_FORBIDDEN,
			 "\"%s\" is assigned by the vendor and cannot be changed", field);
}

static int fail_field(struct change *change, const struct field *field)
{
	char buffer[COLLECTION_WORDS_MAX];
	const char *words = collection_words(field->name, buffer);

	if (!(collection_field_flags(field) & FIELD_SYSTEM))
		return call_fail(change->call, CALL_FORBIDDEN,
				 "\"%s\" can only be set when the record is created", words);
	return edit_check_fail_assigned(change->call, words);
}

static int fail_required(struct change *change, const struct field *field)
{
	char words[COLLECTION_WORDS_MAX];

	return call_fail(change->call, CALL_INVALID, "\"%s\" is required: it cannot be cleared",
			 collection_words(field->name, words));
}

static int fail_mask(struct call *call, const char *field)
{
	return call_fail(call, CALL_INVALID,
			 "\"%s\" is a mask and not a value; write the value itself, or leave the "
			 "field out; nothing was sent",
			 field);
}

/* Fail with WORDS (of fail_mask or another), about the path of EDIT. */
static int fail_at(struct change *change, const struct edit *edit,
		   int (*fail)(struct call *call, const char *field))
{
	char *path = merge_path(edit);
	int error = fail(change->call, path ? path : "?");

	free(path);
	return error;
}

/* ---- fields inside of what is edited ---- */

/* Return a copy of the fresh record with EDIT alone. NULL: no memory. */
static json_t *with_edit(const struct change *change, const struct edit *edit)
{
	const struct merge merge = {.edits = (struct edit *)(uintptr_t)edit, .count = 1};
	json_t *record = json_deep_copy(change->fresh);
	const struct edit *conflict;

	if (record && !merge_apply(&merge, record, true, &conflict))
		return record;
	json_decref(record);
	return NULL;
}

/* A value, and where it must be. */
struct search {
	const json_t *record;
	const char *pointer;
	const json_t *value;
};

static int is_it(json_t *at, void *arg)
{
	return merge_same(at, ((const struct search *)arg)->value);
}

/* Return 1 if VALUE is not among the values at the pointer of the record, else 0. */
static int is_new(json_t *value, void *arg)
{
	struct search search = *(const struct search *)arg;

	search.value = value;
	return !pointer_each(search.record, search.pointer, is_it, &search);
}

static int is_cleared(json_t *value, void *arg)
{
	(void)arg;
	return json_is_null(value);
}

/* Check what becomes of FIELD, which is inside of what an edit replaces, in RECORD. */
static int check_inside(struct change *change, const struct field *field, const json_t *record)
{
	struct search search = {.record = change->fresh, .pointer = field->name};
	const json_t *before = pointer_get(change->fresh, field->name);
	const json_t *after = pointer_get(record, field->name);
	/* an array may lose or gain elements, each with its own value */
	bool many = strstr(field->name, "/*"), had = before && !json_is_null(before);

	if ((field->flags & ASSIGNED) &&
	    (pointer_each(record, field->name, is_new, &search) || (had && !after && !many)))
		return fail_field(change, field);
	if (!(field->flags & FIELD_REQUIRED) || (field->flags & FIELD_WRITE_ONLY))
		return 0;
	if ((had && !after && !many) || pointer_each(record, field->name, is_cleared, NULL))
		return fail_required(change, field);
	return 0;
}

/* Check EDIT against FIELD. *RECORD is the record with the edit, made when it is needed first. */
static int check_field(struct change *change, const struct edit *edit, const struct field *field,
		       json_t **record)
{
	switch (pointer_relate(field->name, edit->path, edit->depth)) {
	case POINTER_APART:
		break;
	case POINTER_COVERS:
		if (field->flags & ASSIGNED)
			return fail_field(change, field);
		/* at the field itself, not inside of it */
		if ((field->flags & FIELD_REQUIRED) && json_is_null(edit->after) &&
		    pointer_relate(field->name, edit->path, edit->depth - 1) == POINTER_BELOW)
			return fail_required(change, field);
		break;
	case POINTER_BELOW:
		if (!(field->flags & (ASSIGNED | FIELD_REQUIRED)))
			break;
		if (!*record)
			*record = with_edit(change, edit);
		return *record ? check_inside(change, field, *record)
			       : call_no_memory(change->call);
	}
	return 0;
}

/* ---- the status ---- */

static int fail_own_request(struct call *call, const char *field)
{
	return call_fail(call, CALL_FORBIDDEN,
			 "\"%s\" is changed by a request of its own: write active or inactive to "
			 "the status file",
			 field);
}

/*
 * Refuse a status that the vendor's record does not have. It would be a new field, and a vendor
 * that keeps all fields would confirm a deactivation that has no effect. Also refuse one that no
 * update of the record sets. Returns 0 or a negative errno.
 */
static int check_status_field(struct change *change, const struct edit *edit)
{
	const struct vendor *vendor = roster_account(change->roster)->vendor;
	const char *key = change->collection->status_key, *name = edit->path[0];
	char word[STATUS_MAP_MAX];

	if (key && pointer_relate(key, edit->path, edit->depth) != POINTER_APART) {
		json_t *record = with_edit(change, edit);
		bool same = record &&
			    merge_alike(pointer_get(record, key), pointer_get(change->fresh, key));

		json_decref(record);
		if (same)
			return 0;
		if (status_map_has_requests(change->collection))
			return fail_at(change, edit, fail_own_request);
		return change_status(change, change->fresh, word)
			   ? 0
			   : status_field_fail_missing(change->call);
	}
	if (key || change->collection != vendor->users || !vendor->statuses ||
	    strcmp(name, vendor->statuses->status_key) != 0 || json_object_get(change->fresh, name))
		return 0;
	return call_fail(change->call, CALL_UNSUPPORTED,
			 "the vendor's record has no \"%s\": write the word to the status file",
			 name);
}

/* ---- masks ---- */

/* Check that EDIT does not write a mask where the vendor hides or masks the value. */
static int check_mask(struct change *change, const struct edit *edit)
{
	if (payload_is_masked(edit->after) &&
	    (change_is_hidden(change, edit) || payload_is_masked(merge_value(edit, change->fresh))))
		return fail_at(change, edit, fail_mask);
	return 0;
}

static int find_mask(json_t *value, void *arg)
{
	(void)arg;
	return payload_is_masked(value);
}

int edit_check_masks(struct call *call, const struct collection *collection, const json_t *document)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		char words[COLLECTION_WORDS_MAX];

		if ((collection_field_flags(field) & FIELD_WRITE_ONLY) &&
		    pointer_each(document, field->name, find_mask, NULL))
			return fail_mask(call, collection_words(field->name, words));
	}
	return 0;
}

/* ---- members that the vendor does not know ---- */

/* Return true if the table names anything at the path of EDIT, above it or below it. */
static bool is_named(const struct collection *collection, const struct edit *edit)
{
	const char *const *const lists[] = {collection->email_keys, collection->name_keys,
					    collection->login_keys};
	const char *key = collection->status_key;

	for (const struct field *field = collection->fields; field->name; field++) {
		if (pointer_relate(field->name, edit->path, edit->depth) != POINTER_APART)
			return true;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		for (const char *const *name = lists[i]; name && *name; name++) {
			if (pointer_relate(*name, edit->path, edit->depth) != POINTER_APART)
				return true;
		}
	}
	return key && pointer_relate(key, edit->path, edit->depth) != POINTER_APART;
}

static int fail_unknown(struct call *call, const char *field)
{
	return call_fail(call, CALL_INVALID,
			 "\"%s\" is no field of this record: the vendor would store it all the "
			 "same; nothing was sent",
			 field);
}

int edit_check_names(struct call *call, const struct collection *collection, const json_t *document)
{
	const char *name;
	json_t *value;

	if (!collection->refuses_unknown)
		return 0;
	json_object_foreach((json_t *)(uintptr_t)document, name, value) {
		char *path = (char *)(uintptr_t)name;
		const struct edit edit = {.path = &path, .depth = 1};

		if (!is_named(collection, &edit))
			return fail_unknown(call, name);
	}
	return 0;
}

/* ---- all of it ---- */

int edit_check(struct change *change, const struct edit *edit)
{
	const struct collection *collection = change->collection;
	unsigned hidden = FIELD_WRITE_ONLY;
	json_t *record = NULL;
	int error;

	if (!(change_flags(change, edit) & hidden) &&
	    !collection_has_below(collection, edit->path, edit->depth, hidden) &&
	    merge_state(edit, change->fresh) == MERGE_NEW)
		return 0;
	/* first, because its words say what to do */
	error = check_status_field(change, edit);
	for (const struct field *field = collection->fields; !error && field->name; field++)
		error = check_field(change, edit, field, &record);
	json_decref(record);
	if (!error)
		error = check_mask(change, edit);
	if (!error && collection->refuses_unknown && !merge_value(edit, change->fresh) &&
	    !is_named(collection, edit))
		error = fail_at(change, edit, fail_unknown);
	return error;
}
