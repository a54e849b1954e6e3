/* SPDX-License-Identifier: Apache-2.0 */
/*
 * withheld.c - see withheld.h.
 *
 * The elements of an array have no place of their own: an edit moves and removes them. So a value
 * goes back to the element that shows what its owner has shown, never to the one that has its
 * number now. This file must not know tables.
 */
#include "vendors/rest/withheld.h"

#include "vendors/json/exact.h"
#include "vendors/json/pointer.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BULLET "\xe2\x80\xa2" /* U+2022 */

bool withheld_is_masked(const json_t *value)
{
	const char *text = exact_string(value);
	size_t count = 0;

	while (text && *text) {
		size_t length = *text == '*' ? 1 : strlen(BULLET);

		if (*text != '*' && strncmp(text, BULLET, length) != 0)
			return false;
		text += length;
		count++;
	}
	return count >= 2;
}

static int put_back_elements(json_t *to, const json_t *from, const char *pointer);

/* Return the member by which ELEMENT of an array is told from others, or NULL. */
static const char *naming_member(const json_t *element)
{
	static const char *const keys[] = {"id", "key", "name", "value", "email"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (json_object_get(element, keys[i]))
			return keys[i];
	}
	return NULL;
}

/* Return true if A and B, elements of an array, are named alike. */
static bool same_key(const json_t *a, const json_t *b)
{
	const char *key = naming_member(a);

	return key && json_equal(json_object_get(a, key), json_object_get(b, key));
}

/* Return true if each member of SHOWN is in FULL as well: SHOWN is FULL without hidden members. */
static bool is_part_of(const json_t *shown, const json_t *full)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)shown, name, value) {
		json_t *other = json_object_get(full, name);

		if (!other || !(json_equal(value, other) ||
				(json_is_object(value) && is_part_of(value, other))))
			return false;
	}
	return true;
}

/*
 * Return the element of the array FROM that ELEMENT, of an array that was edited, is, or NULL:
 * the only one that agrees in all that is shown, or else in what names it.
 */
static const json_t *pair_of(const json_t *element, const json_t *from)
{
	bool (*const tests[])(const json_t *, const json_t *) = {is_part_of, same_key};

	for (size_t i = 0; json_is_object(element) && i < 2; i++) {
		const json_t *found = NULL;
		size_t count = 0, j;
		json_t *other;

		json_array_foreach(from, j, other) {
			if (tests[i](element, other)) {
				found = other;
				count++;
			}
		}
		if (count == 1)
			return found;
	}
	return NULL;
}

int withheld_put_back(json_t *to, const json_t *from, const char *pointer)
{
	char name[POINTER_NAME_MAX];
	const char *rest = pointer;
	json_t *value;

	if (!pointer_next(&rest, name))
		return 0;
	if (strcmp(name, "*") == 0 && json_is_array(to))
		return put_back_elements(to, from, rest);
	value = json_object_get(from, name);
	if (!value || !json_is_object(to))
		return 0;
	if (*rest)
		return withheld_put_back(json_object_get(to, name), value, rest);
	if (json_object_get(to, name) || withheld_is_masked(value))
		return 0;
	return json_object_set_new(to, name, json_deep_copy(value)) ? -ENOMEM : 0;
}

/* Return true if PAIRS, of COUNT elements, has ELEMENT. */
static bool is_paired(const json_t *const *pairs, size_t count, const json_t *element)
{
	for (size_t i = 0; i < count; i++) {
		if (pairs[i] == element)
			return true;
	}
	return false;
}

/* As put_back, for each element of the array TO. An element that was edited in its place, and is
 * not named otherwise, keeps its number. */
static int put_back_elements(json_t *to, const json_t *from, const char *pointer)
{
	size_t count = json_array_size(to), i;
	bool same = count == json_array_size(from);
	const json_t **pairs = calloc(count + 1, sizeof(const json_t *));
	int error = pairs ? 0 : -ENOMEM;

	for (i = 0; i < count && same; i++)
		same = is_part_of(json_array_get(to, i), json_array_get(from, i));
	for (i = 0; pairs && i < count; i++)
		pairs[i] = same ? json_array_get(from, i) : pair_of(json_array_get(to, i), from);
	same = count == json_array_size(from);
	for (i = 0; !error && i < count; i++) {
		json_t *element = json_array_get(to, i);
		const json_t *pair = pairs[i], *there = json_array_get(from, i);

		if (!pair && same && !naming_member(element) && !is_paired(pairs, count, there))
			pair = there;
		if (pair)
			error = withheld_put_back(element, pair, pointer);
	}
	free(pairs);
	return error;
}

/* Return true if an element of the array FRESH has MASK as its member NAME. */
static bool is_mask_in(const json_t *fresh, const char *name, const json_t *mask)
{
	json_t *element;
	size_t i;

	json_array_foreach(fresh, i, element) {
		if (json_equal(json_object_get(element, name), (json_t *)(uintptr_t)mask))
			return true;
	}
	return false;
}

void withheld_strip_masks(json_t *value, const json_t *fresh)
{
	const char *name;
	json_t *below;
	void *next;
	size_t i;

	json_array_foreach(value, i, below)
		withheld_strip_masks(below,
				     json_is_object(below) ? fresh : json_array_get(fresh, i));
	json_object_foreach_safe(value, next, name, below) {
		const json_t *old = json_object_get(fresh, name);

		if (withheld_is_masked(below) &&
		    (json_equal((json_t *)(uintptr_t)old, below) || is_mask_in(fresh, name, below)))
			json_object_del(value, name);
		else
			withheld_strip_masks(below, old);
	}
}
