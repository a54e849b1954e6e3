/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_merge_random.c - is no edit lost, no foreign change lost, and a conflict exactly where both
 * sides changed? Thousands of random triples (base, ours, theirs) through cache/document/merge.c.
 *
 * What must come out is worked out in another way than merge.c does it: the three are flattened
 * into maps from path to text, and the rules are stated over those maps. The seed is fixed: a
 * failure comes again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/document/merge.h"
#include "tests/unit/flat_record.h"

#define ROUNDS 6000

/* The exact text, members in their order; the caller frees. */
static char *dump(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_non_null(text);
	return text;
}

/* A base, what we wrote and what they made of it, as maps. */
struct triple {
	struct flat_record *base;
	struct flat_record *ours; /* without nulls, as base and theirs */
	struct flat_record *ours_all;
	struct flat_record *theirs;
	struct flat_record *theirs_all;
};

/* Return true if LEAF of our document is one change: its path is the topmost that changed. */
static bool is_our_change(const struct triple *triple, const struct leaf *leaf)
{
	const struct leaf *before = flat_record_find(triple->base, leaf->path);

	if (!open_way(triple->base, leaf->path, false))
		return false; /* lies inside a change */
	if (!before)
		return strcmp(leaf->text, "null") != 0;
	return strcmp(before->text, leaf->text) != 0;
}

static bool both_changed(const struct triple *triple, const char *path, bool force)
{
	if (!open_way(triple->theirs, path, true))
		return true;
	return !force && !agree(triple->theirs, triple->base, path) &&
	       !agree(triple->theirs, triple->ours, path);
}

/* All values of the edits, to see that they stay as they are; the caller frees. */
static char *dump_edits(const struct merge *merge)
{
	json_t *list = json_array();
	char *text;

	for (size_t i = 0; i < merge->count; i++) {
		json_t *before = merge->edits[i].before;

		json_array_append_new(list, before ? json_deep_copy(before) : json_null());
		json_array_append_new(list, json_deep_copy(merge->edits[i].after));
	}
	text = dump(list);
	json_decref(list);
	return text;
}

static void check_edit(const struct edit *edit, const struct leaf *leaf)
{
	const char *path = leaf->path;
	char *a;
	char *b;

	for (size_t i = 0; i < edit->depth; i++) {
		size_t length = strcspn(path, MARK);

		assert_int_equal(strlen(edit->path[i]), length);
		assert_memory_equal(edit->path[i], path, length);
		path += length + 1;
	}
	assert_string_equal(path, "");
	a = dump(edit->after);
	b = dump(leaf->value);
	assert_string_equal(a, b);
	free(a);
	free(b);
}

/* Checks the edits against the maps. Returns the index of the first conflict, or the count. */
static size_t check_edits(const struct merge *merge, const struct triple *triple, bool force)
{
	size_t conflict = SIZE_MAX;
	size_t count = 0;

	for (size_t i = 0; i < triple->ours_all->count; i++) {
		const struct leaf *leaf = &triple->ours_all->leaves[i];

		if (!is_our_change(triple, leaf))
			continue;
		assert_true(count < merge->count);
		check_edit(&merge->edits[count], leaf);
		if (conflict == SIZE_MAX && both_changed(triple, leaf->path, force))
			conflict = count;
		count++;
	}
	assert_int_equal(merge->count, count);
	return conflict == SIZE_MAX ? count : conflict;
}

/* Return true if PATH is at or below one of our changes, or above one that was applied. */
static bool is_ours(const struct triple *triple, const char *path)
{
	for (size_t i = 0; i < triple->ours_all->count; i++) {
		const struct leaf *leaf = &triple->ours_all->leaves[i];

		if (!is_our_change(triple, leaf))
			continue;
		if (is_below(path, leaf->path))
			return true;
		if (is_below(leaf->path, path) && !agree(triple->theirs, triple->ours, leaf->path))
			return true;
	}
	return false;
}

static void check_ours_kept(const struct triple *triple, const struct flat_record *result,
			    const struct flat_record *result_all)
{
	for (size_t i = 0; i < triple->ours_all->count; i++) {
		const struct leaf *leaf = &triple->ours_all->leaves[i];

		if (!is_our_change(triple, leaf))
			continue;
		assert_true(agree(result, triple->ours, leaf->path));
		if (agree(triple->theirs, triple->ours, leaf->path))
			assert_true(agree(result_all, triple->theirs_all, leaf->path));
		else
			assert_true(agree(result_all, triple->ours_all, leaf->path));
		assert_true(open_way(result, leaf->path, true));
	}
}

static void check_theirs_kept(const struct triple *triple, const struct flat_record *result_all)
{
	const struct flat_record *theirs = triple->theirs_all;

	for (size_t i = 0; i < theirs->count; i++)
		if (!is_ours(triple, theirs->leaves[i].path))
			assert_true(flat_record_says(result_all, theirs->leaves[i].path,
						     theirs->leaves[i].text));
	for (size_t i = 0; i < result_all->count; i++)
		if (!is_ours(triple, result_all->leaves[i].path))
			assert_true(flat_record_says(theirs, result_all->leaves[i].path,
						     result_all->leaves[i].text));
}

