/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures.c - see figures.h.
 *
 * It changes nothing that readers of records see.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/figures.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_state.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/error_name.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Return true if VERDICT says that the vendor does not work, rather than that it refuses this
 * request. */
static bool is_outage(enum call_verdict verdict)
{
	switch (verdict) {
	case CALL_TIMED_OUT:
	case CALL_NO_CONNECTION:
	case CALL_NO_ROUTE:
	case CALL_PROTOCOL:
	case CALL_NO_DESCRIPTOR:
	case CALL_LOST:
	case CALL_BAD_KEYS:
	case CALL_LIMITED:
	case CALL_FAILED:
	case CALL_TOKEN_REFUSED:
	case CALL_NO_TOKEN:
		return true;
	default:
		return false;
	}
}

static void note_error_locked(struct roster *roster, const struct call *call, int error,
			      enum figures_question question)
{
	struct figures_error *last = &roster->figures.last;

	/* that is not the vendor's error, and the store says how it is */
	if (call->verdict == CALL_NO_LOCK)
		return;
	snprintf(last->words, sizeof(last->words), "%s: %s (%s)",
		 call->request[0] ? call->request : call->path, call->words, error_name(-error));
	last->when = time(NULL);
	last->failed = clock_seconds();
	last->question = question;
	last->outage = is_outage(call->verdict);
}

/* Note that QUESTION got its answer. A list has the records, too. */
static void note_success_locked(struct roster *roster, enum figures_question question)
{
	struct figures_error *last = &roster->figures.last;

	roster->figures.worked = clock_seconds();
	if (last->outage || last->question == question ||
	    (question == FIGURES_LIST && last->question == FIGURES_READ))
		last->words[0] = '\0';
}

void figures_note_error(struct roster *roster, const struct call *call, int error)
{
	pthread_mutex_lock(&roster->lock);
	note_error_locked(roster, call, error, FIGURES_WRITE);
	pthread_mutex_unlock(&roster->lock);
}

void figures_note_write(struct roster *roster)
{
	pthread_mutex_lock(&roster->lock);
	note_success_locked(roster, FIGURES_WRITE);
	pthread_mutex_unlock(&roster->lock);
}

void figures_note_fetch(struct flight *flight, bool list, int error)
{
	struct roster *roster = flight->roster;
	/* there is no such record, or the vendor does not tell: that is an answer */
	bool answered = !error || error == -ENODATA || error == -ENOENT;
	enum figures_question question = list ? FIGURES_LIST : FIGURES_READ;

	if (error == -EINTR)
		return;
	pthread_mutex_lock(&roster->lock);
	if (answered)
		note_success_locked(roster, question);
	else
		note_error_locked(roster, &flight->call, error, question);
	if (list) {
		roster->figures.failing = !answered;
		roster->figures.fetch_failures += !answered;
	}
	pthread_mutex_unlock(&roster->lock);
	if (list && roster->events.fetched)
		roster->events.fetched(roster->events.arg);
}

/* Return how many SNAPSHOT (or NULL) lists; of statuses, those that a list shows. */
static size_t count_listed(const struct roster *roster, const struct snapshot *snapshot)
{
	const char *absent = roster->collection->absent_status;
	size_t count = 0;

	if (!snapshot || !absent)
		return snapshot ? snapshot->count : 0;
	for (size_t i = 0; i < snapshot->count; i++)
		count += strcmp(record_status(snapshot->records[i]), absent) != 0;
	return count;
}

void figures_compare(struct flight *flight, const struct snapshot *old, const struct snapshot *new)
{
	struct roster *roster = flight->roster;
	const struct vendor *vendor = roster->account->vendor;
	const char *name = roster->collection->name;
	size_t before = count_listed(roster, old), now = count_listed(roster, new);
	/* the user that the key belongs to is in the list, too */
	bool nobody = !now && (!old || roster->figures.nobody) && vendor->self &&
		      roster->collection == vendor->users;
	bool suspicious, same;

	/* links are added and removed one by one, so their number tells nothing */
	if (roster->collection->link)
		return;
	pthread_mutex_lock(&roster->lock);
	if (roster->figures.shrunk > before)
		before = roster->figures.shrunk;
	suspicious = now < before && (now * 2 < before);
	same = suspicious == (roster->figures.shrunk > 0) && nobody == roster->figures.nobody &&
	       (!suspicious || now >= roster->figures.shrunk_to);
	roster->figures.shrunk = suspicious ? before : 0;
	roster->figures.shrunk_to = now;
	roster->figures.nobody = nobody;
	pthread_mutex_unlock(&roster->lock);
	if (same)
		return;
	if (nobody)
		log_call(
		    &flight->call,
		    "warning: the list of %s is empty and lacks even the user that the key belongs "
		    "to: the key may lack the right to list",
		    name);
	else if (suspicious)
		log_call(
		    &flight->call,
		    "warning: the list of %s has %zu now, and had %zu before: the key may have "
		    "lost its rights",
		    name, now, before);
	else
		log_call(&flight->call, "the list of %s has %zu again", name, now);
}

void figures_count_fetch_locked(struct roster *roster)
{
	roster->figures.fetches++;
}

void figures_forget_shrunk_locked(struct roster *roster)
{
	roster->figures.shrunk = 0;
}

void figures_get(struct roster *roster, struct figures *info)
{
	struct flight *flight;

	memset(info, 0, sizeof(*info));
	pthread_mutex_lock(&roster->lock);
	flight = known_fetching_locked(roster);
	if (roster->known.snapshot) {
		info->known = true;
		for (size_t kind = 0; kind < RECORD_KINDS; kind++) {
			info->kinds[kind] = roster->known.kinds[kind];
			info->users += info->kinds[kind];
		}
		info->age = clock_seconds() - roster->known.since;
		info->fetched = roster->known.snapshot->fetched;
	}
	if (flight) {
		info->fetching = true;
		info->progress = flight->progress;
		info->progress.what = NULL;
	}
	info->rest = roster->absent ? (enum record_kind)roster->absent->status : RECORD_UNKNOWN;
	info->fetches = roster->figures.fetches;
	info->fetch_failures = roster->figures.fetch_failures;
	info->failing = roster->figures.failing;
	info->reappeared = roster->inactive.reappeared;
	info->shrunk = roster->figures.shrunk;
	info->nobody = roster->figures.nobody;
	info->worked = roster->figures.worked;
	info->last = roster->figures.last;
	pthread_mutex_unlock(&roster->lock);
}
