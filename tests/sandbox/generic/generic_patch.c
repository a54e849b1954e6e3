/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_patch: the operations of SCIM's PATCH (RFC 7644, 3.5.2).
 *
 * A path is an attribute, one of its sub-attributes, the values of a list that a filter chooses, or
 * any of these behind the URN of an extension: `emails[type eq "work"].value`.
 *
 * It must not know which attributes a user has.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "generic_parts.h"
#include "tests/sandbox/document.h"

struct path {
	json_t *parent;      /* borrowed: the object that holds the attribute */
	char attribute[128]; /* "" where the path ends at an extension */
	char filter[64];     /* the attribute that is compared; "": no filter */
	char wanted[256];
	char sub[128]; /* "": none */
};

static void copy_part(char *out, size_t size, const char *from, size_t len)
{
	snprintf(out, size, "%.*s", (int)(len < size ? len : size - 1), from);
}

/* Step into an extension, making it if need be; returns the rest of the path. */
static const char *step_into_urn(json_t *record, const char *words, json_t **parent)
{
	static const char core[] = "urn:ietf:params:scim:schemas:core:2.0:User:";
	if (strncasecmp(words, core, strlen(core)) == 0)
		return words + strlen(core);
	if (strncasecmp(words, "urn:", 4) != 0)
		return words;
	const char *key;
	json_t *value;
	size_t known = 0;
	json_object_foreach(record, key, value) {
		size_t len = strlen(key);
		if (strncasecmp(key, words, len) == 0 && (words[len] == ':' || !words[len])) {
			*parent = value;
			known = len;
		}
	}
	const char *colon = strrchr(words, ':');
	if (!known) {
		char *urn = text_copy(words, (size_t)(colon - words));
		*parent = json_object();
		json_object_set_new(record, urn, *parent);
		free(urn);
		known = (size_t)(colon - words);
	}
	return words[known] ? words + known + 1 : "";
}

/* False: it is no path. */
static bool read_path(json_t *record, const char *words, struct path *path)
{
	*path = (struct path){.parent = record};
	words = step_into_urn(record, words, &path->parent);
	size_t name = strcspn(words, ".[");
	copy_part(path->attribute, sizeof path->attribute, words, name);
	words += name;
	if (*words == '[') {
		size_t len = strcspn(words, " ");
		copy_part(path->filter, sizeof path->filter, words + 1, len - 1);
		if (strncasecmp(words + len, " eq ", 4) != 0)
			return false;
		words += len + 4;
		bool quoted = *words == '"';
		size_t value = quoted ? strcspn(words + 1, "\"") : strcspn(words, "]");
		copy_part(path->wanted, sizeof path->wanted, words + quoted, value);
		words += value + (quoted ? 2 : 0);
		if (*words++ != ']')
			return false;
	}
	if (*words == '.')
		snprintf(path->sub, sizeof path->sub, "%s", words + 1);
	else if (*words)
		return false;
	return *path->attribute || !path->filter[0];
}

/* Whether a value of a list is the one that the filter means. */
static bool chosen(const json_t *element, const struct path *path)
{
	const json_t *value = json_object_get(element, path->filter);
	const char *words = json_string_value(value);
	if (!path->filter[0])
		return true;
	if (json_is_boolean(value))
		return strcasecmp(path->wanted, json_is_true(value) ? "true" : "false") == 0;
	return words && strcmp(words, path->wanted) == 0;
}

static void put(json_t *holder, const char *name, const json_t *value, bool removes)
{
	if (removes)
		json_object_del(holder, name);
	else
		json_object_set_new(holder, name, json_deep_copy(value));
}

/* The values that the filter chooses; how many there were. */
static size_t change_chosen(json_t *list, const struct path *path, const json_t *value,
			    bool removes)
{
	size_t found = 0;
	for (size_t i = json_array_size(list); i-- > 0;) {
		json_t *element = json_array_get(list, i);
		if (!chosen(element, path))
			continue;
		found++;
		if (path->sub[0])
			put(element, path->sub, value, removes);
		else if (removes)
			json_array_remove(list, i);
		else if (json_is_object(value))
			json_object_update(element, (json_t *)(uintptr_t)value);
		else
			json_array_set_new(list, i, json_deep_copy(value));
	}
	return found;
}

/* Take out of a list those values that are named by their "value". */
static void remove_named(json_t *list, const json_t *names)
{
	for (size_t i = json_array_size(list); i-- > 0;)
		for (size_t k = 0; k < json_array_size(names); k++) {
			const json_t *own = json_object_get(json_array_get(list, i), "value");
			if (own &&
			    json_equal(own, json_object_get(json_array_get(names, k), "value"))) {
				json_array_remove(list, i);
				break;
			}
		}
}

/* Add to a list what it does not have yet. */
static void add_values(json_t *list, const json_t *value)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1;
	for (size_t i = 0; i < count; i++) {
		const json_t *one = json_is_array(value) ? json_array_get(value, i) : value;
		bool there = false;
		for (size_t k = 0; k < json_array_size(list); k++) {
			const json_t *own = json_array_get(list, k);
			const json_t *name = json_object_get(own, "value");
			there = there || json_equal(own, one) ||
				(name && json_equal(name, json_object_get(one, "value")));
		}
		if (!there)
			json_array_append_new(list, json_deep_copy(one));
	}
}

static void change_whole(const struct path *path, const char *op, const json_t *value)
{
	json_t *now = json_object_get(path->parent, path->attribute);
	if (!path->attribute[0]) {
		if (json_is_object(value))
			json_object_update(path->parent, (json_t *)(uintptr_t)value);
	} else if (strcasecmp(op, "remove") == 0) {
		if (json_is_array(now) && json_is_array(value))
			remove_named(now, value);
		else
			json_object_del(path->parent, path->attribute);
	} else if (strcasecmp(op, "add") == 0 && json_is_array(now)) {
		add_values(now, value);
	} else if (json_is_object(now) && json_is_object(value)) {
		json_object_update(now, (json_t *)(uintptr_t)value);
	} else {
		put(path->parent, path->attribute, value, false);
	}
}

