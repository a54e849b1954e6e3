/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight.c - one fetch at a time, and the requests that wait for it (the asking half of roster.h).
 *
 * A flight runs on a thread of the pool and blocks there; who waits is only a struct in its list.
 * It knows when to fetch one record and when all, and what loses against a write that came
 * meanwhile. It does not know how pages are walked (vendors/list) nor what the waiters are.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/flight.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/absence.h"
#include "cache/roster/answer.h"
#include "cache/roster/fetch.h"
#include "cache/roster/fetch_email.h"
#include "cache/roster/figures.h"
#include "cache/roster/gets.h"
#include "cache/roster/known.h"
#include "cache/roster/overdue.h"
#include "cache/roster/roster_email.h"
#include "cache/roster/whole.h"
#include "cache/roster/wait.h"
#include "cache/roster/roster_state.h"

#include "vendors/base/pool.h"
#include "cache/record/versions.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* ---- answering from what is known ---- */

static bool answer_self_locked(struct roster *roster, struct wait *wait)
{
	if (!roster->self_known ||
	    known_left_locked(roster, roster->self_since, roster->self_since) <= 0)
		return false;
	wait->self = roster->self ? strdup(roster->self) : NULL;
	wait->error = wait->self ? 0 : roster->self ? -ENOMEM : -ENODATA;
	return true;
}

bool answer_knows_self(struct roster *roster)
{
	bool known;

	pthread_mutex_lock(&roster->lock);
	known = roster->self_known &&
		known_left_locked(roster, roster->self_since, roster->self_since) > 0;
	pthread_mutex_unlock(&roster->lock);
	return known;
}

static bool answer_email_locked(struct roster *roster, struct wait *wait)
{
	double seconds;

	wait->snapshot = roster_email_fresh_locked(roster, wait->id, &seconds);
	wait->error = wait->snapshot ? 0 : -ENOMEM;
	return wait->snapshot || seconds > 0;
}

/* Answer WAIT if that needs no vendor: what it gets of a whole roster is yet to be made of VIEW. */
static bool answer_locked(struct roster *roster, struct wait *wait, struct whole *whole)
{
	struct record *record;
	double seconds;

	switch (wait->kind) {
	case WAIT_WHOLE:
		if (!known_whole_fresh_locked(roster))
			return false;
		wait->error = whole_take_locked(roster, whole);
		return true;
	case WAIT_RECORD:
		switch (known_peek_locked(roster, wait->id, &record, &seconds)) {
		case KNOWN_FRESH:
			wait->record = record_get(record);
			wait->error = 0;
			return true;
		case KNOWN_ABSENT:
			wait->error = -ENOENT;
			return true;
		default:
			return false;
		}
	case WAIT_SELF:
		return answer_self_locked(roster, wait);
	case WAIT_EMAIL:
		return answer_email_locked(roster, wait);
	}
	return false;
}

/*
 * Give each of WAITS that asked for the whole roster what VIEW shows, if there is a whole. Without
 * the lock: nobody else knows these waits any more.
 */
static void show(struct roster *roster, struct whole *whole, struct wait *waits)
{
	uint64_t generation = whole->generation;
	struct snapshot *snapshot = whole_make(roster, whole);
	struct wait *wait;

	DL_FOREACH(waits, wait) {
		if (wait->kind != WAIT_WHOLE || wait->error)
			continue;
		wait->snapshot = snapshot ? snapshot_get(snapshot) : NULL;
		wait->generation = generation;
		wait->error = snapshot ? 0 : -ENOMEM;
	}
	snapshot_put(snapshot);
}

/* ---- starting and ending flights ---- */

static struct flight *start_locked(struct roster *roster, const struct wait *wait, bool listed);

/* In the seconds of grace after the ttl the old roster is good enough, while a new one is fetched.
 */
