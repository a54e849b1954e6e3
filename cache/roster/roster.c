/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster.c - see roster.h, and roster_state.h for the states.
 *
 * What is known and how fresh it is, and who may write a record now. It starts no fetch (flight.c
 * does) and knows neither FUSE nor how a vendor is asked.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/roster.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/record/write_lock.h"
#include "cache/roster/gets.h"
#include "cache/roster/gone.h"
#include "cache/roster/illegible.h"
#include "cache/roster/inactive.h"
#include "cache/roster/known.h"
#include "cache/roster/overdue.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/whole.h"
#include "cache/roster/wait.h"
#include "cache/roster/roster_state.h"

#include "cache/record/lag.h"
#include "cache/record/versions.h"
#include "vendors/base/address.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <utlist.h>

#define GRACE_KEPT 1.0 /* seconds */

/* One record for all ids that a whole roster lacks, where lacking is a status. */
static int make_absent(struct roster *roster, const struct collection *collection)
{
	struct timespec never = {0, 0};
	json_t *object;

	if (!collection->absent_status)
		return 0;
	object = json_pack("{s:s}", collection->status_key, collection->absent_status);
	if (object)
		roster->absent = record_new(collection, "", object, never);
	json_decref(object);
	return roster->absent ? 0 : -ENOMEM;
}

struct roster *roster_new(struct account *account, const struct collection *collection,
			  const char *parent, struct pool *pool, const struct roster_events *events)
{
	struct roster *roster = calloc(1, sizeof(*roster));

	if (!roster)
		return NULL;
	roster->versions = versions_new();
	roster->lag = lag_new(collection, account->lag);
	roster->write_lock = write_lock_new();
	roster->parent = parent ? strdup(parent) : NULL;
	if (!roster->versions || !roster->lag || !roster->write_lock ||
	    (parent && !roster->parent) || make_absent(roster, collection)) {
		versions_free(roster->versions);
		lag_free(roster->lag);
		write_lock_free(roster->write_lock);
		free(roster->parent);
		free(roster);
		return NULL;
	}
	roster->account = account;
	roster->collection = collection;
	roster->pool = pool;
	roster->events = *events;
	pthread_mutex_init(&roster->lock, NULL);
	return roster;
}

void known_overlay_free(struct overlay *entry)
{
	record_put(entry->record);
	free(entry->id);
	free(entry);
}

void roster_free(struct roster *roster)
{
	struct overlay *entry, *next_entry;

	if (!roster)
		return;
	HASH_ITER(hh, roster->overlay, entry, next_entry) {
		HASH_DEL(roster->overlay, entry); /* NOLINT(clang-analyzer-unix.Malloc) */
		known_overlay_free(entry);
	}
	inactive_free_locked(roster);
	presence_free_locked(roster);
	gone_free_locked(roster);
	gets_free_locked(roster);
	overdue_free_locked(roster);
	illegible_free_locked(roster);
	snapshot_put(roster->snapshot);
	record_put(roster->absent);
	versions_free(roster->versions);
	lag_free(roster->lag);
	write_lock_free(roster->write_lock);
	free(roster->self);
	free(roster->parent);
	pthread_mutex_destroy(&roster->lock);
	free(roster);
}

const struct collection *roster_collection(struct roster *roster)
{
	return roster->collection;
}

const char *roster_parent(struct roster *roster)
{
	return roster->parent;
}

struct account *roster_account(struct roster *roster)
{
	return roster->account;
}

struct pool *roster_pool(struct roster *roster)
{
	return roster->pool;
}

struct versions *roster_versions(struct roster *roster)
{
	return roster->versions;
}

struct lag *roster_lag(struct roster *roster)
{
	return roster->lag;
}

struct write_lock *roster_write_lock(struct roster *roster)
{
	return roster->write_lock;
}

/* ---- age ---- */

struct flight *known_fetching_locked(const struct roster *roster)
{
	struct flight *flight;

	DL_SEARCH_SCALAR(roster->flights, flight, kind, WAIT_WHOLE);
	return flight;
}

double known_left_locked(const struct roster *roster, double began, double since)
{
	/* One second at the least: a single cat is a look-up, a stat and an open. */
	double ttl = roster->account->ttl ? (double)roster->account->ttl : 1.0;

	return began < roster->refreshed ? 0 : since + ttl - clock_seconds();
}

double known_limited_locked(const struct roster *roster, double began, double since, double ends)
{
	double left = known_left_locked(roster, began, since);
	double limit = ends > 0 ? ends - clock_seconds() : left;

	return limit < left ? limit : left;
}

