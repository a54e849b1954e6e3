/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setback.c - see setback.h.
 *
 * The history says which write changed a field. It is searched only if a document has no edits.
 */
#include "cache/update/setback.h"

#include "cache/document/merge.h"
#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "cache/roster/roster.h"
#include "cache/update/change.h"
#include "cache/update/describe.h"
#include "vendors/base/call.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Return true if the newest write of this mount that changed EDIT's field left what the vendor has
 * now.
 */
static bool is_ours(const struct change *change, const struct edit *edit)
{
	struct history *history = guard_history(change->guard);
	const json_t *now = merge_value(edit, change->fresh);
	uint64_t number = UINT64_MAX;
	bool changed = false, ours = false;

	while (history && !changed) {
		json_t *before, *after;

		number = history_before(history, roster_name(change->roster), change->id, number);
		if (!number)
			break;
		before = history_record(history, number, HISTORY_BEFORE);
		after = history_record(history, number, HISTORY_AFTER);
		changed = before &&
			  !merge_alike(merge_value(edit, before), merge_value(edit, after));
		ours = changed && merge_alike(merge_value(edit, after), now);
		json_decref(before);
		json_decref(after);
	}
	return ours;
}

static int setback_fail(struct change *change, const struct edit *edit)
{
	char *path = merge_path(edit);
	char *now = describe_value(change, edit, merge_value(edit, change->fresh));
	char *stated = describe_value(change, edit, edit->after);

	call_fail(change->call, CALL_CONFLICT,
		  "\"%s\" in the document is %s, as in the version that was shown last, but it is "
		  "now %s, because it was changed through this mount since; nothing was sent; "
		  "read the file again and change that text",
		  path ? path : "?", stated ? stated : "?", now ? now : "?");
	free(stated);
	free(now);
	free(path);
	return -ESTALE;
}

int setback_check(struct change *change, const json_t *document)
{
	const unsigned assigned = FIELD_SYSTEM | FIELD_IMMUTABLE | FIELD_ONCE | FIELD_WRITE_ONLY |
				  FIELD_CONFIDENTIAL;
	struct merge stated = {0};
	int error = 0;

	if (change->merge.count)
		return 0;
	if (merge_diff(change->fresh, document, &stated))
		return call_no_memory(change->call);
	for (size_t i = 0; !error && i < stated.count; i++) {
		const struct edit *edit = &stated.edits[i];

		if (!(change_flags(change, edit) & assigned) && !change_is_hidden(change, edit) &&
		    merge_state(edit, change->fresh) != MERGE_NEW && is_ours(change, edit))
			error = setback_fail(change, edit);
	}
	merge_clear(&stated);
	return error;
}
