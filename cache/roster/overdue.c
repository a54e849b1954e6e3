/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overdue.c - for whom a roster counts as unreadable: a part of roster.h.
 *
 * Who asks for one person across all vendors (wait->brief) waits for a whole roster no longer than
 * BRIEF_SECONDS after its fetch began, and so for those who had the email and are asked for by id.
 * The fetch goes on: what it brings is there for the next question. A fetch that failed is
 * remembered, so that such an asker need not ask again at each step. It fetches nothing itself.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/overdue.h"

#include "cache/roster/illegible.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_email.h"
#include "cache/roster/wait.h"
#include "cache/roster/roster_state.h"

#include "vendors/base/pool.h"
#include "vendors/base/clock.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define BRIEF_SECONDS 5.0

/* The failures of so many emails are remembered: of more, the first are forgotten. */
#define FAILURES_MAX 256

/* ---- what has failed ---- */

/* Take FAILURE (NULL is fine) out of where it stands, and free it. */
static void forget_locked(struct roster *roster, struct failure *failure)
{
	if (!failure)
		return;
	if (failure == roster->failure)
		roster->failure = NULL;
	else
		HASH_DEL(roster->failures, failure); /* NOLINT(clang-analyzer-unix.Malloc) */
	call_destroy(&failure->call);
	free(failure);
}

void overdue_free_locked(struct roster *roster)
{
	struct failure *failure, *next;

	forget_locked(roster, roster->failure);
	HASH_ITER(hh, roster->failures, failure, next)
		forget_locked(roster, failure);
}

/* The failure of EMAIL (NULL: of the whole roster), or NULL. */
static struct failure *find_locked(const struct roster *roster, const char *email)
{
	struct failure *failure;

	if (!email)
		return roster->failure;
	HASH_FIND_STR(roster->failures, email, failure);
	return failure;
}

void overdue_note_locked(struct flight *flight, int error)
{
	struct roster *roster = flight->roster;
	const char *email = flight->kind == WAIT_EMAIL ? flight->id : NULL;
	size_t length = email ? strlen(email) : 0;
	struct failure *failure;

	forget_locked(roster, find_locked(roster, email));
	failure = error ? calloc(1, sizeof(*failure) + length + 1) : NULL;
	if (!failure)
		return;
	call_init(&failure->call, "");
	call_copy_error(&failure->call, &flight->call);
	/* a list that is not there is no file that is not there */
	failure->error = error == -ENOENT ? -EREMOTEIO : error;
	failure->began = flight->began;
	failure->since = clock_seconds();
	if (!email) {
		roster->failure = failure;
		return;
	}
	memcpy(failure->email, email, length);
	/* the first in the table is the oldest */
	if (HASH_COUNT(roster->failures) >= FAILURES_MAX)
		forget_locked(roster, roster->failures);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	HASH_ADD_STR(roster->failures, email, failure);
}

/* ---- what takes too long ---- */

static double left(const struct flight *flight)
{
	return flight->began + BRIEF_SECONDS - clock_seconds();
}

static int fail_overdue(const struct flight *flight, struct call *call)
{
	if (flight->rows)
		return call_fail(call, ETIMEDOUT,
				 "the list is not complete after %.0f s (%zu so far), and is still "
				 "being fetched",
				 BRIEF_SECONDS, flight->rows);
	return call_fail(call, ETIMEDOUT, "no answer after %.0f s, it is still being waited for",
			 BRIEF_SECONDS);
}

int overdue_error_locked(const struct roster *roster, const char *email, struct call *call)
{
	const struct flight *flight;

	DL_FOREACH(roster->flights, flight) {
		bool meant = email ? flight->kind == WAIT_EMAIL && strcmp(flight->id, email) == 0
				   : flight->kind == WAIT_WHOLE;

		if (meant && flight->began >= roster->refreshed)
			return left(flight) > 0 ? 0 : fail_overdue(flight, call);
	}
	return 0;
}

/* What failed less than FAILED_FOR seconds ago, and has not been asked for anew; or what takes too
 * long. */
static int unreadable_locked(const struct roster *roster, const char *email, double failed_for,
			     struct call *call)
{
	const struct failure *failure = find_locked(roster, email);

	if (!failure || failure->began < roster->refreshed ||
	    clock_seconds() - failure->since >= failed_for)
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

/* Move FLIGHT's brief waits to *DUE, if it has taken too long; else *NEXT is no later than that. */
static void take_due_locked(struct flight *flight, struct wait **due, double *next)
{
	double seconds = left(flight);
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

static void look(void *arg, bool ending)
{
	struct roster *roster = arg;
	struct wait *due = NULL, *wait, *following;
	struct flight *flight;
	double next = 0;

	if (ending)
		return;
	pthread_mutex_lock(&roster->lock);
	roster->watching = false;
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

static void watch_locked(struct roster *roster, double seconds)
{
	/* without it, they wait as long as the fetch takes */
	if (!roster->watching)
		roster->watching = !pool_after(roster->pool, seconds, look, roster);
}

void overdue_wait_locked(const struct flight *flight)
{
	double seconds = left(flight);

	watch_locked(flight->roster, seconds > 0 ? seconds : 0);
}