double known_snapshot_left_locked(const struct roster *roster)
{
	return known_limited_locked(roster, roster->snapshot_began, roster->snapshot_since,
				    roster->snapshot_ends);
}

bool known_whole_fresh_locked(const struct roster *roster)
{
	return roster->snapshot && known_snapshot_left_locked(roster) > 0;
}

double known_grace_locked(const struct roster *roster)
{
	double left;

	if (!roster->snapshot || !roster->account->grace ||
	    roster->snapshot_began < roster->refreshed)
		return 0;
	left = known_snapshot_left_locked(roster) + roster->account->grace;
	return left > 0 ? left : 0;
}

/*
 * Who reads while a new roster is fetched shall not pay for it with a request at each look. Not for
 * longer than this, or nobody would ask once the new one is too old as well.
 */
static double kept_in_grace_locked(const struct roster *roster)
{
	double left = known_grace_locked(roster);

	return left < GRACE_KEPT ? left : GRACE_KEPT;
}

struct overlay *known_overlay_locked(const struct roster *roster, const char *id)
{
	struct overlay *entry;

	HASH_FIND_STR(roster->overlay, id, entry);
	return entry;
}

bool known_doubts_locked(struct roster *roster, const char *id)
{
	const struct overlay *entry = known_overlay_locked(roster, id);

	return entry && entry->doubt;
}

/* Does ENTRY tell, for now, that there is no such record? */
static bool is_absent_locked(const struct roster *roster, const struct overlay *entry)
{
	if (entry->record || entry->began < roster->refreshed)
		return false;
	if (entry->deleted ||
	    (entry->proven && known_left_locked(roster, entry->began, entry->since) > 0))
		return true;
	return clock_seconds() - entry->since < ABSENT_SECONDS;
}

/* A fresh whole roster lacks ID: *RECORD is what else is known of it, or NULL. */
static enum known unlisted(const struct roster *roster, const struct overlay *entry,
			   struct record **record)
{
	if (roster->absent) {
		*record = roster->absent;
		return KNOWN_FRESH;
	}
	if (!gets_asks_id(roster))
		return KNOWN_ABSENT;
	*record = entry ? entry->record : NULL;
	return *record ? KNOWN_STALE : KNOWN_NOTHING;
}

enum known known_peek_locked(struct roster *roster, const char *id, struct record **record,
			     double *seconds)
{
	struct overlay *entry = known_overlay_locked(roster, id);
	double left = entry ? known_limited_locked(roster, entry->began, entry->since, entry->ends)
			    : 0;
	enum known knows = KNOWN_FRESH;

	*record = NULL;
	*seconds = 0;
	if (entry && is_absent_locked(roster, entry))
		return KNOWN_ABSENT;
	if (entry && entry->record && left > 0) {
		*record = entry->record;
		*seconds = left;
		return KNOWN_FRESH;
	}
	if (roster->snapshot)
		*record = snapshot_find(roster->snapshot, id);
	/* what a GET shows of it may be JSON */
	if (*record && (*record)->unreadable) {
		*record = NULL;
		return KNOWN_NOTHING;
	}
	if (entry && entry->doubt)
		return *record ? KNOWN_STALE : KNOWN_NOTHING;
	if (known_whole_fresh_locked(roster)) {
		if (!*record)
			knows = unlisted(roster, entry, record);
		if (knows == KNOWN_FRESH || knows == KNOWN_ABSENT)
			*seconds = known_snapshot_left_locked(roster);
		return knows;
	}
	if (entry && entry->record)
		*record = entry->record;
	if (!*record)
		return KNOWN_NOTHING;
	if (!known_fetching_locked(roster))
		return KNOWN_STALE;
	*seconds = kept_in_grace_locked(roster);
	return KNOWN_FETCHING;
}

enum known known_peek(struct roster *roster, const char *id, struct record **record,
		      double *seconds)
{
	enum known knows;

	pthread_mutex_lock(&roster->lock);
	knows = known_peek_locked(roster, id, record, seconds);
	if (*record)
		record_get(*record);
	pthread_mutex_unlock(&roster->lock);
	return knows;
}

/* ---- snapshot and overlay ---- */

struct snapshot *whole_snapshot(struct roster *roster, double *seconds)
{
	struct whole whole = {0};

	pthread_mutex_lock(&roster->lock);
	*seconds = 0;
	if (roster->snapshot && !whole_take_locked(roster, &whole) &&
	    known_whole_fresh_locked(roster))
		*seconds = known_snapshot_left_locked(roster);
	pthread_mutex_unlock(&roster->lock);
	return whole_make(roster, &whole);
}

