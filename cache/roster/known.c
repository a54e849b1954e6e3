/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.c - see known.h.
 *
 * The snapshot is what the last whole fetch showed. The overlay has what was written or fetched
 * alone, each entry with its own age: it wins over a snapshot whose fetch began before it. This
 * file starts no fetch and calls no callback.
 *
 * States of a record, and what changes them:
 *
 *	state              GET shows it   GET: 404     a list has it  a list lacks it   time
 *	NOTHING            FRESH          ABSENT (1)   FRESH          NOTHING (2)
 *	FRESH              FRESH          ABSENT (1)   FRESH          NOTHING (2)       ttl: STALE
 *	STALE, FETCHING    FRESH          ABSENT (1)   FRESH          NOTHING (2)
 *	ABSENT             FRESH          ABSENT (1)   FRESH          ABSENT            (3)
 *
 * (1) If the newest list lacks it too, for as long as the ttl. What only a GET says (a status, or
 *     what this mount deleted) holds for ABSENT_SECONDS.
 * (2) FRESH, if something fetched alone is newer than the list; STALE, if it is older than its ttl.
 *     ABSENT, if all records are in the list (listed_only).
 * (3) Afterwards, the state is as before.
 *
 * A write publishes FRESH or ABSENT. FETCHING is STALE while the whole roster is being fetched. A
 * doubt makes FRESH STALE.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/roster_state.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/gets.h"
#include "cache/roster/known.h"
#include "vendors/base/checked.h"
#include "vendors/base/clock.h"
#include "vendors/base/status_words.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define ABSENT_SECONDS 5.0
#define GRACE_KEPT 1.0 /* seconds */

/* How far two hosts may disagree about a moment (store_clock.h: 0.1 for each), in seconds. */
#define HOSTS_DIFFER 0.25

/* ---- age ---- */

struct flight *known_fetching_locked(const struct roster *roster)
{
	struct flight *flight;

	DL_SEARCH_SCALAR(roster->flights, flight, kind, WAIT_WHOLE);
	return flight;
}

double known_left_locked(const struct roster *roster, double began, double since)
{
	/* at least one second, because a single cat is a lookup, a stat and an open */
	double ttl = roster->account->ttl ? (double)roster->account->ttl : 1.0;

	return began < roster->known.refreshed ? 0 : since + ttl - clock_seconds();
}

double known_limited_locked(const struct roster *roster, double began, double since, double ends)
{
	double left = known_left_locked(roster, began, since);
	double limit = ends > 0 ? ends - clock_seconds() : left;

	return limit < left ? limit : left;
}

double known_snapshot_left_locked(const struct roster *roster)
{
	return known_limited_locked(roster, roster->known.began, roster->known.since,
				    roster->known.ends);
}

bool known_whole_fresh_locked(const struct roster *roster)
{
	return roster->known.snapshot && known_snapshot_left_locked(roster) > 0;
}

double known_grace_locked(const struct roster *roster)
{
	double left;

	if (!roster->known.snapshot || !roster->account->grace ||
	    roster->known.began < roster->known.refreshed)
		return 0;
	left = known_snapshot_left_locked(roster) + roster->account->grace;
	return left > 0 ? left : 0;
}

/*
 * Return how long a reader may keep what it reads while a new roster is fetched, so that it does
 * not need a request for each look. Not longer than this, or no request would find out that the new
 * one is stale as well.
 */
static double kept_in_grace_locked(const struct roster *roster)
{
	double left = known_grace_locked(roster);

	return left < GRACE_KEPT ? left : GRACE_KEPT;
}

/* ---- the snapshot ---- */

/* Count one record less with the status of OLD, and one more with that of NEW (NULL: none). */
static void recount_kind(struct known_state *known, const struct record *old,
			 const struct record *new)
{
	if (old)
		known->kinds[old->status]--;
	if (new)
		known->kinds[new->status]++;
}

/* Let what came into doubt before anything was known of it be what the new snapshot shows. */
static void show_doubted_locked(struct known_state *known)
{
	for (struct overlay *entry = known->overlay; entry; entry = entry->hh.next) {
		struct record *listed = entry->doubt && !entry->record
					    ? snapshot_find(known->snapshot, entry->id)
					    : NULL;

		if (listed)
			entry->record = record_get(listed);
	}
}

