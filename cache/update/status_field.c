/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_field.c - see status_field.h.
 */
#include "cache/update/status_field.h"

#include "cache/document/merge.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/history/takeback.h"
#include "cache/history/trust.h"
#include "cache/record/record.h"
#include "cache/roster/known.h"
#include "cache/roster/roster.h"
#include "cache/update/apply.h"
#include "cache/update/change.h"
#include "cache/update/self_guard.h"
#include "vendors/base/call.h"
#include "vendors/base/status_words.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/rest/status_request.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <string.h>

int status_field_fail_missing(struct call *call)
{
	return call_fail(call, CALL_UNSUPPORTED,
			 "the vendor shows no status for this user, so it cannot be changed "
			 "here; see MANUAL");
}

/* Fail because the vendor's description has no value to send for WORD. */
static int fail_no_value(struct change *change, const char *word)
{
	return call_fail(change->call, CALL_UNSUPPORTED,
			 "the vendor's API does not make users %s: its description has neither a "
			 "value nor a request for that",
			 word);
}

/* Fill merge with the edit that describes the change of the status to the word. */
static int edit_status(struct change *change)
{
	const struct collection *collection = change->collection;
	json_t *value = status_map_value(collection, change->word), *document = json_object();
	int error = document && value ? 0 : -ENOMEM;

	if (error)
		json_decref(value);
	else
		error = pointer_set(document, collection->status_key, value);
	if (!error)
		error = merge_diff(change->fresh, document, &change->merge);
	json_decref(document);
	return error ? call_no_memory(change->call) : 0;
}

/* Find out how the word is written: by a request, or by an update. Returns 0 or a negative errno.
 */
static int find_way(struct change *change, const char *now)
{
	const struct collection *collection = change->collection;

	if (strcmp(change->word, STATUS_ACTIVE) == 0 &&
	    !status_map_may_activate(collection, change->fresh))
		return change_fail_other(change, now);
	if (status_map_has_request(collection, change->word)) {
		change->request = status_request_find(change->call, change_account(change),
						      collection, change->fresh, change->word);
		return change->request ? trust_check(change->call, change_account(change),
						     &change->request->request)
				       : -change->call->error;
	}
	if (!status_map_can_set(collection, change->word) ||
	    (collection->listing && !collection->update && !collection->put))
		return fail_no_value(change, change->word);
	return trust_check(change->call, change_account(change),
			   collection->update ? &collection->update->request : NULL);
}

static int plan_status(struct change *change)
{
	const char *key = change->collection->status_key, *now;
	char buffer[STATUS_MAP_MAX];
	int error;

	change->request = NULL;
	now = change_status(change, change->fresh, buffer);
	if (!now)
		return status_field_fail_missing(change->call);
	/* nothing is sent only if both the vendor and this mount's last write show the word */
	if (change->read_status && strcmp(change->read_status, change->word) != 0) {
		if (change->read_value)
			pointer_set(change->fresh, key, json_incref(change->read_value));
		else
			pointer_remove(change->fresh, key);
		now = change->read_status;
	}
	if (strcmp(now, change->word) == 0)
		return 0;
	error = find_way(change, now);
	return error ? error : edit_status(change);
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
		       (knows == KNOWN_FRESH && strcmp(record_status(held), STATUS_UNKNOWN) == 0 &&
			!known_needs_get(change->roster, change->id, held, true));
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
	char words[COLLECTION_WORDS_MAX];
	struct record *held;
	double seconds;

	known_peek(attempt->roster, attempt->id, &held, &seconds);
	if (held && strcmp(record_status(held), STATUS_UNKNOWN) != 0)
		before = json_string(record_status(held));
	record_put(held);
	if (fields)
		attempt_field(fields, key ? collection_words(key, words) : "status", 0, before,
			      after);
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
	change.word = word;
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
