/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim_patch.c - see scim_patch.h.
 *
 * It knows how SCIM addresses parts of a resource, and nothing of servers.
 */
#include "vendors/scim/scim_patch.h"

#include "vendors/json/exact.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PATCH_SCHEMA "urn:ietf:params:scim:api:messages:2.0:PatchOp"

/* The operations so far. */
struct operations {
	json_t *list;
	bool plain;  /* no path may choose elements */
	bool failed; /* no memory */
};

/* ---- one operation ---- */

/* Add operation OP at PATH, which is freed (NULL: no memory), with VALUE (borrowed; NULL: none). */
static void add(struct operations *operations, const char *op, char *path, const json_t *value)
{
	json_t *operation = path ? json_pack("{s:s, s:s}", "op", op, "path", path) : NULL;

	if (operation && value && json_object_set_new(operation, "value", json_deep_copy(value))) {
		json_decref(operation);
		operation = NULL;
	}
	if (!operation || json_array_append_new(operations->list, operation))
		operations->failed = true;
	free(path);
}

/* Set the attribute at PATH, which is freed, to VALUE; null removes it. */
static void set(struct operations *operations, char *path, const json_t *value)
{
	if (json_is_null(value))
		add(operations, "remove", path, NULL);
	else
		add(operations, "replace", path, value);
}

static char *join(const char *before, const char *between, const char *after)
{
	char *text = NULL;

	return asprintf(&text, "%s%s%s", before, between, after) < 0 ? NULL : text;
}

static bool same(const json_t *a, const json_t *b)
{
	return a ? json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b) : json_is_null(b);
}

/* ---- multi-valued attributes ---- */

/* Return the `value` of ELEMENT as it stands in a filter, with its quotes; new, or NULL: it has
 * none that can. */
static char *filter_value(const json_t *element)
{
	const json_t *value = json_object_get(element, "value");

	if (!exact_string(value) || strlen(exact_string(value)) != json_string_length(value))
		return NULL;
	return json_dumps(value, JSON_ENCODE_ANY);
}

/* Return the element of ARRAY whose `value` is ELEMENT's, borrowed, or NULL. *MORE: there are
 * several. */
static json_t *find_element(const json_t *array, const json_t *element, bool *more)
{
	const json_t *value = json_object_get(element, "value");
	json_t *other, *found = NULL;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)array, i, other) {
		if (!same(json_object_get(other, "value"), value))
			continue;
		*more = *more || found;
		found = other;
	}
	return found;
}

/* Return true if each element of ARRAY can be addressed by its `value`. */
static bool is_addressable(const json_t *array)
{
	const json_t *element;
	bool more = false;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)array, i, element) {
		char *value = filter_value(element);
		bool has = value;

		free(value);
		find_element(array, element, &more);
		if (!has || more)
			return false;
	}
	return true;
}

/* Return "NAME[value eq "..."]REST" for ELEMENT, new, or NULL without memory. */
static char *element_path(const char *name, const json_t *element, const char *rest)
{
	char *value = filter_value(element), *path = NULL;

	if (value && asprintf(&path, "%s[value eq %s]%s", name, value, rest) < 0)
		path = NULL;
	free(value);
	return path;
}

/* Set the parts in which the element NEW of attribute NAME differs from OLD, addressed as OLD. */
static void patch_element(struct operations *operations, const char *name, const json_t *old,
			  const json_t *new)
{
	const json_t *value;
	const char *part;

	json_object_foreach((json_t *)(uintptr_t) new, part, value) {
		char rest[128];

		if (same(json_object_get(old, part), value) || strcmp(part, "value") == 0)
			continue;
		snprintf(rest, sizeof(rest), ".%s", part);
		set(operations, element_path(name, old, rest), value);
	}
	/* last, because it is what the others are addressed by */
	if (!same(json_object_get(old, "value"), json_object_get(new, "value")))
		set(operations, element_path(name, old, ".value"), json_object_get(new, "value"));
}

/* Return the elements of A that no element of B has the `value` of, a new array, or NULL. */
static json_t *left_over(const json_t *a, const json_t *b)
{
	json_t *left = json_array(), *element;
	bool more = false;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)a, i, element) {
		if (!find_element(b, element, &more) && json_array_append(left, element)) {
			json_decref(left);
			return NULL;
		}
	}
	return left;
}

/*
 * Change the elements OLD, which WANTED has no more, into NEW, which it has instead: an address
 * that was edited is one element in both.
 */