/* Count the statuses of the snapshot, and of what the overlay has in place of its records. */
static void count_kinds_locked(struct known_state *known)
{
	memcpy(known->kinds, known->snapshot->kinds, sizeof(known->kinds));
	for (const struct overlay *entry = known->overlay; entry; entry = entry->hh.next)
		recount_kind(known, snapshot_find(known->snapshot, entry->id), entry->record);
}

uint64_t known_keep_newer_locked(struct roster *roster, const struct flight *flight, double began)
{
	struct known_state *known = &roster->known;
	uint64_t has = flight->generation;

	for (struct overlay *entry = known->overlay; entry; entry = entry->hh.next) {
		if (entry->generation > flight->generation ||
		    (entry->doubt ? entry->doubted <= began : entry->began <= began - HOSTS_DIFFER))
			continue;
		if (entry->generation <= has)
			has = entry->generation - 1;
		entry->generation = ++known->generation;
	}
	return has;
}

struct snapshot *known_install_locked(struct roster *roster, struct snapshot *new,
				      const struct flight *flight)
{
	struct known_state *known = &roster->known;
	struct snapshot *old = known->snapshot;

	known->snapshot = snapshot_get(new);
	show_doubted_locked(known);
	count_kinds_locked(known);
	known->began = flight->began;
	known->since = flight->received > 0 ? flight->received : clock_seconds();
	known->ends = flight->call.good_until;
	known->generation++;
	known->merged = flight->generation;
	CHECKED(known_check_locked(roster, NULL));
	return old;
}

void known_merged_locked(struct roster *roster, uint64_t generation)
{
	roster->known.merged = generation;
	CHECKED(known_check_locked(roster, NULL));
}

struct snapshot *known_replace_locked(struct roster *roster, const struct snapshot *old,
				      struct snapshot *made, uint64_t generation)
{
	struct snapshot *replaced = roster->known.snapshot;

	if (replaced != old)
		return NULL;
	roster->known.snapshot = snapshot_get(made);
	known_merged_locked(roster, generation);
	return replaced;
}

void known_note_step_locked(struct roster *roster, size_t rows)
{
	roster->known.step = rows;
}

void known_refresh_locked(struct roster *roster, double when)
{
	if (when > roster->known.refreshed)
		roster->known.refreshed = when;
	roster->known.self.known = false;
}

/* ---- the key's own user ---- */

bool known_self_fresh_locked(const struct roster *roster)
{
	const struct known_self *self = &roster->known.self;

	return self->known && known_left_locked(roster, self->since, self->since) > 0;
}

void known_note_self_locked(struct roster *roster, char *id)
{
	struct known_self *self = &roster->known.self;

	free(self->id);
	self->id = id;
	self->known = true;
	self->since = clock_seconds();
}

/* ---- the overlay ---- */

struct overlay *known_overlay_locked(const struct roster *roster, const char *id)
{
	struct overlay *entry;

	HASH_FIND_STR(roster->known.overlay, id, entry);
	return entry;
}

/* Return true if ENTRY is a fresh response to a GET, and NEW has that in place of a row that lacks
 * fields. */
static bool is_detail_of_locked(const struct roster *roster, const struct overlay *entry,
				const struct snapshot *new)
{
	return gets_is_partial(roster) && entry->record && !entry->record->row && !entry->doubt &&
	       snapshot_find(new, entry->id) == entry->record &&
	       known_limited_locked(roster, entry->began, entry->since, entry->ends) > 0;
}

struct overlay *known_take_older_locked(struct roster *roster, uint64_t generation,
					const struct snapshot *new)
{
	struct overlay *entry, *next, *taken = NULL;

	HASH_ITER(hh, roster->known.overlay, entry, next) {
		if (entry->generation > generation || is_detail_of_locked(roster, entry, new))
			continue;
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
		HASH_DEL(roster->known.overlay, entry);
		entry->next = taken;
		taken = entry;
	}
	return taken;
}

void known_overlay_free(struct overlay *entry)
{
	record_put(entry->record);
	free(entry->id);
	free(entry);
}

