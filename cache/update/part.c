/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part.c - see part.h.
 */
#include "cache/update/part.h"

#include "cache/document/merge.h"
#include "cache/record/lag.h"
#include "cache/roster/publish.h"
#include "cache/update/change.h"
#include "cache/update/describe.h"
#include "cache/update/proof.h"
#include "vendors/base/call.h"
#include "vendors/rest/account.h"

#include <stdlib.h>

void part_note(struct change *change)
{
	if (!change->basis.part_made)
		return;
	if (!change->first)
		change->first = json_incref(change->fresh);
	change->sent = true;
}

/* Return the record by one more GET, a new reference. NULL: it cannot be read. */
static json_t *part_read(struct change *change)
{
	json_t *record = NULL;

	change_allow_reads(change);
	if (change_get(change, change->alone, LAG_PROOF, &record, NULL)) {
		publish_doubt(change->roster, change->id);
		return NULL;
	}
	return record;
}

/*
 * Return the fields that the part has changed, as a new object. A field that the vendor has
 * acknowledged and RECORD does not show counts as changed only if reads may lag (MAY_LAG); RECORD
 * then gets it, too.
 */
static json_t *fields_made(const struct change *change, json_t *record, bool may_lag)
{
	json_t *made = json_object(), *value;
	const char *field;

	json_object_foreach(change->basis.part_fields, field, value) {
		const json_t *before = json_object_get(change->first, field);

		if (!json_equal(json_object_get(record, field), before))
			json_object_set(made, field, json_object_get(record, field));
		else if (may_lag && json_object_set(made, field, value) == 0)
			json_object_set(record, field, value);
	}
	return made;
}

void part_settle(struct change *change)
{
	json_t *record, *made;
	bool read;
	char *words;

	if (!change->first || !change->basis.part_fields || change->result)
		return;
	record = part_read(change);
	read = record;
	if (!record)
		record = json_deep_copy(change->first);
	made = fields_made(change, record, !read || change_account(change)->lag);
	merge_clear(&change->merge);
	if (!json_object_size(made) || merge_diff(change->first, made, &change->merge)) {
		change_publish(change, record);
	} else {
		if (!change->fresh)
			change->fresh = json_incref(change->first);
		proof_took(change, record, record);
		words = describe_change(change);
		call_add_words(change->call,
			       "; but a part of the change was made before that, and stays: %s",
			       words ? words : "?");
		free(words);
	}
	json_decref(made);
	json_decref(record);
}