/* Their members come first in the result, in their order. What we replaced whole is ours inside. */
static void check_order(const struct triple *triple, const char *path, json_t *theirs,
			json_t *result)
{
	void *place = json_object_iter(result);
	const char *name;
	json_t *value;

	json_object_foreach(theirs, name, value) {
		const struct leaf *leaf;
		char inner[PATH_MAX];

		assert_non_null(place);
		assert_string_equal(json_object_iter_key(place), name);
		snprintf(inner, sizeof(inner), "%s%s" MARK, path, name);
		leaf = flat_record_find(triple->ours_all, inner);
		if (json_is_object(value) && !(leaf && is_our_change(triple, leaf)))
			check_order(triple, inner, value, json_object_iter_value(place));
		place = json_object_iter_next(result, place);
	}
}

/* ---- random records ---- */

static uint64_t seed;

static unsigned below(unsigned limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % limit);
}

/* Few names and few values, so that both sides often hit the same, and often with the same. */
static const char *any_name(void)
{
	static const char *const names[] = {"a", "d\xc3\xa9", "a.b", ""};

	return names[below(sizeof(names) / sizeof(names[0]))];
}

static json_t *any_object(unsigned depth);

static json_t *any_value(unsigned depth)
{
	static const char *const plain[] = {"null",        "true",
					    "false",       "0",
					    "1",           "1.0",
					    "2.5",         "\"\"",
					    "\"x\"",       "\"\xc3\xa9\"",
					    "\"null\"",    "\"{}\"",
					    "[]",          "[1]",
					    "[1.0,\"x\"]", "[{\"a\":1,\"b\":null}]",
					    "[{\"a\":1}]", "[[null]]"};
	json_t *value;

	if (depth && below(2))
		return any_object(depth - 1);
	value = json_loads(plain[below(sizeof(plain) / sizeof(plain[0]))], JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	return value;
}

static json_t *any_object(unsigned depth)
{
	json_t *object = json_object();

	for (unsigned count = below(5); count; count--) {
		const char *name = any_name(); /* first: arguments have no order */

		json_object_set_new(object, name, any_value(depth));
	}
	return object;
}

/* One random edit, in place, at any depth. */
static void edit_randomly(json_t *object, unsigned depth)
{
	const char *name = any_name();
	json_t *value = json_object_get(object, name);

	if (json_is_object(value) && below(3)) {
		edit_randomly(value, depth ? depth - 1 : 0);
		return;
	}
	switch (below(4)) {
	case 0:
		json_object_del(object, name);
		break;
	case 1:
		json_object_set_new(object, name, json_null());
		break;
	default:
		json_object_set_new(object, name, any_value(depth));
		break;
	}
}

static json_t *edited(const json_t *base, unsigned most)
{
	json_t *copy = json_deep_copy(base);

	for (unsigned count = below(most + 1); count; count--)
		edit_randomly(copy, 2);
	return copy;
}

/* The same value spelled anew: 1.0 for 1, members in another order, some left out if asked. */
static json_t *respelled(json_t *value, bool leave_out)
{
	const char *name;
	json_t *copy;
	json_t *item;
	size_t i;

	if (json_is_integer(value) && below(2))
		return json_real((double)json_integer_value(value));
	if (json_is_array(value)) {
		copy = json_array();
		json_array_foreach(value, i, item) {
			json_array_append_new(copy, respelled(item, false));
		}
		return copy;
	}
	if (!json_is_object(value))
		return json_incref(value);
	copy = json_object();
	for (unsigned late = 0; late < 2; late++) {
		json_object_foreach(value, name, item) {
			bool is_late = *name && (*name & 1);

			if (is_late != (late == 1) || (leave_out && below(4) == 0))
				continue;
			json_object_set_new(copy, name, respelled(item, leave_out));
		}
	}
	return copy;
}

/* ---- the properties ---- */

struct tally {
	unsigned conflicts;
	unsigned merged;  /* both changed something, and it went together */
	unsigned agreed;  /* an edit that they had made too */
	unsigned nothing; /* no edit */
};

static void check_result(const struct merge *merge, const struct triple *triple, json_t *theirs,
			 json_t *result, struct tally *tally)
{
	struct flat_record *result_map = flat_record_new(result, false);
	struct flat_record *result_all = flat_record_new(result, true);
	const struct edit *conflict = NULL;
	bool changed = !agree(triple->theirs, triple->base, "");
	json_t *again = json_deep_copy(result);

	check_ours_kept(triple, result_map, result_all);
	check_theirs_kept(triple, result_all);
	check_order(triple, "", theirs, result);
	for (size_t i = 0; i < merge->count; i++)
		assert_int_equal(merge_state(&merge->edits[i], result), MERGE_NEW);
	assert_int_equal(merge_apply(merge, again, false, &conflict), 0);
	assert_true(json_equal(again, result));
	if (merge->count && changed)
		tally->merged++;
	if (!merge->count)
		tally->nothing++;
	json_decref(again);
	flat_record_free(result_map);
	flat_record_free(result_all);
}

/* Empty OBJECT from the inside, so that a value that shares a part of it shows that. */
static void spoil(json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value) {
		spoil(value);
		json_array_clear(value);
	}
	json_object_clear(object);
}