void known_free_locked(struct roster *roster)
{
	struct overlay *entry, *next;

	HASH_ITER(hh, roster->known.overlay, entry, next) {
		HASH_DEL(roster->known.overlay, entry); /* NOLINT(clang-analyzer-unix.Malloc) */
		known_overlay_free(entry);
	}
	snapshot_put(roster->known.snapshot);
	free(roster->known.self.id);
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
		HASH_ADD_KEYPTR(hh, roster->known.overlay, entry->id, strlen(entry->id), entry);
		if (!entry->hh.tbl) {
			free(entry->id);
			free(entry);
			return NULL;
		}
		if (roster->known.snapshot) {
			old = snapshot_find(roster->known.snapshot, id);
			if (old)
				record_get(old);
		}
	}
	recount_kind(&roster->known, old, record);
	entry->record = record ? record_get(record) : NULL;
	if (record && record->saved)
		atomic_store(&roster->known.saved, true);
	entry->began = began;
	entry->since = clock_seconds();
	entry->ends = 0;
	entry->generation = ++roster->known.generation;
	entry->alone = alone;
	entry->doubt = false;
	/* a 404 says nothing new about what this mount has deleted */
	entry->deleted = entry->deleted && !record;
	entry->proven = false;
	CHECKED(known_check_locked(roster, id));
	return old;
}

/* Return when a record that is in doubt came into doubt last, or 0: there is none. */
static double known_doubted_locked(const struct roster *roster)
{
	double last = 0;

	for (const struct overlay *entry = roster->known.overlay; entry; entry = entry->hh.next) {
		if (entry->doubt && entry->doubted > last)
			last = entry->doubted;
	}
	return last;
}

double known_since(struct roster *roster, const struct flight *flight)
{
	double since, doubted;

	pthread_mutex_lock(&roster->lock);
	since = flight->since;
	doubted = known_doubted_locked(roster);
	if (roster->known.refreshed > since)
		since = roster->known.refreshed;
	if (doubted > since)
		since = doubted;
	pthread_mutex_unlock(&roster->lock);
	return since;
}

bool known_doubts_locked(struct roster *roster, const char *id)
{
	const struct overlay *entry = known_overlay_locked(roster, id);

	return entry && entry->doubt;
}

/* ---- one record ---- */

/* Return true if ENTRY proves, for now, that there is no such record. */
static bool is_absent_locked(const struct roster *roster, const struct overlay *entry)
{
	if (entry->record || entry->began < roster->known.refreshed)
		return false;
	if (entry->deleted ||
	    (entry->proven && known_left_locked(roster, entry->began, entry->since) > 0))
		return true;
	return clock_seconds() - entry->since < ABSENT_SECONDS;
}

/* Return what is known of a record that a fresh whole roster lacks: *RECORD is from ENTRY, or NULL.
 */
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
	if (roster->known.snapshot)
		*record = snapshot_find(roster->known.snapshot, id);
	/* its row is not JSON, but the response to a GET may be */
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

bool known_needs_get_locked(struct roster *roster, const char *id, const struct record *record,
			    bool status)
{
	const struct overlay *entry;

	if (!gets_is_partial(roster) || !record)
		return false;
	entry = known_overlay_locked(roster, id);
	if (entry && entry->record == record && !record->row &&
	    known_limited_locked(roster, entry->began, entry->since, entry->ends) > 0)
		return false;
	if (!status)
		return true;
	return record->row ? strcmp(record_status(record), STATUS_UNKNOWN) == 0
			   : gets_row_is_bare_locked(roster, id);
}

bool known_needs_get(struct roster *roster, const char *id, const struct record *record,
		     bool status)
{
	bool needs;

	if (!gets_is_partial(roster))
		return false;
	pthread_mutex_lock(&roster->lock);
	needs = known_needs_get_locked(roster, id, record, status);
	pthread_mutex_unlock(&roster->lock);
	return needs;
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

/* ---- invariants ---- */

void known_check_locked(const struct roster *roster, const char *id)
{
	const struct known_state *known = &roster->known;
	const struct overlay *entry = id ? known_overlay_locked(roster, id) : NULL;

	assert(known->merged <= known->generation);
	assert(known->snapshot || known->began <= 0);
	assert(known->began <= known->since);
	if (!entry)
		return;
	assert(strcmp(entry->id, id) == 0);
	assert(entry->generation <= known->generation);
	assert(!entry->record || entry->record == roster->absent ||
	       strcmp(entry->record->id, id) == 0);
	/* what is absent has no record, and a doubt no age */
	assert(!entry->record || (!entry->deleted && !entry->proven));
	assert(!entry->doubt || entry->since <= 0);
	assert(entry->doubt || entry->began <= entry->since);
}