static bool answer_old_locked(struct roster *roster, struct wait *wait, struct whole *whole)
{
	const struct wait all = {.kind = WAIT_WHOLE};
	struct record *record = NULL;
	double seconds;

	if (wait->kind == WAIT_SELF || known_grace_locked(roster) <= 0 ||
	    known_whole_fresh_locked(roster) ||
	    (wait->kind == WAIT_EMAIL && roster_email_due_locked(roster, wait->id)))
		return false;
	if (wait->kind == WAIT_RECORD) {
		/* what a write may have changed is not shown as it was before */
		if (known_doubts_locked(roster, wait->id) ||
		    known_peek_locked(roster, wait->id, &record, &seconds) == KNOWN_NOTHING)
			return false;
		wait->record = record ? record_get(record) : NULL;
		wait->error = record ? 0 : -ENOENT;
	} else if (wait->kind == WAIT_WHOLE) {
		wait->error = whole_take_locked(roster, whole);
	} else {
		wait->snapshot = whole_with_email_locked(roster, wait->id);
		wait->error = wait->snapshot ? 0 : -ENOMEM;
	}
	if (!known_fetching_locked(roster))
		start_locked(roster, &all,
			     false); /* nobody waits for it; the next question will see */
	return true;
}

/* Has another record been fetched alone since the roster went stale? Then the next one brings all.
 */
static bool fetched_alone_locked(const struct roster *roster)
{
	const struct overlay *entry;
	const struct flight *flight;

	DL_FOREACH(roster->flights, flight) {
		if (flight->kind == WAIT_RECORD)
			return true;
	}
	for (entry = roster->overlay; entry; entry = entry->hh.next) {
		if (entry->alone && entry->record &&
		    known_limited_locked(roster, entry->began, entry->since, entry->ends) > 0)
			return true;
	}
	return false;
}

/* The flight under way that will answer WAIT, or NULL. */
static struct flight *flight_for_locked(struct roster *roster, const struct wait *wait)
{
	struct flight *flight, *other = NULL;

	DL_FOREACH(roster->flights, flight) {
		/* One that began before the owner asked for news does not bring them. */
		if (flight->began < roster->refreshed)
			continue;
		if (flight->kind == wait->kind &&
		    (!flight->id || strcmp(flight->id, wait->id) == 0))
			return flight;
		if (flight->kind == WAIT_WHOLE)
			other = flight;
	}
	return wait->kind == WAIT_RECORD || wait->kind == WAIT_EMAIL ? other : NULL;
}

static void flight_free(struct flight *flight)
{
	if (flight->missed)
		call_destroy(flight->missed);
	free(flight->missed);
	call_destroy(&flight->call);
	free(flight->id);
	free(flight);
}

static void flight_run(void *arg);

/* Is the whole roster what must be fetched for a question of KIND? */
static bool needs_whole_locked(const struct roster *roster, enum wait_kind kind)
{
	const struct collection *collection = roster->collection;

	if (kind != WAIT_RECORD)
		return kind != WAIT_SELF;
	/* what a fresh list lacks is asked for by id */
	if (gets_asks_id(roster) && known_whole_fresh_locked(roster))
		return false;
	if (collection->listed_only)
		return true;
	if (kind == WAIT_RECORD && gets_asks_id(roster) && atomic_load(&roster->gets) == GETS_NONE)
		return true;
	/* what can't be listed can still be asked for one by one */
	if (roster->unlisted > 0 &&
	    known_left_locked(roster, roster->unlisted, roster->unlisted) > 0)
		return false;
	return !collection->single && fetched_alone_locked(roster);
}

/* LISTED: a whole list has just been read, and does not answer WAIT. */
static struct flight *start_locked(struct roster *roster, const struct wait *wait, bool listed)
{
	struct flight *flight = calloc(1, sizeof(*flight));
	char path[CALL_PATH_MAX];
	const char *name;

	if (!flight)
		return NULL;
	flight->roster = roster;
	flight->kind = wait->kind;
	flight->listed = listed || (wait->kind == WAIT_EMAIL && known_whole_fresh_locked(roster));
	if (!flight->listed && needs_whole_locked(roster, wait->kind))
		flight->kind = WAIT_WHOLE;
	if (flight->kind == WAIT_RECORD || flight->kind == WAIT_EMAIL)
		flight->asked = flight->id = strdup(wait->id);
	name = flight->kind == WAIT_SELF ? "self" : flight->id ? flight->id : "";
	snprintf(path, sizeof(path), "%s%s%s%s", roster->account->name, *name ? "/" : "",
		 flight->kind == WAIT_EMAIL ? "by-email/" : "", name);
	call_init(&flight->call, path);
	flight->began = clock_seconds();
	flight->generation = roster->generation;
	if (((flight->kind == WAIT_RECORD || flight->kind == WAIT_EMAIL) && !flight->id) ||
	    pool_run(roster->pool, flight_run, flight)) {
		flight_free(flight);
		return NULL;
	}
	DL_APPEND(roster->flights, flight);
	return flight;
}

