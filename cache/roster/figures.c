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
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <string.h>

void figures_note_error(struct roster *roster, const struct call *call, int error)
{
	struct tm local;
	time_t now = time(NULL);
	char when[32];

	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%H:%M:%S", &local);
	pthread_mutex_lock(&roster->lock);
	snprintf(roster->figures.last_error, sizeof(roster->figures.last_error), "%s %s: %s (%s)",
		 when, call->request[0] ? call->request : call->path, call->words,
		 strerrorname_np(-error));
	roster->figures.failed = clock_seconds();
	pthread_mutex_unlock(&roster->lock);
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
		info->users = roster->known.snapshot->count;
		info->age = clock_seconds() - roster->known.since;
		info->fetched = roster->known.snapshot->fetched;
	}
	if (flight) {
		info->fetching = true;
		info->pages = flight->pages;
		info->rows = flight->rows;
	}
	info->fetches = roster->figures.fetches;
	info->reappeared = roster->inactive.reappeared;
	info->shrunk = roster->figures.shrunk;
	info->nobody = roster->figures.nobody;
	memcpy(info->last_error, roster->figures.last_error, sizeof(info->last_error));
	info->failed = roster->figures.failed;
	pthread_mutex_unlock(&roster->lock);
}
