/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight.c - see flight.h.
 *
 * A flight runs on a thread of the pool and blocks there; a waiter is only a struct in its list.
 * This file decides when to fetch one record and when all. It does not know how pages are walked,
 * nor what waits.
 *
 * States of a flight, and what changes them:
 *
 *	LISTED    in roster->flights; its thread runs, or is queued in the pool
 *	  a question it will answer comes  -> LISTED, with one more wait
 *	  the last wait leaves             -> DROPPED, and its call is cancelled
 *	  the last wait is overdue         -> LISTED, without waits
 *	  the roster is stopped            -> LISTED, and its call is cancelled
 *	  the GET of its record fails so that only a list can tell:
 *	    a whole fetch is under way     -> DROPPED; its waits go to that flight
 *	    otherwise                      -> LISTED, as a whole fetch
 *	  it ends                          -> its waits are answered, or go to a flight that asks by
 *	                                      id for what the list lacks; freed
 *	DROPPED   not in the list, without waits
 *	  it ends                          -> freed
 *
 * A flight is freed by its own thread only.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/flight.h"

#include "cache/record/snapshot.h"
#include "cache/roster/absence.h"
#include "cache/roster/answer.h"
#include "cache/roster/fetch.h"
#include "cache/roster/fetch_record.h"
#include "cache/roster/figures.h"
#include "cache/roster/gets.h"
#include "cache/roster/known.h"
#include "cache/roster/overdue.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/wait.h"
#include "cache/roster/whole.h"
#include "vendors/base/checked.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/base/pool.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* ---- invariants ---- */

/* Return true if a flight of KIND fetches one record. */
static bool flight_is_for_one(enum wait_kind kind)
{
	return kind == WAIT_RECORD || kind == WAIT_DETAIL;
}

/* Return true if FLIGHT will answer WAIT. */
static bool flight_serves(const struct flight *flight, const struct wait *wait)
{
	if (flight->kind == WAIT_WHOLE)
		return wait->kind != WAIT_SELF && wait->kind != WAIT_DETAIL;
	return flight->kind == wait->kind && (!flight->id || strcmp(flight->id, wait->id) == 0);
}

/* Return true if A and B fetch the same. The fetches for one email may overlap. */
static bool is_twin(const struct flight *a, const struct flight *b)
{
	if (a->kind != b->kind || a->kind == WAIT_EMAIL)
		return false;
	return !flight_is_for_one(a->kind) || (a->listed == b->listed && strcmp(a->id, b->id) == 0);
}

/* Assert what holds between two changes. See checked.h. */
static void flight_check_locked(const struct roster *roster)
{
	const struct flight *flight, *other;
	const struct wait *wait;

	DL_FOREACH(roster->flights, flight) {
		assert(flight->roster == roster && !flight->dropped);
		assert(flight->id || flight->kind == WAIT_WHOLE || flight->kind == WAIT_SELF);
		DL_FOREACH(flight->waits, wait)
			assert(wait->flight == flight && flight_serves(flight, wait));
		/* at most one of a kind, except those that began before a refresh */
		DL_FOREACH(roster->flights, other)
			assert(other == flight || flight->began < roster->known.refreshed ||
			       other->began < roster->known.refreshed || !is_twin(flight, other));
	}
}

/* ---- starting ---- */

/*
 * Return true if another record was fetched alone since the roster became stale: the next one then
 * fetches the whole roster.
 */
static bool fetched_alone_locked(const struct roster *roster)
{
	const struct overlay *entry;
	const struct flight *flight;

	DL_FOREACH(roster->flights, flight) {
		if (flight->kind == WAIT_RECORD)
			return true;
	}
	for (entry = roster->known.overlay; entry; entry = entry->hh.next) {
		if (entry->alone && entry->record &&
		    known_limited_locked(roster, entry->began, entry->since, entry->ends) > 0)
			return true;
	}
	return false;
}

/* Return the flight under way that will answer WAIT, or NULL. */
static struct flight *flight_for_locked(struct roster *roster, const struct wait *wait)
{
	struct flight *flight, *other = NULL;