/* Have WAIT wait for a flight. False: its error is set. */
static bool wait_locked(struct roster *roster, struct wait *wait)
{
	struct flight *flight;

	wait->error = wait->brief ? overdue_error_locked(roster, NULL, wait->call) : 0;
	if (!wait->error && wait->brief && wait->kind == WAIT_EMAIL)
		wait->error = overdue_error_locked(roster, wait->id, wait->call);
	if (wait->error)
		return false;
	flight = flight_for_locked(roster, wait);
	if (!flight)
		flight = start_locked(roster, wait, false);
	if (!flight) {
		wait->error = call_fail(wait->call, ENOMEM, "no memory or no thread for a fetch");
		return false;
	}
	/* what became of a change is worth waiting for */
	if (atomic_load(&wait->call->reached))
		atomic_store(&flight->call.reached, true);
	wait->flight = flight;
	DL_APPEND(flight->waits, wait);
	if (wait->brief)
		overdue_wait_locked(flight);
	return true;
}

void flight_ask(struct roster *roster, struct wait *wait)
{
	struct whole whole = {0};

	if (wait->kind == WAIT_EMAIL)
		whole_index_emails(roster);
	pthread_mutex_lock(&roster->lock);
	wait->flight = NULL;
	wait->next = NULL;
	wait->snapshot = NULL;
	wait->record = NULL;
	wait->self = NULL;
	/* Who was cancelled before this lock was taken has tried to leave already, and found
	 * nothing. */
	if (roster->stopped || call_cancelled(wait->call)) {
		wait->error = call_fail(wait->call, EINTR, "interrupted");
	} else if (!answer_locked(roster, wait, &whole) &&
		   !answer_old_locked(roster, wait, &whole) && wait_locked(roster, wait)) {
		pthread_mutex_unlock(&roster->lock);
		return;
	}
	pthread_mutex_unlock(&roster->lock);
	show(roster, &whole, wait);
	wait->done(wait);
}

bool flight_leave(struct roster *roster, struct wait *wait)
{
	struct flight *flight;

	pthread_mutex_lock(&roster->lock);
	flight = wait->flight;
	if (flight) {
		DL_DELETE(flight->waits, wait); /* NOLINT(clang-analyzer-core.NullDereference) */
		wait->flight = NULL;
		if (!flight->waits) {
			flight->dropped = true;
			DL_DELETE(roster->flights, flight);
			/* With the lock: once it is let go, the flight's thread may free the
			 * flight. */
			call_cancel(&flight->call);
		}
	}
	pthread_mutex_unlock(&roster->lock);
	return flight;
}

void flight_stop(struct roster *roster)
{
	struct flight *flight;

	pthread_mutex_lock(&roster->lock);
	roster->stopped = true;
	DL_FOREACH(roster->flights, flight)
		call_cancel(&flight->call);
	pthread_mutex_unlock(&roster->lock);
}

/* ---- telling the waiters ---- */

/*
 * What WAIT gets from FLIGHT, which has ended with ERROR. The answer is what the fetch brought,
 * however short the ttl: who waited for it does not wait again. A whole roster is made of VIEW.
 */
static void settle_locked(struct flight *flight, struct wait *wait, struct whole *whole, int error)
{
	struct roster *roster = flight->roster;
	struct record *record = NULL;
	double seconds;

	if (absence_settle_locked(flight, wait, error))
		return;
	wait->error = error;
	if (error) {
		call_copy_error(wait->call, &flight->call);
		return;
	}
	switch (wait->kind) {
	case WAIT_WHOLE:
		if (!whole->snapshot)
			wait->error = whole_take_locked(roster, whole);
		break;
	case WAIT_RECORD:
		known_peek_locked(roster, wait->id, &record, &seconds);
		wait->record = record ? record_get(record) : NULL;
		wait->error = record ? 0 : -ENOENT;
		break;
	case WAIT_SELF:
		wait->self = roster->self ? strdup(roster->self) : NULL;
		wait->error = wait->self ? 0 : -ENOMEM;
		break;
	case WAIT_EMAIL:
		wait->snapshot = whole_with_email_locked(roster, wait->id);
		wait->error = wait->snapshot ? 0 : -ENOMEM;
		break;
	}
}

