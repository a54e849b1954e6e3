/* SPDX-License-Identifier: Apache-2.0 */
/*
 * align.c - see align.h.
 *
 * An element that is equal to one of the base is matched with it, unless it may also be another one
 * of the base that is not equal to it, has no match and would be rounded to it. The rest is
 * rounded, edited or new. Neither array is changed.
 */
#include "cache/document/align.h"

#include "cache/document/merge.h"
#include "vendors/json/exact.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define BUDGET 4000000 /* comparisons */

/* ---- comparisons ---- */

json_t *align_member(const json_t *object, const char *key, char **name)
{
	json_t *value = json_object_get(object, key);

	*name = NULL;
	if (value || !exact_is_unpaired_key(key))
		return value;
	*name = exact_key_replaced(key);
	return *name ? json_object_get(object, *name) : NULL;
}

/* Return true if VALUE is ORIGINAL, or what a tool makes of it. */
static bool align_same(const json_t *value, const json_t *original);

static bool is_same_object(const json_t *value, const json_t *original)
{
	const char *key;
	json_t *member;

	if (json_object_size(value) != json_object_size(original))
		return false;
	json_object_foreach((json_t *)(uintptr_t)original, key, member) {
		char *name;
		const json_t *other = align_member(value, key, &name);

		free(name);
		if (!other || !align_same(other, member))
			return false;
	}
	return true;
}

static bool align_same(const json_t *value, const json_t *original)
{
	size_t count = json_array_size(original);

	if (json_is_object(value) && json_is_object(original))
		return is_same_object(value, original);
	if (!json_is_array(value) || !json_is_array(original))
		return merge_same(value, original) || exact_is_rounded(value, original);
	if (json_array_size(value) != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!align_same(json_array_get(value, i), json_array_get(original, i)))
			return false;
	}
	return true;
}

/* ---- elements ---- */

bool align_spend(struct align *align, size_t cost)
{
	if (align->budget < cost) {
		align->budget = 0;
		return false;
	}
	align->budget -= cost;
	return true;
}

void align_match(struct align *align, size_t index, size_t original)
{
	align->match[index] = original;
	align->used[original] = true;
}

static const json_t *element(const struct align *align, size_t index)
{
	return json_array_get(align->document, index);
}

static const json_t *align_original(const struct align *align, size_t index)
{
	return json_array_get(align->base, index);
}

/* Return true if the base's ORIGIN has no match, and it or a tool's form of it is at INDEX. */
static bool may_be(struct align *align, size_t index, size_t origin)
{
	return !align->used[origin] && align_spend(align, 1) &&
	       align_same(element(align, index), align_original(align, origin));
}

/* Match all if the whole base is where it was, with new elements only behind it. */
static bool match_in_place(struct align *align)
{
	if (align->count < align->base_count)
		return false;
	for (size_t i = 0; i < align->base_count; i++) {
		if (!align_same(element(align, i), align_original(align, i)))
			return false;
	}
	for (size_t i = 0; i < align->base_count; i++)
		align_match(align, i, i);
	return true;
}

/* From both ends, match elements that are IS_EQUAL, up to the first that is not. */
static void match_ends(struct align *align, bool (*is_equal)(const json_t *, const json_t *))
{
	size_t least = align->count < align->base_count ? align->count : align->base_count;

	for (size_t i = 0; i < least; i++) {
		if (align->match[i] == i)
			continue;
		if (align->match[i] != ALIGN_NONE || align->used[i] ||
		    !is_equal(element(align, i), align_original(align, i)))
			break;
		align_match(align, i, i);
	}
	for (size_t i = 1; i <= least; i++) {
		size_t index = align->count - i, origin = align->base_count - i;

		if (align->match[index] == origin)
			continue;
		if (align->match[index] != ALIGN_NONE || align->used[origin] ||
		    !is_equal(element(align, index), align_original(align, origin)))
			break;
		align_match(align, index, origin);
	}
}

static bool is_equal_text(const json_t *a, const json_t *b)
{
	return json_equal(a, b);
}

static size_t count_unmatched(const struct align *align)
{
	size_t count = 0;

	for (size_t i = 0; i < align->count; i++)
		count += align->match[i] == ALIGN_NONE;
	return count;
}

