/* SPDX-License-Identifier: Apache-2.0 */
/*
 * illegible.c - see illegible.h.
 *
 * If asking for these users by id fails too, the vendor counts as one that cannot be read, for all
 * emails that none of its other users has. The failure is remembered for FAILED_SECONDS, so that
 * one command does not meet it again at each step.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/illegible.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/failure.h"
#include "cache/roster/gets.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/whole.h"
#include "vendors/base/limits.h"
#include "vendors/base/log.h"
#include "vendors/vendor.h"

#include <errno.h>

#define FAILED_SECONDS 5.0

int illegible_add(json_t **ids, const struct record *record)
{
	if (!record->unreadable || record_email(record))
		return 0;
	if (!*ids)
		*ids = json_array();
	return json_array_append_new(*ids, json_string(record->id)) ? -ENOMEM : 0;
}

void illegible_log_large(struct call *call, const struct collection *collection, const char *id)
{
	log_call(call,
		 "%s \"%.64s\" would take more than " LIMITS_TEXT_WORDS
		 " as a file: that record alone can't be read or written",
		 collection->name, id);
}

static void forget_failure_locked(struct roster *roster)
{
	failure_free(roster->illegible.failure);
	roster->illegible.failure = NULL;
}

void illegible_listed_locked(struct roster *roster, json_t **ids)
{
	forget_failure_locked(roster);
	json_decref(roster->illegible.ids);
	roster->illegible.ids = NULL;
	if (!gets_asks_id(roster))
		return;
	roster->illegible.ids = *ids;
	*ids = NULL;
}

void illegible_free_locked(struct roster *roster)
{
	json_t *none = NULL;

	illegible_listed_locked(roster, &none);
}

/* Return true if ID was not asked for by id yet. */
static bool is_unknown_locked(struct roster *roster, const char *id)
{
	struct record *record;
	double seconds;
	enum known knows = known_peek_locked(roster, id, &record, &seconds);

	return knows != KNOWN_FRESH && knows != KNOWN_ABSENT;
}

/* Return true if a user is known that has EMAIL. */
static bool is_found_locked(struct roster *roster, const char *email)
{
	struct snapshot *with = whole_with_email_locked(roster, email);
	bool found = with && with->count;

	snapshot_put(with);
	return found;
}

int illegible_error_locked(const struct roster *roster, double failed_for, struct call *call)
{
	const struct failure *failure = roster->illegible.failure;

	if (!failure_holds(failure, roster->known.refreshed, failed_for))
		return 0;
	call_copy_error(call, &failure->call);
	return failure->error;
}

bool illegible_due_locked(struct roster *roster, const char *email)
{
	const struct failure *failure = roster->illegible.failure;
	bool unknown = false;
	json_t *id;
	size_t i;

	json_array_foreach(roster->illegible.ids, i, id)
		unknown = unknown || is_unknown_locked(roster, json_string_value(id));
	if (!unknown)
		return false;
	if (!failure_holds(failure, roster->known.refreshed, FAILED_SECONDS))
		return true;
	return !is_found_locked(roster, email);
}

json_t *illegible_find_due(struct roster *roster, size_t *count)
{
	json_t *ids = json_array(), *id;
	size_t i;

	*count = 0;
	pthread_mutex_lock(&roster->lock);
	json_array_foreach(roster->illegible.ids, i, id) {
		if (!is_unknown_locked(roster, json_string_value(id)))
			continue;
		if (++*count <= ILLEGIBLE_MAX)
			json_array_append_new(ids, json_string(json_string_value(id)));
	}
	pthread_mutex_unlock(&roster->lock);
	return ids;
}

int illegible_note(struct flight *flight, double began, const struct call *failed, int error)
{
	struct roster *roster = flight->roster;
	struct failure *failure = error ? failure_new("", began, failed, error) : NULL;
	bool found;

	pthread_mutex_lock(&roster->lock);
	forget_failure_locked(roster);
	roster->illegible.failure = failure;
	found = error && is_found_locked(roster, flight->id);
	pthread_mutex_unlock(&roster->lock);
	call_copy_error(&flight->call, failed);
	if (found) {
		log_error(&flight->call, error);
		call_clear(&flight->call);
	}
	return found ? 0 : error;
}