/*
 * The vendor could not find an email: only a whole roster can tell. One that is under way gets who
 * waits for FLIGHT, which has ended then, else FLIGHT is to fetch it.
 */
static bool hand_over_locked(struct flight *flight)
{
	const struct wait all = {.kind = WAIT_WHOLE};
	struct flight *other = flight_for_locked(flight->roster, &all);
	struct wait *wait;

	if (!other) {
		flight->kind = WAIT_WHOLE;
		return false;
	}
	DL_FOREACH(flight->waits, wait)
		wait->flight = other;
	DL_CONCAT(other->waits, flight->waits);
	DL_DELETE(flight->roster->flights, flight);
	flight->dropped = true;
	return true;
}

static bool hand_over(struct flight *flight)
{
	bool over;

	pthread_mutex_lock(&flight->roster->lock);
	over = flight->dropped || hand_over_locked(flight);
	pthread_mutex_unlock(&flight->roster->lock);
	return over;
}

/* FLIGHT's GET of a record failed so that the list has to tell what that means. */
static int read_list(struct flight *flight)
{
	int error = hand_over(flight) ? -EINTR : fetch_whole(flight);

	if (!error)
		absence_note_list(flight);
	return error;
}

/*
 * FLIGHT has brought the whole list, and WAIT is still not answered (absence.c tells why): then it
 * waits for another flight, which asks by id. False: no memory, or that is not so.
 */
static bool ask_on_locked(struct flight *flight, struct wait *wait)
{
	struct flight *other = NULL, *next;

	if (flight->kind != WAIT_WHOLE || !absence_asks_on_locked(flight->roster, wait))
		return false;
	DL_FOREACH(flight->roster->flights, next) {
		if (next->kind == wait->kind && next->listed && strcmp(next->id, wait->id) == 0)
			other = next;
	}
	if (!other && !(other = start_locked(flight->roster, wait, true)))
		return false;
	DL_DELETE(flight->waits, wait);
	wait->flight = other;
	DL_APPEND(other->waits, wait);
	if (wait->brief)
		overdue_wait_locked(other);
	return true;
}

/* Does anybody wait for an email? */
static bool is_for_email(struct flight *flight)
{
	const struct wait *wait;

	pthread_mutex_lock(&flight->roster->lock);
	DL_SEARCH_SCALAR(flight->waits, wait, kind, WAIT_EMAIL);
	pthread_mutex_unlock(&flight->roster->lock);
	return wait;
}

static int fly(struct flight *flight)
{
	int error;

	switch (flight->kind) {
	case WAIT_WHOLE:
		return fetch_whole(flight);
	case WAIT_RECORD:
		error = fetch_record(flight);
		return error == -EAGAIN ? read_list(flight) : error;
	case WAIT_SELF:
		return fetch_self(flight);
	case WAIT_EMAIL: /* the whole roster is what is fetched for it */
		break;
	}
	return flight->listed ? fetch_email(flight) : -EINVAL;
}

static void flight_run(void *arg)
{
	struct flight *flight = arg;
	struct roster *roster = flight->roster;
	struct wait *waits = NULL, *wait, *next;
	struct whole whole = {0};
	int error = fly(flight);

	if (error && error != -ENODATA && error != -ENOENT && error != -EINTR)
		figures_note_error(roster, &flight->call, error);
	if (!error && is_for_email(flight))
		whole_index_emails(roster);

	pthread_mutex_lock(&roster->lock);
	if (flight->kind == WAIT_WHOLE && error != -EINTR)
		roster->unlisted = error ? clock_seconds() : 0;
	if ((flight->kind == WAIT_WHOLE || flight->kind == WAIT_EMAIL) && error != -EINTR)
		overdue_note_locked(flight, error);
	if (!flight->dropped) {
		DL_DELETE(roster->flights, flight);
		DL_FOREACH_SAFE(flight->waits, wait, next) {
			if (!error && ask_on_locked(flight, wait))
				continue;
			wait->flight = NULL;
			settle_locked(flight, wait, &whole, error);
		}
		waits = flight->waits;
	}
	pthread_mutex_unlock(&roster->lock);
	show(roster, &whole, waits);
	for (wait = waits; wait; wait = next) {
		next = wait->next; /* done may free the wait */
		wait->done(wait);
	}
	flight_free(flight);
}