static void match_equal(struct align *align)
{
	match_ends(align, is_equal_text);
	/* for large arrays, the spelling of numbers is ignored, so that they can be saved at all */
	if (count_unmatched(align) * align->base_count > align->budget)
		match_ends(align, merge_same);
	for (size_t i = 0; i < align->count; i++) {
		for (size_t k = 0; k < align->base_count && align->match[i] == ALIGN_NONE; k++) {
			if (!align->used[k] && align_spend(align, 1) &&
			    json_equal(element(align, i), align_original(align, k)))
				align_match(align, i, k);
		}
	}
	match_ends(align, merge_same);
}

/* Return true if element INDEX, which has a match, may have been another value without a match. */
static bool align_is_doubtful(struct align *align, size_t index)
{
	for (size_t k = 0; k < align->base_count; k++) {
		if (may_be(align, index, k) &&
		    !merge_same(align_original(align, k),
				align_original(align, align->match[index])))
			return true;
	}
	return false;
}

/* Remove doubtful matches. Each removal may make another match doubtful. */
static void release_doubtful(struct align *align)
{
	bool again;

	do {
		again = false;
		for (size_t i = 0; i < align->count && align->budget; i++) {
			if (align->match[i] == ALIGN_NONE || !align_is_doubtful(align, i))
				continue;
			align->used[align->match[i]] = false;
			align->match[i] = ALIGN_NONE;
			again = true;
		}
	} while (again && align->budget);
}

/* What an element may have been. */
struct choice {
	size_t count, first, own; /* own: at its own index, or ALIGN_NONE */
	bool one_value;           /* all have the same value */
	bool in_place;            /* each of them may still be at its own index */
};

static struct choice align_choose(struct align *align, size_t index)
{
	struct choice choice = {.first = ALIGN_NONE,
				.own = ALIGN_NONE,
				.one_value = true,
				.in_place = true};

	for (size_t k = 0; k < align->base_count; k++) {
		if (!may_be(align, index, k))
			continue;
		if (!choice.count++)
			choice.first = k;
		if (k == index)
			choice.own = k;
		if (!merge_same(align_original(align, k), align_original(align, choice.first)))
			choice.one_value = false;
		if (k >= align->count || align->match[k] != ALIGN_NONE || !may_be(align, k, k))
			choice.in_place = false;
	}
	return choice;
}

/* Return how many elements without a match may be the base's ORIGIN. */
static size_t count_rivals(struct align *align, size_t origin)
{
	size_t count = 0;

	for (size_t i = 0; i < align->count; i++)
		count += align->match[i] == ALIGN_NONE && may_be(align, i, origin);
	return count;
}

static int match_rounded(struct align *align, size_t index)
{
	struct choice choice = align_choose(align, index);

	if (!choice.count)
		return 0;
	if (choice.one_value &&
	    (merge_same(element(align, index), align_original(align, choice.first)) ||
	     count_rivals(align, choice.first) <= choice.count))
		align_match(align, index, choice.own == ALIGN_NONE ? choice.first : choice.own);
	else if (!choice.in_place)
		return -EINVAL;
	else if (choice.own != ALIGN_NONE)
		align_match(align, index, index);
	return 0; /* or it is new, because all that it may have been are where they were */
}

int align_begin(struct align *align, const json_t *base, const json_t *document)
{
	int error = 0;

	*align = (struct align){.base = base,
				.document = document,
				.count = json_array_size(document),
				.base_count = json_array_size(base),
				.budget = BUDGET};
	align->match = malloc((align->count + 1) * sizeof(*align->match));
	align->used = calloc(align->base_count + 1, sizeof(*align->used));
	if (!align->match || !align->used)
		return -ENOMEM;
	for (size_t i = 0; i < align->count; i++)
		align->match[i] = ALIGN_NONE;
	if (match_in_place(align))
		return 0;
	match_equal(align);
	release_doubtful(align);
	for (size_t i = 0; i < align->count && !error; i++) {
		if (align->match[i] == ALIGN_NONE)
			error = match_rounded(align, i);
	}
	return align->budget ? error : -EINVAL;
}

void align_clear(struct align *align)
{
	free(align->match);
	free(align->used);
	*align = (struct align){0};
}
