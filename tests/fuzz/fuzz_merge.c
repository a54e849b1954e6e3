/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_merge.c - a document, merged into what the vendor has now. Input: what the user has read,
 * the document, and what the vendor has, all JSON objects, a line each.
 *
 * What the document does not change stays as the vendor has it, to the character; a conflict
 * changes nothing; and what a tool has rounded is no edit.
 */
#include "tests/fuzz/fuzz.h"

#include "cache/document/alike.h"
#include "cache/document/merge.h"
#include "cache/document/restore.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/withheld.h"

#include <errno.h>

#define DEPTH_MAX 64

/* The place of a member: its names from the top. */
struct place {
	const char *names[DEPTH_MAX];
	size_t depth;
};

/* How an edit relates to a place. */
enum relation { APART, ABOVE_EDIT, EDITED };

static enum relation relate(const struct edit *edit, const struct place *place)
{
	for (size_t i = 0; i < edit->depth && i < place->depth; i++) {
		if (strcmp(edit->path[i], place->names[i]) != 0)
			return APART;
	}
	return edit->depth <= place->depth ? EDITED : ABOVE_EDIT;
}

static enum relation relate_all(const struct merge *merge, const struct place *place)
{
	enum relation relation = APART;

	for (size_t i = 0; i < merge->count; i++) {
		enum relation own = relate(&merge->edits[i], place);

		if (own > relation)
			relation = own;
	}
	return relation;
}

/* Check that AFTER, at PLACE, is BEFORE except where there are edits. */
static void check_kept(const struct merge *merge, const json_t *before, const json_t *after,
		       struct place *place)
{
	const char *name;
	json_t *value;

	if (place->depth == DEPTH_MAX)
		return;
	json_object_foreach((json_t *)(uintptr_t)before, name, value) {
		const json_t *now = json_object_get(after, name);
		enum relation relation;

		place->names[place->depth++] = name;
		relation = relate_all(merge, place);
		if (relation == APART)
			FUZZ_CHECK(now && json_equal(now, value));
		else if (relation == ABOVE_EDIT && json_is_object(value) && json_is_object(now))
			check_kept(merge, value, now, place);
		else if (relation == ABOVE_EDIT)
			FUZZ_CHECK(json_is_null(value));
		place->depth--;
	}
	json_object_foreach((json_t *)(uintptr_t)after, name, value) {
		place->names[place->depth++] = name;
		FUZZ_CHECK(json_object_get(before, name) || relate_all(merge, place) != APART);
		place->depth--;
	}
}

static void check_apply(const struct merge *merge, const json_t *fresh, bool force)
{
	json_t *record = json_deep_copy(fresh), *once;
	const struct edit *conflict = NULL;
	struct place top = {.depth = 0};
	int rc = merge_apply(merge, record, force, &conflict);

	if (rc) {
		char *path;

		FUZZ_CHECK(rc == -ESTALE && conflict && json_equal(record, fresh));
		path = merge_path(conflict);
		FUZZ_CHECK(path);
		free(path);
		json_decref(record);
		return;
	}
	check_kept(merge, fresh, record, &top);
	FUZZ_CHECK(json_object_size(record) >= json_object_size(fresh));
	for (size_t i = 0; i < merge->count; i++)
		FUZZ_CHECK(merge_state(&merge->edits[i], record) == MERGE_NEW);
	once = json_deep_copy(record);
	FUZZ_CHECK(merge_apply(merge, record, force, &conflict) == 0 && json_equal(record, once));
	json_decref(once);
	json_decref(record);
}

/* Apply the edits to what they were made from: nothing is left to be edited. */
static void check_whole(const struct merge *merge, const json_t *base, const json_t *document)
{
	json_t *record = json_deep_copy(base);
	const struct edit *conflict = NULL;
	struct merge left;

	FUZZ_CHECK(merge_apply(merge, record, false, &conflict) == 0);
	FUZZ_CHECK(merge_diff(record, document, &left) == 0);
	FUZZ_CHECK(left.count == 0);
	merge_clear(&left);
	json_decref(record);
}

/* ---- rounded documents ---- */

/* Check that DOCUMENT, when it is restored, is as it was then, and of WANT edits (-1: any). */
static void check_restored(const json_t *base, const json_t *document, int want)
{
	json_t *mended = json_deep_copy(document), *again;
	struct restored restored = {0}, twice = {0};
	struct merge merge = {0};

	if (restore_document(base, mended, &restored) == 0) {
		again = json_deep_copy(mended);
		FUZZ_CHECK(restore_document(base, again, &twice) == 0);
		FUZZ_CHECK(json_equal(again, mended) && twice.count == 0);
		json_decref(again);
		FUZZ_CHECK(merge_diff(base, mended, &merge) == 0);
		FUZZ_CHECK(want < 0 || merge.count == (size_t)want);
	} else {
		FUZZ_CHECK(restored.doubt);
	}
	merge_clear(&merge);
	restore_clear(&twice);
	restore_clear(&restored);
	json_decref(mended);
}

/* Check what is left of TEXT when a tool has read its numbers as doubles. */
static void check_rounded(const json_t *base, const char *text)
{
	json_t *read = json_loads(text, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
	char *printed = read ? json_dumps(read, JSON_REAL_PRECISION(17)) : NULL;
	json_t *rounded = printed ? exact_parse(printed, strlen(printed), 0, NULL) : NULL;

	if (rounded)
		check_restored(base, rounded, 0);
	json_decref(rounded);
	json_decref(read);
	free(printed);
}

/* ---- what a vendor makes of values ---- */

static void check_alike(const json_t *wanted, const json_t *made)
{
	json_t *left = json_deep_copy(wanted), *none = json_deep_copy(wanted);
	const char *name;
	json_t *value;

	FUZZ_CHECK(alike(wanted, wanted));
	alike_remove(left, made);
	json_object_foreach(left, name, value)
		FUZZ_CHECK(!alike(value, json_object_get(made, name)));
	withheld_strip_masks(none, made);
	FUZZ_CHECK(json_object_size(none) <= json_object_size(wanted));
	FUZZ_CHECK(withheld_put_back(none, made, "/a/*/b") == 0);
	json_decref(none);
	json_decref(left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	const char *base_text = fuzz_line(&input), *document_text = fuzz_line(&input);
	json_t *base = exact_parse(base_text, strlen(base_text), 0, NULL);
	json_t *document = exact_parse(document_text, strlen(document_text), 0, NULL);
	json_t *fresh = fuzz_json(&input);
	struct merge merge;

	if (json_is_object(base) && json_is_object(document)) {
		FUZZ_CHECK(merge_diff(base, document, &merge) == 0);
		check_whole(&merge, base, document);
		if (json_is_object(fresh)) {
			check_apply(&merge, fresh, false);
			check_apply(&merge, fresh, true);
			check_alike(document, fresh);
		}
		merge_clear(&merge);
		check_restored(base, document, -1);
		check_restored(base, base, 0);
		check_rounded(base, base_text);
	}
	json_decref(base);
	json_decref(document);
	json_decref(fresh);
	free(input.text);
	return 0;
}
