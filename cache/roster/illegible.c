/* SPDX-License-Identifier: Apache-2.0 */
/*
 * illegible.c - rows whose email cannot be read (a part of roster.h).
 *
 * A row that is not JSON may hide an email, and so a user whom somebody wants to end. Before
 * anybody is told who has an email, each of these users is asked for by id. If that fails too, the
 * vendor counts as one that can't be read, for all emails that none of its other users has. A
 * failure is remembered, so that it is not met again at each step of one command.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/illegible.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/fetch.h"
#include "cache/roster/fetch_email.h"
#include "cache/roster/gets.h"
#include "cache/roster/known.h"
#include "cache/roster/whole.h"
#include "cache/roster/roster_state.h"

#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>

/* So many are asked for: each is a request. */
#define ILLEGIBLE_MAX 100

/* So long a failure is remembered, in seconds. */
#define FAILED_SECONDS 5.0

int illegible_add(json_t **ids, const struct record *record)
{
	if (!record->unreadable || record_email(record))
		return 0;
	if (!*ids)
		*ids = json_array();
	return json_array_append_new(*ids, json_string(record->id)) ? -ENOMEM : 0;
}

static void forget_failure_locked(struct roster *roster)
{
	if (roster->illegible_failure)
		call_destroy(&roster->illegible_failure->call);
	free(roster->illegible_failure);
	roster->illegible_failure = NULL;
}

void illegible_listed_locked(struct roster *roster, json_t **ids)
{
	forget_failure_locked(roster);
	json_decref(roster->illegible);
	roster->illegible = NULL;
	if (!gets_asks_id(roster))
		return;
	roster->illegible = *ids;
	*ids = NULL;
}

void illegible_free_locked(struct roster *roster)
{
	json_t *none = NULL;

	illegible_listed_locked(roster, &none);
}

/* Has nobody asked for ID by id? */
static bool is_unknown_locked(struct roster *roster, const char *id)
{
	struct record *record;
	double seconds;
	enum known knows = known_peek_locked(roster, id, &record, &seconds);

	return knows != KNOWN_FRESH && knows != KNOWN_ABSENT;
}

/* Has somebody EMAIL, as far as is known? */
static bool is_found_locked(struct roster *roster, const char *email)
{
	struct snapshot *with = whole_with_email_locked(roster, email);
	bool found = with && with->count;

	snapshot_put(with);
	return found;
}

int illegible_error_locked(const struct roster *roster, double failed_for, struct call *call)
{
	const struct failure *failure = roster->illegible_failure;

	if (!failure || failure->began < roster->refreshed ||
	    clock_seconds() - failure->since >= failed_for)
		return 0;
	call_copy_error(call, &failure->call);
	return failure->error;
}

bool illegible_due_locked(struct roster *roster, const char *email)
{
	const struct failure *failure = roster->illegible_failure;
	bool unknown = false;
	json_t *id;
	size_t i;

	json_array_foreach(roster->illegible, i, id)
		unknown = unknown || is_unknown_locked(roster, json_string_value(id));
	if (!unknown)
		return false;
	if (!failure || failure->began < roster->refreshed ||
	    clock_seconds() - failure->since >= FAILED_SECONDS)
		return true;
	return !is_found_locked(roster, email);
}

/* Those who have to be asked for, *COUNT of them, at most ILLEGIBLE_MAX: their ids in a new array,
 * NULL: no memory. */
static json_t *find_unknown(struct roster *roster, size_t *count)
{
	json_t *ids = json_array(), *id;
	size_t i;

	*count = 0;
	pthread_mutex_lock(&roster->lock);
	json_array_foreach(roster->illegible, i, id) {
		if (!is_unknown_locked(roster, json_string_value(id)))
			continue;
		if (++*count <= ILLEGIBLE_MAX)
			json_array_append_new(ids, json_string(json_string_value(id)));
	}
	pthread_mutex_unlock(&roster->lock);
	return ids;
}

static void set_listed(struct flight *flight, bool listed)
{
	pthread_mutex_lock(&flight->roster->lock);
	flight->listed = listed;
	pthread_mutex_unlock(&flight->roster->lock);
}

/* Ask for the one with ID. 0, also if there is none, or a negative errno with words. */
static int ask(struct flight *flight, const char *id)
{
	struct call *call = &flight->call;
	int error;

	call->error = 0;
	call->words[0] = '\0';
	flight->asked = id;
	set_listed(flight, false); /* the list has it */
	error = fetch_record(flight);
	set_listed(flight, true);
	if (error == -EAGAIN) {
		call_copy_error(call, flight->missed);
		call->error = EREMOTEIO;
		error = -EREMOTEIO;
		call_destroy(flight->missed);
		free(flight->missed);
		flight->missed = NULL;
	}
	if (!error || error == -ENOENT) {
		call->error = 0;
		call->words[0] = '\0';
		return 0;
	}
	if (error != -EINTR)
		call_add_words(
		    call,
		    " (the row of \"%.64s\" in the list is not JSON, so that nobody knows "
		    "whose email it has)",
		    id);
	return error;
}

/*
 * Remember that FLIGHT, which began to ask at BEGAN, has FAILED, or, 0, that it has not. Returns
 * its error: 0 if others have the email.
 */
static int note(struct flight *flight, double began, const struct call *failed, int error)
{
	struct roster *roster = flight->roster;
	struct failure *failure = error ? calloc(1, sizeof(*failure)) : NULL;
	bool found;

	if (failure) {
		call_init(&failure->call, "");
		call_copy_error(&failure->call, failed);
		failure->error = error;
		failure->began = began;
		failure->since = clock_seconds();
	}
	pthread_mutex_lock(&roster->lock);
	forget_failure_locked(roster);
	roster->illegible_failure = failure;
	found = error && is_found_locked(roster, flight->id);
	pthread_mutex_unlock(&roster->lock);
	call_copy_error(&flight->call, failed);
	if (found) {
		log_error(&flight->call, error);
		flight->call.error = 0;
		flight->call.words[0] = '\0';
	}
	return found ? 0 : error;
}

int fetch_illegible(struct flight *flight)
{
	struct call *call = &flight->call, failed;
	double began = clock_seconds();
	int error = 0, failure = 0;
	json_t *ids, *id;
	size_t i, count;

	ids = find_unknown(flight->roster, &count);
	if (!count) {
		json_decref(ids);
		return 0;
	}
	call_init(&failed, "");
	json_array_foreach(ids, i, id) {
		error = ask(flight, json_string_value(id));
		if (error && !failure) {
			failure = error;
			call_copy_error(&failed, call);
		}
		/* what is wrong with one record need not be so with the next */
		if (error && call->status != 200)
			break;
	}
	if (!failure && (!ids || count > ILLEGIBLE_MAX)) {
		failure = call_fail(call, EREMOTEIO,
				    "%zu rows of the list are not JSON, so that nobody knows whose "
				    "emails they have",
				    count);
		call_copy_error(&failed, call);
	}
	json_decref(ids);
	error = failure == -EINTR ? failure : note(flight, began, &failed, failure);
	call_destroy(&failed);
	return error;
}
