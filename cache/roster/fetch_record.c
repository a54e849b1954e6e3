/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_record.c - see fetch_record.h.
 *
 * It asks the vendor for one record after the other. absence.c, gone.c and illegible.c know which
 * ones and what a failure means. It does not know the waits (flight.c).
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/fetch_record.h"

#include "cache/record/lag.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/gets.h"
#include "cache/roster/gone.h"
#include "cache/roster/illegible.h"
#include "cache/roster/known.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster_state.h"
#include "vendors/base/clock.h"
#include "vendors/rest/item.h"
#include "vendors/rest/item_answer.h"
#include "vendors/rest/self.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

struct record *fetch_held(struct roster *roster, const char *id)
{
	struct record *held;
	double seconds;

	known_peek(roster, id, &held, &seconds);
	if (held == roster->absent) {
		record_put(held);
		return NULL;
	}
	return held;
}

void fetch_keep_time(struct roster *roster, struct record *record)
{
	struct record *held;

	if (!atomic_load(&roster->known.saved))
		return;
	held = fetch_held(roster, record->id);
	if (held)
		record_keep_time(roster->collection, record, held);
	record_put(held);
}

/*
 * Return a reference to what is held of ID if that shows the same as RECORD (or NULL), else to
 * RECORD.
 */
static struct record *held_or_new_locked(struct roster *roster, const char *id,
					 struct record *record)
{
	struct record *held;
	double seconds;

	if (!record)
		return NULL;
	known_peek_locked(roster, id, &held, &seconds);
	return record_get(held && held != roster->absent && record_same(held, record) ? held
										      : record);
}

void fetch_put(const struct flight *flight, const char *id, struct record *record)
{
	struct roster *roster = flight->roster;
	struct record *old = NULL, *kept = NULL;
	struct overlay *entry;
	bool stale = false;

	pthread_mutex_lock(&roster->lock);
	if (roster->known.generation != flight->generation) {
		entry = known_overlay_locked(roster, id);
		stale = entry && entry->generation > flight->generation;
	}
	if (!stale) {
		kept = held_or_new_locked(roster, id, record);
		if (record && gets_is_partial(roster) && roster->known.snapshot)
			gets_note_detail_locked(roster, id,
						snapshot_find(roster->known.snapshot, id));
		old = known_put_locked(roster, id, kept, flight->began, true);
		entry = known_overlay_locked(roster, id);
		if (entry)
			entry->ends = flight->call.good_until;
	}
	pthread_mutex_unlock(&roster->lock);
	if (!stale)
		publish_replaced(roster, id, old, kept);
	record_put(kept);
}

/*
 * Find out what it means that the GET of FLIGHT's record failed so that only the list can tell.
 * *RECORD is set to what was created here, or NULL. Return 0, -ENOENT (the list was read and lacks
 * it) or -EAGAIN.
 */
static int fetch_explain(struct flight *flight, struct record **record)
{
	struct roster *roster = flight->roster;
	bool lacks = flight->listed;

	*record = presence_record(roster, &flight->call, flight->asked);
	if (*record)
		return 0;
	pthread_mutex_lock(&roster->lock);
	if (known_whole_fresh_locked(roster) &&
	    !snapshot_find(roster->known.snapshot, flight->asked))
		lacks = true;
	pthread_mutex_unlock(&roster->lock);
	if (lacks)
		return call_decide(&flight->call, CALL_MISSING);
	flight->missed = calloc(1, sizeof(*flight->missed));
	if (!flight->missed)
		return call_no_memory(&flight->call);
	call_continue(flight->missed, &flight->call);
	call_copy_error(flight->missed, &flight->call);
	call_clear(&flight->call);
	return -EAGAIN;
}

/* Make a new *RECORD of OBJECT (taken), the response to FLIGHT's GET. Return 0 or a negative errno.
 */
static int take_object(struct flight *flight, json_t *object, struct record **record)
{
	struct roster *roster = flight->roster;
	struct timespec when;
	int error;

	gets_note(roster, flight->asked, object);
	clock_gettime(CLOCK_REALTIME, &when);
	lag_correct(roster->lag, flight->asked, object, LAG_READ, NULL, NULL);
	*record = record_new(roster->collection, flight->asked, object, when);
	error = *record ? 0 : item_answer_check_size(&flight->call, object, SIZE_MAX);
	json_decref(object);
	if (!*record)
		return error ? error : call_no_memory(&flight->call);
	fetch_keep_time(roster, *record);
	return 0;
}

/*
 * Send the GET of FLIGHT's record. Return true if the vendor has shown it: *ERROR is 0 with a new
 * *RECORD, or why that cannot be used. False: *ERROR is that of the GET.
 */
static bool get_asked(struct flight *flight, struct record **record, int *error)
{
	struct roster *roster = flight->roster;
	json_t *object = NULL;

	*error = item_get(&flight->call, roster->account, roster->collection, roster->parent,
			  flight->asked, &object, NULL);
	if (*error)
		return false;
	if (presence_was_deleted(roster, &flight->call, flight->asked, object)) {
		json_decref(object);
		*error = call_fail(&flight->call, CALL_MISSING, "this mount has just deleted it");
	} else {
		*error = take_object(flight, object, record);
	}
	return true;
}