uint64_t whole_generation(struct roster *roster, double *seconds)
{
	uint64_t generation;

	pthread_mutex_lock(&roster->lock);
	generation = roster->generation;
	*seconds = 0;
	if (known_whole_fresh_locked(roster))
		*seconds = known_snapshot_left_locked(roster);
	pthread_mutex_unlock(&roster->lock);
	return generation;
}

struct record *known_put_locked(struct roster *roster, const char *id, struct record *record,
				double began, bool alone)
{
	struct overlay *entry = known_overlay_locked(roster, id);
	struct record *old = NULL;

	if (entry) {
		old = entry->record;
	} else {
		entry = calloc(1, sizeof(*entry));
		if (entry)
			entry->id = strdup(id);
		if (!entry || !entry->id) {
			free(entry);
			return NULL;
		}
		HASH_ADD_KEYPTR(hh, roster->overlay, entry->id, strlen(entry->id), entry);
		if (roster->snapshot) {
			old = snapshot_find(roster->snapshot, id);
			if (old)
				record_get(old);
		}
	}
	entry->record = record ? record_get(record) : NULL;
	if (record && record->saved)
		atomic_store(&roster->saved, true);
	entry->began = began;
	entry->since = clock_seconds();
	entry->ends = 0;
	entry->generation = ++roster->generation;
	entry->alone = alone;
	entry->doubt = false;
	/* a 404 is no news about what this mount has deleted */
	entry->deleted = entry->deleted && !record;
	entry->proven = false;
	return old;
}

static void tell_email(struct roster *roster, const struct record *old, const struct record *record)
{
	const char *before = old ? record_key(old) : NULL;
	const char *now = record ? record_key(record) : NULL;

	if (!roster->events.email_changed ||
	    (before && now &&
	     address_compare_spelling(record_email(old), record_email(record)) == 0))
		return;
	if (before)
		roster->events.email_changed(roster->events.arg, before);
	if (now)
		roster->events.email_changed(roster->events.arg, now);
}

void publish_replaced(struct roster *roster, const char *id, struct record *old,
		      struct record *record)
{
	bool same = old && record && record_same(old, record);

	if (old && !same && !old->unreadable)
		versions_retire(roster->versions, old);
	if (same && atomic_load(&old->shown))
		atomic_store(&record->shown, true);
	if (!same && roster->events.record_changed)
		roster->events.record_changed(roster->events.arg, id);
	tell_email(roster, old, record);
	record_put(old);
	if (record)
		inactive_check(roster, record);
}

void publish_pass_on(struct roster *roster, struct record *record, const struct snapshot *new)
{
	struct record *now;

	if (!atomic_load(&record->shown))
		return;
	now = snapshot_find(new, record->id);
	if (now && record_same(now, record))
		atomic_store(&now->shown, true);
	else
		versions_retire(roster->versions, record);
}

static void publish(struct roster *roster, const char *id, struct record *record, bool deleted)
{
	struct overlay *entry;
	struct record *old;

	pthread_mutex_lock(&roster->lock);
	old = known_put_locked(roster, id, record, clock_seconds(), false);
	entry = known_overlay_locked(roster, id);
	if (entry && deleted)
		entry->deleted = true;
	pthread_mutex_unlock(&roster->lock);
	publish_replaced(roster, id, old, record);
}

void publish_record(struct roster *roster, struct record *record)
{
	publish(roster, record->id, record, false);
}

void publish_absent(struct roster *roster, const char *id)
{
	if (!presence_was_made(roster, id))
		publish(roster, id, NULL, false);
}

void publish_deleted(struct roster *roster, const char *id)
{
	publish(roster, id, NULL, true);
}

void publish_doubt(struct roster *roster, const char *id)
{
	struct record *record;
	struct overlay *entry;
	double seconds;

	pthread_mutex_lock(&roster->lock);
	known_peek_locked(roster, id, &record, &seconds);
	record_put(known_put_locked(roster, id, record, 0, false));
	entry = known_overlay_locked(roster, id);
	if (entry) {
		entry->doubt = true;
		entry->since = 0;
	}
	pthread_mutex_unlock(&roster->lock);
	if (roster->events.record_changed)
		roster->events.record_changed(roster->events.arg, id);
}

void roster_refresh(struct roster *roster)
{
	pthread_mutex_lock(&roster->lock);
	roster->refreshed = clock_seconds();
	roster->self_known = false;
	roster->shrunk = 0;
	pthread_mutex_unlock(&roster->lock);
}
