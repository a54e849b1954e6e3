/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures.c - what .rosterfs/status and metrics show of a roster: its size, age and last error.
 *
 * A part of a roster, under its lock. It changes nothing that readers of records see.
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
#include "vendors/vendor.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void figures_note_error(struct roster *roster, const struct call *call, int error)
{
	struct tm local;
	time_t now = time(NULL);
	char when[32];

	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%H:%M:%S", &local);
	pthread_mutex_lock(&roster->lock);
	snprintf(roster->last_error, sizeof(roster->last_error), "%s %s: %s (%s)", when,
		 call->request[0] ? call->request : call->path, call->words,
		 strerrorname_np(-error));
	roster->failed = clock_seconds();
	pthread_mutex_unlock(&roster->lock);
}

/* How many SNAPSHOT (or NULL) lists; of statuses those that a list shows. */
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
	/* whose key it is stands in the list as well */
	bool nobody = !now && (!old || roster->nobody) && vendor->self &&
		      roster->collection == vendor->users;
	bool suspicious, same;

	/* links come and go by ones */
	if (roster->collection->link)
		return;
	pthread_mutex_lock(&roster->lock);
	if (roster->shrunk > before)
		before = roster->shrunk;
	suspicious = now < before && (now * 2 < before);
	same = suspicious == (roster->shrunk > 0) && nobody == roster->nobody &&
	       (!suspicious || now >= roster->shrunk_to);
	roster->shrunk = suspicious ? before : 0;
	roster->shrunk_to = now;
	roster->nobody = nobody;
	pthread_mutex_unlock(&roster->lock);
	if (same)
		return;
	if (nobody)
		log_call(
		    &flight->call,
		    "warning: the list of %s is empty, and does not even have the user that the "
		    "key belongs to: the key may not have the right to list",
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

void figures_get(struct roster *roster, struct figures *info)
{
	struct flight *flight;

	memset(info, 0, sizeof(*info));
	pthread_mutex_lock(&roster->lock);
	flight = known_fetching_locked(roster);
	if (roster->snapshot) {
		info->known = true;
		info->users = roster->snapshot->count;
		info->age = clock_seconds() - roster->snapshot_since;
		info->fetched = roster->snapshot->fetched;
	}
	if (flight) {
		info->fetching = true;
		info->pages = flight->pages;
		info->rows = flight->rows;
	}
	info->fetches = roster->fetches;
	info->reappeared = roster->reappeared;
	info->shrunk = roster->shrunk;
	info->nobody = roster->nobody;
	memcpy(info->last_error, roster->last_error, sizeof(info->last_error));
	info->failed = roster->failed;
	pthread_mutex_unlock(&roster->lock);
}