int fetch_record(struct flight *flight)
{
	struct roster *roster = flight->roster;
	struct record *record = NULL;
	bool proven = false;
	int error;
	bool answered = get_asked(flight, &record, &error);

	if (!answered && gets_needs_list(roster, &flight->call, error)) {
		error = fetch_explain(flight, &record);
		proven = error == -ENOENT;
	} else if (!answered && error == -ENOENT) {
		record = presence_record(roster, &flight->call, flight->asked);
		error = record ? 0 : error;
	}
	if (error && error != -ENOENT)
		return error;
	fetch_put(flight, flight->asked, record);
	if (proven)
		gone_prove(roster, flight->asked);
	record_put(record);
	return error;
}

/* Return true if the newest list is fresh and lacks the record of FLIGHT. */
static bool is_unlisted(const struct flight *flight)
{
	struct roster *roster = flight->roster;
	bool lacks;

	pthread_mutex_lock(&roster->lock);
	lacks = known_whole_fresh_locked(roster) &&
		!snapshot_find(roster->known.snapshot, flight->asked);
	pthread_mutex_unlock(&roster->lock);
	return lacks;
}

int fetch_detail(struct flight *flight)
{
	struct roster *roster = flight->roster;
	struct record *record = NULL;
	int error;

	if (!get_asked(flight, &record, &error) && error == -ENOENT) {
		/* reads may lag behind the creation */
		record = presence_record(roster, &flight->call, flight->asked);
		error = record ? 0 : error;
	}
	if (!error || (error == -ENOENT && is_unlisted(flight)))
		fetch_put(flight, flight->asked, record);
	record_put(record);
	return error;
}

int fetch_self(struct flight *flight)
{
	struct roster *roster = flight->roster;
	char *id = NULL;
	int error = self_find(&flight->call, roster->account, &id);

	if (error && error != -ENODATA)
		return error;
	pthread_mutex_lock(&roster->lock);
	known_note_self_locked(roster, id);
	pthread_mutex_unlock(&roster->lock);
	return error;
}

/* ---- those with an email ---- */

static void set_listed(struct flight *flight, bool listed)
{
	pthread_mutex_lock(&flight->roster->lock);
	flight->listed = listed;
	pthread_mutex_unlock(&flight->roster->lock);
}

/* Ask for the illegible record ID. Return 0, also if there is none, or a negative errno. */
static int ask_illegible(struct flight *flight, const char *id)
{
	struct call *call = &flight->call;
	int error;

	call_clear(call);
	flight->asked = id;
	set_listed(flight, false); /* the list has it */
	error = fetch_record(flight);
	set_listed(flight, true);
	if (error == -EAGAIN) {
		call_copy_error(call, flight->missed);
		error = call_decide(call, CALL_FAILED);
		call_destroy(flight->missed);
		free(flight->missed);
		flight->missed = NULL;
	}
	if (!error || error == -ENOENT) {
		call_clear(call);
		return 0;
	}
	if (error != -EINTR)
		call_add_words(
		    call,
		    " (the row of \"%.64s\" in the list is not JSON, so its email is unknown)", id);
	return error;
}

static int fetch_illegible(struct flight *flight)
{
	struct call *call = &flight->call, failed;
	double began = clock_seconds();
	int error = 0, failure = 0;
	json_t *ids, *id;
	size_t i, count;

	ids = illegible_find_due(flight->roster, &count);
	if (!count) {
		json_decref(ids);
		return 0;
	}
	call_init(&failed, "");
	json_array_foreach(ids, i, id) {
		error = ask_illegible(flight, json_string_value(id));
		if (error && !failure) {
			failure = error;
			call_copy_error(&failed, call);
		}
		/* a fault of one record (its response is malformed) says nothing about the next */
		if (error && call->verdict != CALL_MALFORMED)
			break;
	}
	if (!failure && (!ids || count > ILLEGIBLE_MAX)) {
		failure =
		    call_fail(call, CALL_MALFORMED,
			      "%zu rows of the list are not JSON, so their emails are unknown",
			      count);
		call_copy_error(&failed, call);
	}
	json_decref(ids);
	error = failure == -EINTR ? failure : illegible_note(flight, began, &failed, failure);
	call_destroy(&failed);
	return error;
}

int fetch_email(struct flight *flight)
{
	json_t *ids = gone_find_due(flight->roster, flight->id), *id;
	int error = ids ? 0 : call_no_memory(&flight->call);
	size_t i;

	json_array_foreach(ids, i, id) {
		/* whether it exists or not is known then */
		flight->asked = json_string_value(id);
		error = fetch_record(flight);
		if (error && error != -ENOENT)
			break;
		call_clear(&flight->call);
		error = 0;
	}
	json_decref(ids);
	return error ? error : fetch_illegible(flight);
}
