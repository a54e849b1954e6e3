/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overdue.c - see overdue.h.
 *
 * A caller that asks for one person across all vendors (wait->brief) waits for a whole roster no
 * longer than BRIEF_SECONDS after its fetch began, and the same for those that had the email and
 * are asked for by id. The fetch continues: its result is there for the next question. A fetch that
 * failed is remembered, so that such a caller need not ask again at each step. This file fetches
 * nothing.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/overdue.h"

#include "cache/roster/failure.h"
#include "cache/roster/illegible.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_email.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/wait.h"
#include "vendors/base/clock.h"
#include "vendors/base/pool.h"

#include <errno.h>
#include <string.h>
#include <utlist.h>

#define BRIEF_SECONDS 5.0

/* The most emails whose failures are remembered: if there are more, the first are forgotten. */
#define FAILURES_MAX 256

/* ---- what has failed ---- */

/* Remove FAILURE (NULL: no-op) from ROSTER and free it. */
static void overdue_forget_locked(struct roster *roster, struct failure *failure)
{
	if (!failure)
		return;
	if (failure == roster->overdue.whole)
		roster->overdue.whole = NULL;
	else
		HASH_DEL(roster->overdue.emails, failure); /* NOLINT(clang-analyzer-unix.Malloc) */
	failure_free(failure);
}

void overdue_free_locked(struct roster *roster)
{
	struct failure *failure, *next;

	overdue_forget_locked(roster, roster->overdue.whole);
	HASH_ITER(hh, roster->overdue.emails, failure, next)
		overdue_forget_locked(roster, failure);
}

/* Return the failure of EMAIL (NULL: of the whole roster), or NULL. */
static struct failure *overdue_find_locked(const struct roster *roster, const char *email)
{
	struct failure *failure;

	if (!email)
		return roster->overdue.whole;
	HASH_FIND_STR(roster->overdue.emails, email, failure);
	return failure;
}

void overdue_note_locked(struct flight *flight, int error)
{
	struct roster *roster = flight->roster;
	const char *email = flight->kind == WAIT_EMAIL ? flight->id : NULL;
	struct failure *failure = NULL;

	overdue_forget_locked(roster, overdue_find_locked(roster, email));
	if (error)
		failure = failure_new(email ? email : "", flight->began, &flight->call, error);
	if (!failure)
		return;
	if (!email) {
		roster->overdue.whole = failure;
		return;
	}
	/* the first in the table is the oldest */
	if (HASH_COUNT(roster->overdue.emails) >= FAILURES_MAX)
		overdue_forget_locked(roster, roster->overdue.emails);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	HASH_ADD_STR(roster->overdue.emails, email, failure);
	if (!failure->hh.tbl)
		failure_free(failure);
}

/* ---- what takes too long ---- */

/* Return the seconds that a brief wait may still wait for FLIGHT. */
static double seconds_left(const struct flight *flight)
{
	return flight->began + BRIEF_SECONDS - clock_seconds();
}

static int fail_overdue(const struct flight *flight, struct call *call)
{
	if (flight->progress.rows)
		return call_fail(
		    call, CALL_TIMED_OUT,
		    "the list is incomplete after %.0f s (%zu records so far); the fetch "
		    "continues",
		    BRIEF_SECONDS, flight->progress.rows);
	return call_fail(call, CALL_TIMED_OUT, "no response after %.0f s; the fetch continues",
			 BRIEF_SECONDS);
}

int overdue_error_locked(const struct roster *roster, const char *email, struct call *call)
{
	const struct flight *flight;

	DL_FOREACH(roster->flights, flight) {
		bool meant = email ? flight->kind == WAIT_EMAIL && strcmp(flight->id, email) == 0
				   : flight->kind == WAIT_WHOLE;

		if (meant && flight->began >= roster->known.refreshed)
			return seconds_left(flight) > 0 ? 0 : fail_overdue(flight, call);
	}
	return 0;
}

/*
 * Return how the fetch for EMAIL failed less than FAILED_FOR seconds ago, if no caller has wanted a
 * new one since, or that the fetch under way takes too long; or 0.
 */
static int unreadable_locked(const struct roster *roster, const char *email, double failed_for,
			     struct call *call)
{
	const struct failure *failure = overdue_find_locked(roster, email);

	if (!failure_holds(failure, roster->known.refreshed, failed_for))
		return overdue_error_locked(roster, email, call);
	call_copy_error(call, &failure->call);
	return failure->error;
}

int overdue_unreadable(struct roster *roster, const char *email, double failed_for,
		       struct call *call)
{
	int error = 0;

	pthread_mutex_lock(&roster->lock);
	if (!known_whole_fresh_locked(roster) && known_grace_locked(roster) <= 0)
		error = unreadable_locked(roster, NULL, failed_for, call);
	if (!error && email && roster_email_due_locked(roster, email))
		error = unreadable_locked(roster, email, failed_for, call);
	error = error ? error : illegible_error_locked(roster, failed_for, call);
	pthread_mutex_unlock(&roster->lock);
	return error;
}

/*
 * Move FLIGHT's brief waits to *DUE if it has taken too long. Otherwise set *NEXT, the seconds
 * until the next look, to no more than what is left.
 */
static void take_due_locked(struct flight *flight, struct wait **due, double *next)
{
	double seconds = seconds_left(flight);
	struct wait *wait, *following;

	DL_FOREACH_SAFE(flight->waits, wait, following) {
		if (!wait->brief)
			continue;
		if (seconds > 0) {
			*next = *next > 0 && *next < seconds ? *next : seconds;
			return;
		}
		DL_DELETE(flight->waits, wait);
		wait->flight = NULL;
		wait->error = fail_overdue(flight, wait->call);
		DL_APPEND(*due, wait);
	}
}

static void watch_locked(struct roster *roster, double seconds);

/* Tell the brief waits of flights that have taken too long. Runs on the pool. */
static void overdue_look(void *arg, bool ending)
{
	struct roster *roster = arg;
	struct wait *due = NULL, *wait, *following;
	struct flight *flight;
	double next = 0;

	if (ending)
		return;
	pthread_mutex_lock(&roster->lock);
	roster->overdue.watching = false;
	DL_FOREACH(roster->flights, flight)
		take_due_locked(flight, &due, &next);
	if (next > 0)
		watch_locked(roster, next);
	pthread_mutex_unlock(&roster->lock);
	for (wait = due; wait; wait = following) {
		following = wait->next; /* done may free the wait */
		wait->done(wait);
	}
}

/* Look in SECONDS, unless a look is scheduled already. */
static void watch_locked(struct roster *roster, double seconds)
{
	/* if that fails, brief waits last as long as the fetch */
	if (!roster->overdue.watching)
		roster->overdue.watching = !pool_after(roster->pool, seconds, overdue_look, roster);
}

void overdue_wait_locked(const struct flight *flight)
{
	double seconds = seconds_left(flight);

	watch_locked(flight->roster, seconds > 0 ? seconds : 0);
}
