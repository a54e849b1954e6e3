/*
 * figures.c - what .rosterfs/status and metrics show of a roster: its size, age and last error.
 *
 * A part of a roster, under its lock. It changes nothing that readers of records see.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster_state.h"

#include "vendors/call.h"
#include "vendors/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void roster_note_error(struct roster *roster, const struct call *call, int error)
{
	struct tm local;
	time_t now = time(NULL);
	char when[32];

	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%H:%M:%S", &local);
	pthread_mutex_lock(&roster->lock);
	snprintf(roster->last_error, sizeof(roster->last_error), "%s %.32s: %.150s (%s)", when,
		 call->request[0] ? call->request : call->path, call->words,
		 strerrorname_np(-error));
	roster->failed = clock_seconds();
	pthread_mutex_unlock(&roster->lock);
}

void roster_info(struct roster *roster, struct roster_info *info)
{
	struct flight *flight;

	memset(info, 0, sizeof(*info));
	pthread_mutex_lock(&roster->lock);
	flight = roster_fetching_locked(roster);
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
	memcpy(info->last_error, roster->last_error, sizeof(info->last_error));
	info->failed = roster->failed;
	pthread_mutex_unlock(&roster->lock);
}
