/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absence.c - see absence.h.
 *
 * It decides what a GET and a list mean together. flight.c decides when a list is fetched for
 * readers.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/absence.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/address.h"
#include "vendors/json/id_text.h"
#include "vendors/rest/account.h"
#include "vendors/rest/item.h"
#include "vendors/list/row.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/fetch_record.h"
#include "cache/roster/gets.h"
#include "cache/roster/gone.h"
#include "cache/roster/known.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster_email.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/wait.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <string.h>

/* ---- a record for a change ---- */

/*
 * Return KNOWN_ABSENT if the newest list is fresh and lacks ID. Otherwise return KNOWN_NOTHING, and
 * set *SPOT to where the row of ID was in the newest list.
 */
static enum known absence_look_up(struct roster *roster, const char *id, struct row_spot *spot)
{
	enum known knows = KNOWN_NOTHING;
	const struct record *row;
	size_t place = 0;

	memset(spot, 0, sizeof(*spot));
	pthread_mutex_lock(&roster->lock);
	row = roster->known.snapshot ? snapshot_find(roster->known.snapshot, id) : NULL;
	if (!row && known_whole_fresh_locked(roster))
		knows = KNOWN_ABSENT;
	while (row && place < roster->known.snapshot->count &&
	       roster->known.snapshot->records[place] != row)
		place++;
	if (row && roster->known.step) {
		size_t page = place / roster->known.step;

		*spot = (struct row_spot){.page = page,
					  .before = page * roster->known.step,
					  .size = page ? roster->known.step
						       : roster->collection->page_size};
	}
	pthread_mutex_unlock(&roster->lock);
	return knows;
}

/* Fail CALL as GOT failed. */
static int fail_as(struct call *call, const struct call *got)
{
	call_copy_error(call, got);
	return -call->error;
}

/*
 * Return true if GOT, a GET that failed, refuses the record if that is listed: its row does not
 * take its place. A 404 of a listed record means that the vendor has no GET by id.
 */
static bool is_refusal(const struct roster *roster, const struct call *got)
{
	bool missing = got->status == 404 || got->status == 410 || got->status < 300;

	return gets_is_partial(roster) || got->verdict == CALL_BAD_REQUEST ||
	       (got->verdict != CALL_UNSUPPORTED && !missing);
}

/* Fail CALL as GOT failed, because the list has the record. */
static int fail_refused(struct call *call, const struct call *got)
{
	bool denied = got->verdict == CALL_MISSING && got->status == 403;

	call_copy_error(call, got);
	return denied ? call_decide(call, CALL_DENIED) : -call->error;
}

/* Fail CALL with the message of GOT, because the record does not exist. */
static int fail_missing(struct call *call, const struct call *got)
{
	call_copy_error(call, got);
	return call_decide(call, CALL_MISSING);
}

/*
 * Set CALL's error for a record whose GET failed as GOT, if the list, read under CALL, failed with
 * ERROR. Return the record's error.
 */
static int fail_unlisted(const struct roster *roster, struct call *call, const struct call *got,
			 int error)
{
	if (error == -EINTR)
		return error;
	if (got->verdict != CALL_MISSING && got->verdict != CALL_UNSUPPORTED)
		return fail_as(call, got);
	if (gets_has_none(roster))
		return error;
	call_add_words(call,
		       " (%s was answered %d, so only the list can tell whether the record exists)",
		       got->request, got->status);
	return error;
}

/* Fail CALL because the list does not have ID either. */
static int fail_absent(struct roster *roster, struct call *call, const struct call *got,
		       const char *id)
{
	publish_absent(roster, id);
	gone_prove(roster, id);
	if (gets_has_none(roster))
		return call_fail(call, CALL_MISSING, "the complete list of %s lacks it",
				 roster->collection->name);
	return fail_missing(call, got);
}

/* Read the row of ID from the list, because its GET failed as GOT. WRITE: for a change. */
static int get_row(struct roster *roster, struct call *call, const struct call *got, const char *id,
		   bool write, json_t **record)
{
	struct row_spot spot;
	int error;

	if (absence_look_up(roster, id, &spot) == KNOWN_ABSENT)
		return fail_absent(roster, call, got, id);
	/* its GETs work, so this response lags behind the creation */
	if (atomic_load(&roster->gets.state) == GETS_WORK && presence_was_made(roster, id))
		return got->verdict == CALL_BAD_REQUEST ? fail_as(call, got)
							: fail_missing(call, got);
	call_clear(call);
	/* if the row is not used, all that counts is whether the list has it */
	write = write && !is_refusal(roster, got);
	error = write ? gets_compare(roster, call, id) : 0;
	if (!error)
		error = row_read(call, roster->account, roster->collection, roster->parent, id,
				 write, &spot, record);
	if (error == -ENOENT)
		return fail_absent(roster, call, got, id);
	if (error)
		return fail_unlisted(roster, call, got, error);
	error = is_refusal(roster, got) ? fail_refused(call, got) : 0;
	if (!error)
		gets_note_row(roster, call, got);
	if (!error && write)
		error = gets_check_row(roster, call, got, id, *record);
	if (error) {
		json_decref(*record);
		*record = NULL;
	}
	return error;
}

