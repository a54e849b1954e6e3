/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_ack.c - see feed_ack.h.
 *
 * Values keep the vendor's own characters (exact.h). Keys of a path that are carried stay as they
 * are in a tree; as strings they may hold anything that a key may.
 */
#include "cache/feed/feed_ack.h"

#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static json_t *ack_borrowed(const json_t *value)
{
	return value ? json_incref((json_t *)value) : NULL;
}

/* Return EDIT as JSON, a new reference, or NULL: no memory. */
static json_t *ack_edit(const struct edit *edit)
{
	json_t *path = json_array(), *object = json_object();
	int error = path && object ? 0 : -1;

	for (size_t i = 0; !error && i < edit->depth; i++)
		error = json_array_append_new(path, json_string(edit->path[i]));
	if (!error)
		error = json_object_set(object, "path", path);
	if (!error && edit->before)
		error = json_object_set_new(object, "before", ack_borrowed(edit->before));
	if (!error && edit->after)
		error = json_object_set_new(object, "after", ack_borrowed(edit->after));
	json_decref(path);
	if (error) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

char *feed_ack_text(const struct merge *merge, const json_t *before, const json_t *after,
		    const json_t *seen)
{
	const struct {
		const char *name;
		const json_t *value;
	} parts[] = {{"before", before}, {"after", after}, {"seen", seen}};
	json_t *all = json_object(), *edits = json_array();
	int error = all && edits ? 0 : -1;
	char *text = NULL;

	for (size_t i = 0; !error && i < merge->count; i++)
		error = json_array_append_new(edits, ack_edit(&merge->edits[i]));
	if (!error)
		error = json_object_set(all, "edits", edits);
	for (size_t i = 0; !error && i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].value)
			error = json_object_set_new(all, parts[i].name,
						    ack_borrowed(parts[i].value));
	if (!error)
		text = exact_print_text(all, 0);
	json_decref(edits);
	json_decref(all);
	return text;
}

/* Set EDIT, all zero, from OBJECT. Return 0, -EBADMSG or -ENOMEM. */
static int ack_read_edit(const json_t *object, struct edit *edit)
{
	const json_t *path = json_object_get(object, "path");
	size_t depth = json_array_size(path);
	json_t *after = json_object_get(object, "after");

	if (!depth || !after)
		return -EBADMSG;
	edit->path = calloc(depth, sizeof(char *));
	if (!edit->path)
		return -ENOMEM;
	for (; edit->depth < depth; edit->depth++) {
		const char *name = json_string_value(json_array_get(path, edit->depth));

		edit->path[edit->depth] = name ? strdup(name) : NULL;
		if (!edit->path[edit->depth])
			return name ? -ENOMEM : -EBADMSG;
	}
	edit->before = ack_borrowed(json_object_get(object, "before"));
	edit->after = json_incref(after);
	return 0;
}

int feed_ack_read(const char *text, size_t length, struct feed_ack *ack)
{
	const json_t *edits;
	size_t count;
	int error = 0;

	memset(ack, 0, sizeof(*ack));
	ack->all = exact_parse(text, length, 0, NULL);
	edits = json_object_get(ack->all, "edits");
	count = json_array_size(edits);
	if (!count)
		return -EBADMSG;
	ack->merge.edits = calloc(count, sizeof(*ack->merge.edits));
	if (!ack->merge.edits)
		return -ENOMEM;
	for (; !error && ack->merge.count < count; ack->merge.count++)
		error = ack_read_edit(json_array_get(edits, ack->merge.count),
				      &ack->merge.edits[ack->merge.count]);
	ack->before = json_object_get(ack->all, "before");
	ack->after = json_object_get(ack->all, "after");
	ack->seen = json_object_get(ack->all, "seen");
	return error;
}

void feed_ack_clear(struct feed_ack *ack)
{
	merge_clear(&ack->merge);
	json_decref(ack->all);
	memset(ack, 0, sizeof(*ack));
}