	DL_FOREACH(roster->flights, flight) {
		/* one that began before roster_refresh may bring what was known before */
		if (flight->began < roster->known.refreshed)
			continue;
		if (flight->kind == wait->kind &&
		    (!flight->id || (wait->id && strcmp(flight->id, wait->id) == 0)))
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

/* Return true if the whole roster must be fetched for a question of KIND. */
static bool needs_whole_locked(const struct roster *roster, enum wait_kind kind)
{
	const struct collection *collection = roster->collection;

	if (kind != WAIT_RECORD)
		return kind != WAIT_SELF && kind != WAIT_DETAIL;
	/* what a fresh list lacks is asked for by id */
	if (gets_asks_id(roster) && known_whole_fresh_locked(roster))
		return false;
	if (collection->listed_only)
		return true;
	if (kind == WAIT_RECORD && gets_asks_id(roster) &&
	    atomic_load(&roster->gets.state) == GETS_NONE)
		return true;
	/* if the list cannot be read, each record is asked for by id */
	if (roster->unlisted > 0 &&
	    known_left_locked(roster, roster->unlisted, roster->unlisted) > 0)
		return false;
	return !collection->single && fetched_alone_locked(roster);
}

/*
 * Start the flight for WAIT. LISTED: a whole list was just read, and does not answer WAIT. NULL: no
 * memory or no thread.
 */
static struct flight *flight_start_locked(struct roster *roster, const struct wait *wait,
					  bool listed)
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
	if (flight_is_for_one(flight->kind) || flight->kind == WAIT_EMAIL)
		flight->asked = flight->id = strdup(wait->id);
	name = flight->kind == WAIT_SELF ? "self" : flight->id ? flight->id : "";
	snprintf(path, sizeof(path), "%s%s%s%s", roster->account->name, *name ? "/" : "",
		 flight->kind == WAIT_EMAIL ? "by-email/" : "", name);
	call_init(&flight->call, path);
	flight->began = clock_seconds();
	flight->generation = roster->known.generation;
	if (((flight_is_for_one(flight->kind) || flight->kind == WAIT_EMAIL) && !flight->id) ||
	    pool_run_awaited(roster->pool, flight_run, flight)) {
		flight_free(flight);
		return NULL;
	}
	DL_APPEND(roster->flights, flight);
	CHECKED(flight_check_locked(roster));
	return flight;
}

/* Add WAIT to a flight. Return false if that failed; its error is set then. */
static bool flight_wait_locked(struct roster *roster, struct wait *wait)
{
	struct flight *flight;

	wait->error = wait->brief ? overdue_error_locked(roster, NULL, wait->call) : 0;
	if (!wait->error && wait->brief && wait->kind == WAIT_EMAIL)
		wait->error = overdue_error_locked(roster, wait->id, wait->call);
	if (wait->error)
		return false;
	flight = flight_for_locked(roster, wait);
	if (!flight)
		flight = flight_start_locked(roster, wait, false);
	if (!flight) {
		wait->error = call_fail(wait->call, CALL_NO_MEMORY,
					"no memory or no thread for a fetch");
		return false;
	}
	/* a question about a change waits longer for a connection (call.h) */
	if (atomic_load(&wait->call->reached))
		atomic_store(&flight->call.reached, true);
	wait->flight = flight;
	DL_APPEND(flight->waits, wait);
	if (wait->brief)
		overdue_wait_locked(flight);
	CHECKED(flight_check_locked(roster));
	return true;
}

/* ---- asking ---- */

/* Answer WAIT from what is stale but in grace, and start a whole fetch without waits. */
static bool answer_in_grace_locked(struct roster *roster, struct wait *wait, struct whole *whole)
{
	const struct wait all = {.kind = WAIT_WHOLE};

	if (!answer_old_locked(roster, wait, whole))
		return false;
	/* if it does not start, the next question tries again */
	if (!known_fetching_locked(roster))
		flight_start_locked(roster, &all, false);
	return true;
}

/* Set what is the roster's own in WAIT, which asks now. */
static void begin_wait(struct wait *wait)
{
	wait->flight = NULL;
	wait->next = NULL;
	wait->snapshot = NULL;
	wait->record = NULL;
	wait->self = NULL;
}

void flight_ask(struct roster *roster, struct wait *wait)
{
	struct whole whole = {0};

	if (wait->kind == WAIT_EMAIL)
		whole_index_emails(roster);
	pthread_mutex_lock(&roster->lock);
	begin_wait(wait);
	/* a request that was cancelled before this has called flight_leave already, in vain */
	if (roster->stopped || call_cancelled(wait->call)) {
		wait->error = call_interrupted(wait->call);
	} else if (!answer_locked(roster, wait, &whole) &&
		   !answer_in_grace_locked(roster, wait, &whole) &&
		   flight_wait_locked(roster, wait)) {
		pthread_mutex_unlock(&roster->lock);
		return;
	}
	pthread_mutex_unlock(&roster->lock);
	answer_show(roster, &whole, wait);
	wait->done(wait);
}

void flight_renew(struct roster *roster, struct wait *wait)
{
	const struct wait all = {.kind = WAIT_WHOLE};
	double since = wait && wait->since > 0 ? wait->since : clock_seconds();
	struct flight *flight = NULL;
	bool waits = false;

	pthread_mutex_lock(&roster->lock);
	if (wait)
		begin_wait(wait);
	if (roster->stopped || (wait && call_cancelled(wait->call))) {
		if (wait)
			wait->error = call_interrupted(wait->call);
	} else if (wait) {
		waits = flight_wait_locked(roster, wait);
		flight = wait->flight;
	} else if (!(flight = flight_for_locked(roster, &all))) {
		flight = flight_start_locked(roster, &all, false);
	}
	if (flight && flight->since < since)
		flight->since = since;
	pthread_mutex_unlock(&roster->lock);
	if (wait && !waits)
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
			/* with the lock, because without it the flight's thread may free the
			 * flight */
			call_cancel(&flight->call);
		}
	}
	CHECKED(flight_check_locked(roster));
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