int absence_get(struct roster *roster, struct call *call, const char *id, json_t **record,
		char **etag, bool *by_row)
{
	int error = item_get(call, roster->account, roster->collection, roster->parent, id, record,
			     etag);
	struct call got;

	if (by_row)
		*by_row = false;
	if (!error)
		gets_note(roster, id, *record);
	else if (error == -ENOENT && !gets_asks_id(roster))
		publish_absent(roster, id);
	if (!gets_needs_list(roster, call, error))
		return error;
	call_continue(&got, call);
	call_copy_error(&got, call);
	error = get_row(roster, call, &got, id, etag, record);
	if (by_row)
		*by_row = !error;
	call_destroy(&got);
	return error;
}

/* ---- a status that is a collection of its own, for a change ---- */

/*
 * Find out whether there is a user ID, whose status the vendor has not shown, as GOT tells. Return
 * 0 or a negative errno.
 */
static int find_user(struct roster *roster, struct call *call, const struct call *got,
		     const char *id)
{
	const struct collection *users = roster->account->vendor->users;
	struct row_spot spot = {0};
	json_t *user = NULL;
	int error = item_get(call, roster->account, users, NULL, id, &user, NULL);

	if (error && (call->verdict == CALL_MISSING || call->verdict == CALL_UNSUPPORTED ||
		      call->verdict == CALL_BAD_REQUEST)) {
		error = row_read(call, roster->account, users, NULL, id, false, &spot, &user);
		if (error == -ENOENT)
			return fail_missing(call, got);
	}
	json_decref(user);
	return error;
}

/* Read the status of user ID, which exists, as the list of statuses shows it or lacks it. */
static int listed_status(struct roster *roster, struct call *call, const char *id, json_t **record)
{
	const struct collection *statuses = roster->collection;
	struct row_spot spot = {0};
	int error = row_read(call, roster->account, statuses, NULL, id, false, &spot, record);

	if (error != -ENOENT)
		return error;
	call_clear(call);
	*record = json_pack("{s:o, s:s, s:[]}", "id", id_text_json(id), statuses->status_key,
			    statuses->absent_status, statuses->steps_key);
	return *record ? 0 : call_no_memory(call);
}

int absence_get_status(struct roster *roster, struct call *call, const char *id, json_t **record)
{
	struct call got;
	int error = item_get(call, roster->account, roster->collection, NULL, id, record, NULL);

	if (!error || (call->verdict != CALL_MISSING && call->verdict != CALL_BAD_REQUEST))
		return error;
	call_continue(&got, call);
	call_copy_error(&got, call);
	error = find_user(roster, call, &got, id);
	if (error == -ENOENT)
		publish_absent(roster, id);
	if (!error)
		error = listed_status(roster, call, id, record);
	call_destroy(&got);
	return error;
}

/* ---- a record for readers ---- */

/* Return true if WAIT is for the record whose GET failed, so that FLIGHT reads the list. */
static bool is_missed(const struct flight *flight, const struct wait *wait)
{
	return flight->missed && wait->kind == WAIT_RECORD && strcmp(wait->id, flight->id) == 0;
}

/* Return true if the newest list has the record that WAIT is for. */
static bool lists(const struct roster *roster, const struct wait *wait)
{
	return roster->known.snapshot && snapshot_find(roster->known.snapshot, wait->id);
}

/* Fail CALL, because GOT, the GET of a record, has failed, and its row in the list cannot be used.
 */
static int fail_unreadable(struct call *call, const struct call *got)
{
	call_copy_error(call, got);
	call_add_words(call, " (and its row in the list is not JSON or too large)");
	return call_decide(call, CALL_FAILED);
}

void absence_note_list(struct flight *flight)
{
	struct roster *roster = flight->roster;
	const struct record *row;

	pthread_mutex_lock(&roster->lock);
	row = snapshot_find(roster->known.snapshot, flight->id);
	pthread_mutex_unlock(&roster->lock);
	if (!row) {
		fetch_put(flight, flight->id, NULL);
		gone_prove(roster, flight->id);
	} else if (!row->unreadable && !is_refusal(roster, flight->missed)) {
		gets_note_row(roster, &flight->call, flight->missed);
	}
}

bool absence_settle_locked(struct flight *flight, struct wait *wait, int error)
{
	struct roster *roster = flight->roster;
	struct record *record;
	double seconds;

	if (!is_missed(flight, wait))
		return false;
	if (error) {
		call_copy_error(wait->call, &flight->call);
		wait->error = fail_unlisted(roster, wait->call, flight->missed, error);
		return true;
	}
	if (known_peek_locked(roster, wait->id, &record, &seconds) == KNOWN_ABSENT)
		wait->error = fail_missing(wait->call, flight->missed);
	else if (is_refusal(roster, flight->missed) && !gets_is_partial(roster) &&
		 lists(roster, wait))
		wait->error = fail_refused(wait->call, flight->missed);
	else if (lists(roster, wait) && snapshot_find(roster->known.snapshot, wait->id)->unreadable)
		wait->error = fail_unreadable(wait->call, flight->missed);
	else
		return false;
	return true;
}

bool absence_asks_on_locked(const struct flight *flight, const struct wait *wait)
{
	struct roster *roster = flight->roster;
	struct record *record;
	double seconds;

	if (!gets_asks_id(roster))
		return false;
	if (wait->kind == WAIT_EMAIL)
		return roster_email_due_locked(roster, wait->id);
	return wait->kind == WAIT_RECORD && !(is_missed(flight, wait) && lists(roster, wait)) &&
	       known_peek_locked(roster, wait->id, &record, &seconds) == KNOWN_NOTHING;
}
