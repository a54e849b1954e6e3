/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_field.c - see status_field.h.
 */
#include "cache/update/status_field.h"

#include "cache/document/merge.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/history/takeback.h"
#include "cache/record/record.h"
#include "cache/roster/known.h"
#include "cache/roster/roster.h"
#include "cache/update/apply.h"
#include "cache/update/change.h"
#include "cache/update/self_guard.h"
#include "vendors/base/call.h"
#include "vendors/base/status_words.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

int status_field_fail_missing(struct call *call)
{
	return call_fail(call, CALL_UNSUPPORTED,
			 "the vendor shows no status for this user, so it cannot be changed "
			 "here; see MANUAL");
}

static int plan_status(struct change *change)
{
	const char *word = change->arg;
	json_t *document;
	int error;

	if (!change_status(change, change->fresh))
		return status_field_fail_missing(change->call);
	/* nothing is sent only if both the vendor and this mount's last write show the word */
	if (change->read_status && strcmp(change->read_status, word) != 0)
		json_object_set_new(change->fresh, change->collection->status_key,
				    json_string(change->read_status));
	document = json_pack("{s:s}", change->collection->status_key, word);
	error = document ? merge_diff(change->fresh, document, &change->merge) : -ENOMEM;
	json_decref(document);
	return error ? call_no_memory(change->call) : 0;
}

/*
 * Refuse what can be refused without a request that changes anything. Returns 0 or a negative
 * errno.
 */
static int check_status_early(struct change *change, const char *word)
{
	struct record *held;
	double seconds;
	enum known knows = known_peek(change->roster, change->id, &held, &seconds);
	bool unknown = !change->collection->status_key ||
		       (knows == KNOWN_FRESH &&
			strcmp(record_status(held), RECORD_STATUS_UNKNOWN) == 0);
	bool same = held && strcmp(record_status(held), word) == 0;
	int error = 0;

	record_put(held);
	if (unknown)
		return status_field_fail_missing(change->call);
	if (!same && !takeback_may_be(change->attempt, word))
		error = guard_has_room(change->guard, change->call);
	if (!error)
		error = self_guard_check(change->call, change->roster, change->id, word);
	change->status_checked = !error;
	return error;
}

void status_field_note(struct attempt *attempt, const char *word)
{
	json_t *fields = json_array(), *after = json_string(word), *before = NULL;
	const char *key = roster_collection(attempt->roster)->status_key;
	struct record *held;
	double seconds;

	known_peek(attempt->roster, attempt->id, &held, &seconds);
	if (held && strcmp(record_status(held), RECORD_STATUS_UNKNOWN) != 0)
		before = json_string(record_status(held));
	record_put(held);
	if (fields)
		attempt_field(fields, key ? key : "status", 0, before, after);
	attempt_set_fields(attempt, fields);
	json_decref(before);
	json_decref(after);
}

/* Write the status. AGAIN: it was written and counted before. Returns 0 or a negative errno. */
static int status_field_set(struct attempt *attempt, const char *word, bool again)
{
	struct change change;
	int error = 0;

	change_begin(&change, attempt);
	change.plan = plan_status;
	change.reapply = status_field_reapply;
	change.arg = (void *)(uintptr_t)word;
	change.absolute = true;
	change.status_checked = change.counted = again;
	if (!again)
		error = check_status_early(&change, word);
	if (!error)
		error = apply_change(&change);
	error = apply_finish(&change, error);
	change_clear(&change);
	return error;
}

int status_field_write(struct attempt *attempt, const char *word)
{
	return status_field_set(attempt, word, false);
}

int status_field_reapply(struct call *call, struct roster *roster, struct guard *guard,
			 const char *id)
{
	struct attempt attempt;
	int error;

	attempt_begin(&attempt, call, guard, roster, "reapply", id);
	status_field_note(&attempt, STATUS_INACTIVE);
	error = status_field_set(&attempt, STATUS_INACTIVE, true);
	attempt_end(&attempt, error);
	return error;
}
