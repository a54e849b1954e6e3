/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - statuses that are a field of the record: a part of update.h.
 *
 * A word is absolute: it is compared with what the vendor has now, never with an older version, and
 * is no conflict. A status that is made of several changes is membership_status.c's, a user to be
 * deleted delete_user.c's.
 */
#include "cache/record/record.h"
#include "cache/roster/known.h"
#include "cache/update/update.h"

#include "cache/history/attempt.h"
#include "cache/update/change.h"
#include "cache/history/guard.h"
#include "cache/roster/roster.h"
#include "cache/access/membership_status.h"
#include "cache/history/takeback.h"
#include "cache/update/update_parts.h"
#include "vendors/base/call.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

const char *update_status_word(const char *text, size_t length)
{
	static const char *const words[] = {"active", "inactive", UPDATE_DELETED};

	if (length && text[length - 1] == '\n')
		length--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (length == strlen(words[i]) && memcmp(text, words[i], length) == 0)
			return words[i];
	}
	return NULL;
}

static int plan_status(struct change *change)
{
	const char *word = change->arg;
	json_t *document;
	int error;

	if (!change_status(change, change->fresh))
		return update_fail_no_status(change->call);
	/* Only what both the vendor and this mount's last write show is left alone. */
	if (change->read_status && strcmp(change->read_status, word) != 0)
		json_object_set_new(change->fresh, change->collection->status_key,
				    json_string(change->read_status));
	document = json_pack("{s:s}", change->collection->status_key, word);
	error = document ? merge_diff(change->fresh, document, &change->merge) : -ENOMEM;
	json_decref(document);
	return error ? call_fail(change->call, ENOMEM, "no memory") : 0;
}

/* What can be refused without a request to change anything. */
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
		return update_fail_no_status(change->call);
	if (!same && !takeback_may_be(change->attempt, word))
		error = guard_has_room(change->guard, change->call);
	if (!error)
		error = change_check_self(change, word);
	change->status_checked = !error;
	return error;
}

/* What is wanted, also where nothing more will be known. */
static void tell_status(struct attempt *attempt, const char *word)
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

/* AGAIN: a status that was written and counted before. */
static int set_status(struct attempt *attempt, const char *word, bool again)
{
	struct change change;
	int error = 0;

	update_begin(&change, attempt);
	change.plan = plan_status;
	change.arg = (void *)(uintptr_t)word;
	change.absolute = true;
	change.status_checked = change.counted = again;
	if (!again)
		error = check_status_early(&change, word);
	if (!error)
		error = update_run(&change);
	error = update_finish(&change, error);
	change_clear(&change);
	return error;
}

int update_status(struct call *call, struct roster *roster, struct guard *guard, const char *id,
		  const char *word)
{
	struct attempt attempt;
	int error;

	if (strcmp(word, UPDATE_DELETED) == 0)
		return update_erase(call, roster, guard, id);
	attempt_begin(&attempt, call, guard, roster, "status", id);
	tell_status(&attempt, word);
	error = guard_writable(guard, call);
	if (!error)
		error = roster_collection(roster)->set_status ? steps_status(&attempt, word)
							      : set_status(&attempt, word, false);
	attempt_end(&attempt, error);
	return error;
}

int update_reapply(struct call *call, struct roster *roster, struct guard *guard, const char *id)
{
	struct attempt attempt;
	int error;

	attempt_begin(&attempt, call, guard, roster, "reapply", id);
	tell_status(&attempt, "inactive");
	error = set_status(&attempt, "inactive", true);
	attempt_end(&attempt, error);
	return error;
}