/* ---- on the flight's thread ---- */

/*
 * Make FLIGHT fetch the whole roster, because only that can tell. If such a fetch is under way,
 * give it FLIGHT's waits and return true: FLIGHT is dropped.
 */
static bool hand_over_locked(struct flight *flight)
{
	const struct wait all = {.kind = WAIT_WHOLE};
	struct flight *other = flight_for_locked(flight->roster, &all);
	struct wait *wait;

	if (!other) {
		flight->kind = WAIT_WHOLE;
		flight->since = flight->began;
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
	CHECKED(flight_check_locked(flight->roster));
	pthread_mutex_unlock(&flight->roster->lock);
	return over;
}

/* Read the list, which must tell what it means that FLIGHT's GET of a record failed. */
static int read_list(struct flight *flight)
{
	int error = hand_over(flight) ? -EINTR : fetch_whole(flight);

	if (!error)
		absence_note_list(flight);
	return error;
}

/*
 * Move WAIT, which the whole list that FLIGHT has brought does not answer (absence.c tells why), to
 * a flight that asks by id. Return false if there is no memory, or if the list does answer it.
 */
static bool ask_on_locked(struct flight *flight, struct wait *wait)
{
	struct roster *roster = flight->roster;
	struct flight *other = NULL, *next;
	bool listed;

	if (flight->kind != WAIT_WHOLE || !absence_asks_on_locked(flight, wait))
		return false;
	/* the list may have its row, although that is not JSON */
	listed = wait->kind == WAIT_EMAIL || !snapshot_find(roster->known.snapshot, wait->id);
	DL_FOREACH(flight->roster->flights, next) {
		if (next->kind == wait->kind && next->listed == listed &&
		    strcmp(next->id, wait->id) == 0)
			other = next;
	}
	if (!other && !(other = flight_start_locked(roster, wait, listed)))
		return false;
	DL_DELETE(flight->waits, wait);
	wait->flight = other;
	DL_APPEND(other->waits, wait);
	if (wait->brief)
		overdue_wait_locked(other);
	return true;
}

/* Return true if some wait of FLIGHT is for an email. */
static bool is_for_email(struct flight *flight)
{
	const struct wait *wait;

	pthread_mutex_lock(&flight->roster->lock);
	DL_SEARCH_SCALAR(flight->waits, wait, kind, WAIT_EMAIL);
	pthread_mutex_unlock(&flight->roster->lock);
	return wait;
}

/* Fetch what FLIGHT is for. Return 0 or a negative errno with a message in its call. */
static int fly(struct flight *flight)
{
	int error;

	switch (flight->kind) {
	case WAIT_WHOLE:
		return fetch_whole(flight);
	case WAIT_RECORD:
		error = fetch_record(flight);
		return error == -EAGAIN ? read_list(flight) : error;
	case WAIT_DETAIL:
		return fetch_detail(flight);
	case WAIT_SELF:
		return fetch_self(flight);
	case WAIT_EMAIL: /* the whole roster is what is fetched for it */
		break;
	}
	return flight->listed ? fetch_email(flight) : -EINVAL;
}

/* Take FLIGHT, which has ended with ERROR, out of the list. Return its waits, answered. */
static struct wait *end_locked(struct flight *flight, struct whole *whole, int error)
{
	struct roster *roster = flight->roster;
	struct wait *wait, *next;

	if (flight->kind == WAIT_WHOLE && error != -EINTR)
		roster->unlisted = error ? clock_seconds() : 0;
	if ((flight->kind == WAIT_WHOLE || flight->kind == WAIT_EMAIL) && error != -EINTR)
		overdue_note_locked(flight, error);
	if (flight->dropped)
		return NULL;
	DL_DELETE(roster->flights, flight);
	DL_FOREACH_SAFE(flight->waits, wait, next) {
		if (!error && ask_on_locked(flight, wait))
			continue;
		wait->flight = NULL;
		answer_settle_locked(flight, wait, whole, error);
	}
	CHECKED(flight_check_locked(roster));
	return flight->waits;
}

static void flight_run(void *arg)
{
	struct flight *flight = arg;
	struct roster *roster = flight->roster;
	struct wait *waits, *wait, *next;
	struct whole whole = {0};
	int error;

	fetch_meet(flight);
	error = fly(flight);

	figures_note_fetch(flight, flight->kind == WAIT_WHOLE, error);
	if (!error && is_for_email(flight))
		whole_index_emails(roster);

	pthread_mutex_lock(&roster->lock);
	waits = end_locked(flight, &whole, error);
	pthread_mutex_unlock(&roster->lock);
	answer_show(roster, &whole, waits);
	for (wait = waits; wait; wait = next) {
		next = wait->next; /* done may free the wait */
		wait->done(wait);
	}
	flight_free(flight);
}
