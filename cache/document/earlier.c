/* SPDX-License-Identifier: Apache-2.0 */
/*
 * earlier.c - see earlier.h.
 *
 * A list of hashes, searched from its end. A save adds only a few, so a hash table would cost more
 * than it saves. This file does not know processes and versions (versions.c), nor messages
 * (edit_base.c).
 */
#include "cache/document/earlier.h"

#include "vendors/base/hash.h"
#include "vendors/json/exact.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct earlier_value {
	uint64_t path;
	uint64_t value;
	uint64_t number; /* of the save that replaced or left it */
	bool original;   /* the version had it before any save */
	bool written;    /* a save wrote it */
};

/* ---- hashes ---- */

/* Spread HASH over all bits, so that hashes can be added. */
static uint64_t earlier_finish(uint64_t hash)
{
	hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
	hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
	return hash ^ (hash >> 33);
}

/* Return the hash of the path of member NAME of the value at path ABOVE. */
static uint64_t earlier_path_below(uint64_t above, const char *name)
{
	return earlier_finish(hash_bytes(above, name, strlen(name) + 1));
}

static uint64_t earlier_path_of(const struct edit *edit)
{
	uint64_t path = HASH_START;

	for (size_t i = 0; i < edit->depth; i++)
		path = earlier_path_below(path, edit->path[i]);
	return path;
}

static uint64_t hash_value(const json_t *value)
{
	json_type type = json_typeof(value);
	const char *name;
	json_t *member;
	uint64_t hash;
	size_t i;

	/* 1 and 1.0 are the same number, as in merge.h */
	if (exact_is_number(value))
		type = JSON_INTEGER;
	hash = hash_bytes(HASH_START, &type, sizeof(type));

	switch (type) {
	case JSON_STRING:
		hash = hash_bytes(hash, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		hash ^= exact_hash_number(value);
		break;
	case JSON_ARRAY:
		json_array_foreach(value, i, member)
			hash = earlier_finish(hash + hash_value(member));
		break;
	case JSON_OBJECT: /* the order of members does not matter */
		json_object_foreach((json_t *)(uintptr_t)value, name, member)
			hash += earlier_finish(earlier_path_below(HASH_START, name) ^
					       hash_value(member));
		break;
	default: /* true, false, null: the type is the value */
		break;
	}
	return earlier_finish(hash);
}

/* ---- the list ---- */

static struct earlier_value *find_value(const struct earlier *earlier, uint64_t path,
					uint64_t value)
{
	for (size_t i = earlier->count; i > 0; i--) {
		if (earlier->values[i - 1].path == path && earlier->values[i - 1].value == value)
			return &earlier->values[i - 1];
	}
	return NULL;
}

/* Return the newest value at PATH, or NULL. */
static const struct earlier_value *newest(const struct earlier *earlier, uint64_t path)
{
	for (size_t i = earlier->count; i > 0; i--) {
		if (earlier->values[i - 1].path == path)
			return &earlier->values[i - 1];
	}
	return NULL;
}

/* Return the number of the last save that changed the value at PATH; 0: it is in no history. */
static uint64_t last_number(const struct earlier *earlier, uint64_t path)
{
	for (size_t i = earlier->count; i > 0; i--) {
		if (earlier->values[i - 1].path == path && earlier->values[i - 1].number)
			return earlier->values[i - 1].number;
	}
	return 0;
}

static bool wrote(const struct earlier *earlier, uint64_t path)
{
	for (size_t i = 0; i < earlier->count; i++) {
		if (earlier->values[i].path == path && earlier->values[i].written)
			return true;
	}
	return false;
}

static void take_out(struct earlier *earlier, struct earlier_value *value)
{
	size_t behind = earlier->count - (size_t)(value - earlier->values) - 1;

	memmove(value, value + 1, behind * sizeof(*value));
	earlier->count--;
}

/* Make room for one more value. Return false if EARLIER is full. */
static bool make_room(struct earlier *earlier)
{
	struct earlier_value *values;
	size_t room = earlier->room ? 2 * earlier->room : 8, i = 0;

	if (earlier->count == EARLIER_MAX) {
		while (i < earlier->count && earlier->values[i].original)
			i++;
		if (i < earlier->count)
			take_out(earlier, &earlier->values[i]);
		else
			earlier->full = true;
		return !earlier->full;
	}
	if (earlier->count < earlier->room)
		return true;
	values = reallocarray(earlier->values, room, sizeof(*values));
	if (!values) {
		earlier->full = true;
		return false;
	}
	earlier->values = values;
	earlier->room = room;
	return true;
}

static void earlier_add(struct earlier *earlier, struct earlier_value value)
{
	struct earlier_value *old = find_value(earlier, value.path, value.value);

	if (old) {
		value.original |= old->original;
		value.written |= old->written;
		if (!value.number)
			value.number = old->number;
		take_out(earlier, old);
	}
	if (make_room(earlier))
		earlier->values[earlier->count++] = value;
}

/* Add VALUE (NULL: nothing) with LIKE's properties at LIKE's path, an object member by member. */
static void add_leaves(struct earlier *earlier, struct earlier_value like, const json_t *value)
{
	const uint64_t above = like.path;
	const char *name;
	json_t *member;

	if (!value)
		return;
	if (!json_object_size(value)) {
		like.value = hash_value(value);
		earlier_add(earlier, like);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)value, name, member) {
		like.path = earlier_path_below(above, name);
		add_leaves(earlier, like, member);
	}
}