static void patch_left_over(struct operations *operations, const char *name, const json_t *old,
			    const json_t *new)
{
	bool pairs = json_array_size(old) == json_array_size(new);
	json_t *element;
	size_t i;

	for (i = 0; pairs && i < json_array_size(old); i++)
		pairs = same(json_object_get(json_array_get(old, i), "type"),
			     json_object_get(json_array_get(new, i), "type")) ||
			!json_object_get(json_array_get(new, i), "type");
	for (i = 0; pairs && i < json_array_size(old); i++)
		patch_element(operations, name, json_array_get(old, i), json_array_get(new, i));
	if (pairs)
		return;
	if (json_array_size(new))
		add(operations, "add", strdup(name), new);
	json_array_foreach((json_t *)(uintptr_t)old, i, element)
		add(operations, "remove", element_path(name, element, ""), NULL);
}

/* Return true if the elements of A and B that both have stand in the same order. */
static bool same_order(const json_t *a, const json_t *b)
{
	json_t *element;
	bool more = false;
	size_t i, from = 0;

	json_array_foreach((json_t *)(uintptr_t)b, i, element) {
		const json_t *found = find_element(a, element, &more);

		if (!found)
			continue;
		while (from < json_array_size(a) && json_array_get(a, from) != found)
			from++;
		if (from == json_array_size(a))
			return false;
	}
	return true;
}

static void patch_array(struct operations *operations, const char *name, const json_t *fresh,
			const json_t *wanted)
{
	json_t *old, *new, *element;
	bool more = false;
	size_t i;

	if (operations->plain || !json_is_array(fresh) || !json_array_size(fresh) ||
	    !json_array_size(wanted) || !is_addressable(fresh) || !is_addressable(wanted) ||
	    !same_order(fresh, wanted)) {
		set(operations, strdup(name), wanted);
		return;
	}
	json_array_foreach((json_t *)(uintptr_t)wanted, i, element) {
		const json_t *before = find_element(fresh, element, &more);

		if (before)
			patch_element(operations, name, before, element);
	}
	old = left_over(fresh, wanted);
	new = left_over(wanted, fresh);
	if (old && new)
		patch_left_over(operations, name, old, new);
	else
		operations->failed = true;
	json_decref(old);
	json_decref(new);
}

/* ---- attributes ---- */

/* Return VALUE of `active` as a boolean if it is one or a text for one, borrowed. */
static json_t *truth(json_t *value)
{
	const char *text = exact_string(value);

	if (text && strcasecmp(text, "true") == 0)
		return json_true();
	return text && strcasecmp(text, "false") == 0 ? json_false() : value;
}

static void patch_attribute(struct operations *operations, const char *path, const char *separator,
			    json_t *fresh, json_t *wanted);

/*
 * Set the parts of the object at PATH; SEPARATOR is "." or, for an extension, ":". A WANTED that is
 * null removes those of FRESH.
 */
static void patch_parts(struct operations *operations, const char *path, const char *separator,
			json_t *fresh, json_t *wanted)
{
	bool removed = json_is_null(wanted);
	json_t *value;
	const char *name;

	json_object_foreach(removed ? fresh : wanted, name, value) {
		char *part = join(path, separator, name);

		if (part)
			patch_attribute(operations, part, ".", json_object_get(fresh, name),
					removed ? wanted : value);
		else
			operations->failed = true;
		free(part);
	}
}

/* Set the attribute at PATH, whose parts follow a SEPARATOR. */
static void patch_attribute(struct operations *operations, const char *path, const char *separator,
			    json_t *fresh, json_t *wanted)
{
	if (same(fresh, wanted))
		return;
	if (strcmp(path, "active") == 0)
		set(operations, strdup(path), truth(wanted));
	else if (json_is_object(wanted) ? *separator == ':' || json_is_object(fresh)
					: *separator == ':' && json_is_null(wanted))
		patch_parts(operations, path, separator, fresh, wanted);
	else if (json_is_array(wanted))
		patch_array(operations, path, fresh, wanted);
	else
		set(operations, strdup(path), wanted);
}

json_t *scim_patch(const json_t *fresh, const json_t *wanted, bool plain)
{
	struct operations operations = {.list = json_array(), .plain = plain};
	json_t *value, *body;
	const char *name;

	operations.failed = !operations.list;
	json_object_foreach((json_t *)(uintptr_t)wanted, name, value) {
		if (strcmp(name, "schemas") != 0 && strcmp(name, "id") != 0 &&
		    strcmp(name, "meta") != 0)
			patch_attribute(&operations, name,
					strncasecmp(name, "urn:", 4) == 0 ? ":" : ".",
					json_object_get(fresh, name), value);
	}
	body = operations.failed ? NULL
				 : json_pack("{s:[s], s:O}", "schemas", PATCH_SCHEMA, "Operations",
					     operations.list);
	json_decref(operations.list);
	return body;
}