/* The edits, from copies that are spoilt at once: edits share nothing with what they came from. */
static void diff_copies(const json_t *base, const json_t *ours, struct merge *merge)
{
	json_t *edit_base_copy = json_deep_copy(base);
	json_t *ours_copy = json_deep_copy(ours);

	assert_int_equal(merge_diff(edit_base_copy, ours_copy, merge), 0);
	assert_true(json_equal(edit_base_copy, base));
	assert_true(json_equal(ours_copy, ours));
	spoil(edit_base_copy);
	spoil(ours_copy);
	json_decref(edit_base_copy);
	json_decref(ours_copy);
}

static void check_merge(json_t *base, json_t *ours, json_t *theirs, bool force, struct tally *tally)
{
	struct triple triple = {flat_record_new(base, false), flat_record_new(ours, false),
				flat_record_new(ours, true), flat_record_new(theirs, false),
				flat_record_new(theirs, true)};
	char *before = dump(theirs);
	char *after;
	json_t *result = json_deep_copy(theirs);
	const struct edit *conflict = NULL;
	struct merge merge;
	char *edits;
	size_t first;
	int rc;

	diff_copies(base, ours, &merge);
	first = check_edits(&merge, &triple, force);
	edits = dump_edits(&merge);
	for (size_t i = 0; i < merge.count; i++)
		tally->agreed += merge_state(&merge.edits[i], theirs) == MERGE_NEW;
	rc = merge_apply(&merge, result, force, &conflict);
	if (first < merge.count) {
		assert_int_equal(rc, -ESTALE);
		assert_ptr_equal(conflict, &merge.edits[first]);
		after = dump(result);
		assert_string_equal(after, before);
		free(after);
		tally->conflicts++;
	} else {
		assert_int_equal(rc, 0);
		assert_null(conflict);
		check_result(&merge, &triple, theirs, result, tally);
	}

	/* the result shares nothing with the edits */
	spoil(result);
	after = dump_edits(&merge);
	assert_string_equal(after, edits);
	free(after);
	free(before);
	free(edits);
	merge_clear(&merge);
	json_decref(result);
	flat_record_free(triple.base);
	flat_record_free(triple.ours);
	flat_record_free(triple.ours_all);
	flat_record_free(triple.theirs);
	flat_record_free(triple.theirs_all);
}

static void test_three_ways(void **state)
{
	struct tally kind = {0};
	struct tally forced = {0};

	(void)state;
	seed = 0x5eed0001;
	for (unsigned i = 0; i < ROUNDS; i++) {
		json_t *base = any_object(3);
		json_t *written = edited(base, 6);
		json_t *ours = respelled(written, below(2));
		/* now and then they made some of our edits too */
		json_t *theirs = below(4) ? edited(base, 6) : edited(written, 3);

		check_merge(base, ours, theirs, false, &kind);
		check_merge(base, ours, theirs, true, &forced);
		json_decref(base);
		json_decref(written);
		json_decref(ours);
		json_decref(theirs);
	}
	print_message("of %u: %u merged, %u conflicts (%u by force), %u without edit, %u agreed\n",
		      ROUNDS, kind.merged, kind.conflicts, forced.conflicts, kind.nothing,
		      kind.agreed);
	/* a generator that makes only one kind would prove little */
	assert_true(kind.conflicts > ROUNDS / 10);
	assert_true(kind.merged > ROUNDS / 10);
	assert_true(kind.agreed > ROUNDS / 20);
	assert_true(kind.nothing > ROUNDS / 20);
	assert_true(forced.conflicts > 20);
	assert_true(forced.conflicts < kind.conflicts);
}

static void assert_no_edits(json_t *base, json_t *document)
{
	struct merge merge;

	assert_int_equal(merge_diff(base, document, &merge), 0);
	assert_int_equal(merge.count, 0);
	merge_clear(&merge);
}

static void test_no_change(void **state)
{
	(void)state;
	seed = 0x5eed0002;
	for (unsigned i = 0; i < ROUNDS; i++) {
		json_t *base = any_object(3);
		json_t *spelled = respelled(base, false);
		json_t *shorter = respelled(base, true);

		assert_no_edits(base, base);
		assert_no_edits(base, spelled);
		assert_no_edits(base, shorter);
		assert_true(merge_same(base, spelled));
		json_decref(base);
		json_decref(spelled);
		json_decref(shorter);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_three_ways),
	    cmocka_unit_test(test_no_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