/* Add the values that a save replaces, which found BEFORE at PATH. */
static void add_before(struct earlier *earlier, uint64_t path, const json_t *before,
		       uint64_t number)
{
	struct earlier_value like = {.path = path, .number = number};
	const char *name;
	json_t *member;

	if (!json_object_size(before)) {
		like.original = !newest(earlier, path);
		add_leaves(earlier, like, before);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)before, name, member)
		add_before(earlier, earlier_path_below(path, name), member, number);
}

/* Add what LEFT has and DOCUMENT does not have: changes of others, which the save found. */
static void add_others(struct earlier *earlier, uint64_t path, const json_t *document,
		       const json_t *left)
{
	struct earlier_value like = {.path = path};
	const char *name;
	json_t *member;

	if (json_is_object(document) && json_is_object(left)) {
		json_object_foreach((json_t *)(uintptr_t)left, name, member)
			add_others(earlier, earlier_path_below(path, name),
				   json_object_get(document, name), member);
		return;
	}
	if (document && !merge_same(document, left) && !find_value(earlier, path, hash_value(left)))
		add_leaves(earlier, like, left);
}

void earlier_note(struct earlier *earlier, const struct earlier_save *save)
{
	const char *name;
	json_t *member;

	for (size_t i = 0; i < save->merge->count; i++) {
		const struct edit *edit = &save->merge->edits[i];
		struct earlier_value like = {.path = earlier_path_of(edit), .number = save->number};

		add_before(earlier, like.path, edit->before, save->number);
		like.value = hash_value(edit->after);
		like.written = true;
		earlier_add(earlier,
			    like); /* the path itself was written, even if it is an object */
		add_leaves(earlier, like, edit->after);
		like.written = false;
		if (!collection_hides(save->collection, save->left, edit->path, edit->depth))
			add_leaves(earlier, like, merge_value(edit, save->left));
	}
	json_object_foreach((json_t *)(uintptr_t)save->left, name, member) {
		if (!(collection_flags(save->collection, name) & FIELD_SYSTEM))
			add_others(earlier, earlier_path_below(HASH_START, name),
				   json_object_get(save->document, name), member);
	}
}

/* ---- looking ---- */

/* Return true if VALUE is what the vendor has, which is NOW. */
static bool is_there(const json_t *value, const json_t *now)
{
	return json_is_null(value) ? !now || json_is_null(now) : merge_same(value, now);
}

/* As earlier_find, for VALUE at PATH, where the vendor has NOW. NAME: the path, for messages. */
static bool find_leaf(const struct earlier *earlier, uint64_t path, const char *name,
		      const json_t *value, const json_t *now, bool secret, struct earlier_hit *hit)
{
	const struct earlier_value *known;
	const char *below;
	json_t *member;

	json_object_foreach((json_t *)(uintptr_t)value, below, member) {
		char *longer = NULL;
		bool found;

		if (asprintf(&longer, "%s.%s", name, below) < 0)
			longer = NULL;
		found = find_leaf(earlier, earlier_path_below(path, below), longer ? longer : name,
				  member, json_object_get(now, below), secret, hit);
		free(longer);
		if (found)
			return true;
	}
	if (json_object_size(value) || (!secret && is_there(value, now)))
		return false;
	known = find_value(earlier, path, hash_value(value));
	if (!known || (secret && known == newest(earlier, path)))
		return false;
	*hit = (struct earlier_hit){.path = strdup(name),
				    .value = value,
				    .now = now,
				    .number = last_number(earlier, path)};
	return true;
}

bool earlier_find(const struct earlier *earlier, const struct edit *edit, const json_t *fresh,
		  bool secret, struct earlier_hit *hit)
{
	char *name = merge_path(edit);
	bool found = find_leaf(earlier, earlier_path_of(edit), name ? name : "?", edit->after,
			       merge_value(edit, fresh), secret, hit);

	free(name);
	return found;
}

void earlier_hit_clear(struct earlier_hit *hit)
{
	free(hit->path);
	memset(hit, 0, sizeof(*hit));
}

static void rebase(const struct earlier *earlier, uint64_t above, json_t *saved, const json_t *left,
		   const json_t *document)
{
	const char *name;
	json_t *written;

	json_object_foreach((json_t *)(uintptr_t)document, name, written) {
		json_t *before = json_object_get(saved, name);
		json_t *now = json_object_get(left, name);
		uint64_t path = earlier_path_below(above, name);

		if (json_is_object(before) && json_is_object(now) && json_is_object(written)) {
			rebase(earlier, path, before, now, written);
			continue;
		}
		if (!before || merge_same(before, now) || merge_same(before, written) ||
		    !wrote(earlier, path))
			continue;
		if (now)
			json_object_set(saved, name, now);
		else
			json_object_del(saved, name);
	}
}

void earlier_rebase(const struct earlier *earlier, json_t *saved, const json_t *left,
		    const json_t *document)
{
	rebase(earlier, HASH_START, saved, left, document);
}

/* ---- copying and freeing ---- */

void earlier_copy(struct earlier *to, const struct earlier *from)
{
	*to = (struct earlier){.full = from->full};
	if (!from->count)
		return;
	to->values = reallocarray(NULL, from->count, sizeof(*to->values));
	if (!to->values) {
		to->full = true;
		return;
	}
	memcpy(to->values, from->values, from->count * sizeof(*to->values));
	to->count = to->room = from->count;
}

void earlier_clear(struct earlier *earlier)
{
	free(earlier->values);
	memset(earlier, 0, sizeof(*earlier));
}