/* Whether the path is of the play's fields, or the attribute is there. */
static bool path_known(const struct visit *v, const char *words)
{
	const char *key;
	json_t *field;
	size_t len = strcspn(words, ".[");
	const char *colon = strncasecmp(words, "urn:", 4) == 0 ? strrchr(words, ':') : NULL;
	if (colon) {
		words = colon + 1;
		len = strcspn(words, ".[");
	}
	const char *status = play_word(play_part(v->g->play, "status"), "at", "/");
	if (v->place || (strlen(status + 1) == len && strncmp(status + 1, words, len) == 0))
		return true;
	json_object_foreach((json_t *)(uintptr_t)play_part(v->g->play, "fields"), key, field) {
		const char *at = colon ? strrchr(key, '/') : key;
		if (strncmp(at + 1, words, len) == 0 && (!at[len + 1] || at[len + 1] == '/'))
			return true;
	}
	return false;
}

static bool refuse(struct visit *v, const char *kind, const char *field)
{
	error_reply(v, kind, field, NULL);
	return false;
}

/* The attribute "active" of a vendor that keeps another one. */
static bool operate_state(struct visit *v, json_t *record, const json_t *states,
			  const json_t *value)
{
	const char *words = json_string_value(value);
	bool on = json_is_true(value) || (words && strcasecmp(words, "true") == 0);
	const char *state = play_word(states, on ? "true" : "false", NULL);
	if ((!words && !json_is_boolean(value)) || !state)
		return refuse(v, "invalid", "active");
	status_put(v->g, record, state);
	return true;
}

/* One operation with a path. */
static bool operate_at(struct visit *v, json_t *record, const char *op, const char *words,
		       const json_t *value)
{
	const json_t *ops = play_part(v->act, "ops");
	const json_t *only = play_part(ops, "only");
	const json_t *states = play_part(ops, "states");
	struct path path;
	bool listed = !only;
	if (states && !v->place && strcasecmp(words, "active") == 0)
		return operate_state(v, record, states, value);
	for (size_t i = 0; i < json_array_size(only); i++)
		listed = listed || strcmp(json_string_value(json_array_get(only, i)), words) == 0;
	if (!listed || (play_is(ops, "paths", "refused", "taken") && strpbrk(words, "[.:")))
		return refuse(v, "path", words);
	if (!path_known(v, words) && !play_is(ops, "unknown", "stored", "refused"))
		return play_is(ops, "unknown", "ignored", "refused") ? true
								     : refuse(v, "path", words);
	if (!read_path(record, words, &path))
		return refuse(v, "path", words);
	json_t *now = json_object_get(path.parent, path.attribute);
	bool removes = strcasecmp(op, "remove") == 0;
	if (path.filter[0] || (path.sub[0] && json_is_array(now))) {
		if (change_chosen(now, &path, value, removes) ||
		    play_is(ops, "no_target", "ignored", "refused"))
			return true;
		return refuse(v, "no_target", words);
	}
	if (!path.sub[0]) {
		change_whole(&path, op, value);
		return true;
	}
	if (!json_is_object(now)) {
		now = json_object();
		json_object_set_new(path.parent, path.attribute, now);
	}
	put(now, path.sub, value, removes);
	return true;
}

static bool operate(struct visit *v, json_t *record, const json_t *operation)
{
	const char *op = play_word(operation, "op", "");
	const char *path = play_word(operation, "path", NULL);
	const json_t *value = play_part(operation, "value");
	const char *key;
	json_t *member;
	if (strcasecmp(op, "add") != 0 && strcasecmp(op, "replace") != 0 &&
	    strcasecmp(op, "remove") != 0)
		return refuse(v, "invalid", "op");
	if (strcasecmp(op, "remove") != 0 && !value)
		return refuse(v, "invalid", "value");
	if (path && *path)
		return operate_at(v, record, op, path, value);
	if (!json_is_object(value))
		return refuse(v, "no_target", "path");
	json_object_foreach((json_t *)(uintptr_t)value, key, member)
		if (!operate_at(v, record, op, key, member))
			return false;
	return true;
}

/* Whether what the vendor keeps to itself is as it was. */
static bool own_kept(struct visit *v, const json_t *old, const json_t *record)
{
	const char *id = record_field(v->g, "id");
	if (v->place || !id || json_equal(pointer_get(old, id), pointer_get(record, id)))
		return true;
	return refuse(v, "readonly", id + 1);
}

json_t *patch_apply(struct visit *v, const json_t *old, const json_t *body)
{
	const json_t *ops = play_part(v->act, "ops");
	const json_t *operations = play_part(body, "Operations");
	json_t *record = json_deep_copy(old);
	bool good = true;
	if (play_is(ops, "schemas", "needed", "needed") && !play_part(body, "schemas"))
		good = refuse(v, "envelope", "schemas");
	else if (!json_is_array(operations) ||
		 (json_array_size(operations) == 0 && play_is(ops, "empty", "refused", "refused")))
		good = refuse(v, "invalid", "Operations");
	for (size_t i = 0; good && i < json_array_size(operations); i++)
		good = operate(v, record, json_array_get(operations, i));
	good = good && own_kept(v, old, record);
	if (good && !v->place)
		good = status_written(v, old, record, record, true) && apply_finish(v, old, record);
	if (good)
		return record;
	json_decref(record);
	return NULL;
}
