/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish.c - see publish.h.
 *
 * It changes the overlay under the lock, and tells the roster's owner after that, without it. A
 * version that was shown is retired when another one takes its place, so that a document read from
 * it can still be compared.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/publish.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/record/versions.h"
#include "cache/roster/figures.h"
#include "cache/roster/gets.h"
#include "cache/roster/gone.h"
#include "cache/roster/illegible.h"
#include "cache/roster/inactive.h"
#include "cache/roster/known.h"
#include "cache/roster/presence.h"
#include "cache/roster/roster_state.h"
#include "vendors/base/address.h"
#include "vendors/base/checked.h"
#include "vendors/base/clock.h"
#include "vendors/vendor.h"

#include <stdlib.h>
#include <strings.h>

/* Tell the owner which emails RECORD adds and OLD removes; each may be NULL. */
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

/* ---- lists ---- */

/* The most records of one list of which the owner is told one by one, because each takes a look at
 * all people that the kernel knows. */
#define LISTED_MAX 500

/* The records that a list shows differently. */
struct listing {
	const struct snapshot *new;
	struct listed {
		const struct record *before, *after; /* one of them may be NULL */
	} records[LISTED_MAX];
	size_t count, room;
};

/* Note a record that differs. Return false if there is no room. */
static bool note_listed(void *arg, struct record *before, struct record *after)
{
	struct listing *listing = arg;

	if (listing->count == listing->room)
		return false;
	listing->records[listing->count++] = (struct listed){before, after};
	return true;
}

/* Note those of DROPPED that are shown differently now. Return false if there is no room. */
static bool note_dropped(struct listing *listing, const struct overlay *dropped)
{
	for (; dropped; dropped = dropped->next) {
		struct record *now = snapshot_find(listing->new, dropped->id);

		if (dropped->record != now && !note_listed(listing, dropped->record, now))
			return false;
	}
	return true;
}

/* Keep the versions of OLD that were shown and that NEW replaces. */
static void retire_list(struct roster *roster, const struct snapshot *old,
			const struct snapshot *new)
{
	for (size_t i = 0; i < old->count; i++) {
		struct record *record = old->records[i];

		/* most are skipped here, without touching the record itself */
		if (i < new->count &&new->records[i] == record)
			continue;
		if (atomic_load_explicit(&record->shown, memory_order_relaxed) &&
		    snapshot_find(new, record->id) != record)
			versions_retire(roster->versions, record);
	}
}

/* Tell the owner of a record that a list shows differently, and of each email that it had or has.
 */
static void tell_listed(struct roster *roster, const struct listed *listed)
{
	const struct record *any = listed->after ? listed->after : listed->before;
	const char *before = listed->before ? record_key(listed->before) : NULL;
	const char *now = listed->after ? record_key(listed->after) : NULL;

	if (roster->events.record_listed)
		roster->events.record_listed(roster->events.arg, any->id);
	if (!roster->events.email_changed)
		return;
	if (before)
		roster->events.email_changed(roster->events.arg, before);
	if (now && (!before || strcasecmp(before, now) != 0))
		roster->events.email_changed(roster->events.arg, now);
}

/*
 * Tell the roster's owner of each record that NEW shows differently than OLD (NULL: there was none)
 * and DROPPED, the list of entries of the overlay, which NEW has replaced. Return false if the
 * owner was told of none although some may differ: there are too many to tell one by one, or there
 * is no OLD, or the owner does not want to be told.
 */
static bool tell_list(struct roster *roster, const struct snapshot *old,
		      const struct overlay *dropped, const struct snapshot *new)
{
	struct listing *listing = old ? calloc(1, sizeof(*listing)) : NULL;
	bool whole;

	if (!listing)
		return false;
	listing->new = new;
	listing->room = roster->events.record_listed ? LISTED_MAX : 0;
	whole = note_dropped(listing, dropped) && snapshot_compare(old, new, note_listed, listing);
	for (size_t i = 0; whole && i < listing->count; i++)
		tell_listed(roster, &listing->records[i]);
	free(listing);
	return whole;
}

/* Retire RECORD, which gives way to NEW, if it was shown. If NEW shows the same text, that counts
 * as shown instead. */
static void pass_on(struct roster *roster, struct record *record, const struct snapshot *new)
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

/*
 * Put LIST in place of what is known. Return true if it is newer. Set *SAME to what tell_list
 * returns, and *GENERATION to that up to which LIST has what was written.
 */
static bool put_list(const struct publish_list *list, bool *same, uint64_t *generation)
{
	struct flight *flight = list->flight;
	struct roster *roster = flight->roster;
	struct overlay *dropped = NULL, *entry;
	struct snapshot *new = list->new, *old = NULL;
	bool newest;

	pthread_mutex_lock(&roster->lock);
	*generation = flight->generation;
	if (list->older) {
		flight->began = list->began;
		*generation = known_keep_newer_locked(roster, flight, flight->began);
	}
	newest = flight->began >= roster->known.began;
	if (newest) {
		dropped = known_take_older_locked(roster, flight->generation, new);
		for (entry = dropped; entry; entry = entry->next) {
			if (entry->record)
				pass_on(roster, entry->record, new);
		}
		old = known_install_locked(roster, new, flight);
		gone_listed_locked(roster, new);
		gets_listed_locked(roster, new);
		illegible_listed_locked(roster, list->illegible);
	}
	figures_count_fetch_locked(roster);
	pthread_mutex_unlock(&roster->lock);
	*same = newest && tell_list(roster, old, dropped, new);
	/* without the lock, because freeing a large roster takes a while */
	snapshot_put(old);
	while (dropped) {
		entry = dropped;
		dropped = entry->next;
		if (entry->record)
			gone_note_lack(roster, entry->record, new);
		known_overlay_free(entry);
	}
	return newest;
}

void publish_list(const struct publish_list *list)
{
	struct flight *flight = list->flight;
	struct roster *roster = flight->roster;
	uint64_t generation;
	bool same, newest;

	/* before it is shown, so that each version that was shown can always be found */
	if (list->old)
		retire_list(roster, list->old, list->new);
	newest = put_list(list, &same, &generation);
	gone_note_lacks(roster, list->old, list->new);
	figures_compare(flight, list->old, list->new);
	inactive_check_all(roster, list->new);
	if (roster->events.replaced)
		roster->events.replaced(roster->events.arg, same);
	if (newest && roster->events.listed)
		roster->events.listed(roster->events.arg, list->new, flight->began, generation);
}

/* ---- single records ---- */

void publish_written(struct roster *roster, const struct roster_write *write)
{
	if (roster->events.written)
		roster->events.written(roster->events.arg, write);
}

/* Return true if what is known of ID was requested after WHEN. */
static bool publish_is_old_locked(struct roster *roster, const char *id, double when)
{
	const struct overlay *entry = known_overlay_locked(roster, id);

	return entry ? entry->began > when : roster->known.snapshot && roster->known.began > when;
}

/* Put RECORD (NULL: absent), requested at WHEN, in place of what is known of ID. DELETED: by a
 * mount.
 */
static void publish_put(struct roster *roster, const char *id, struct record *record, bool deleted,
			double when)
{
	struct overlay *entry;
	struct record *old;

	pthread_mutex_lock(&roster->lock);
	if (publish_is_old_locked(roster, id, when)) {
		pthread_mutex_unlock(&roster->lock);
		return;
	}
	old = known_put_locked(roster, id, record, when, false);
	entry = known_overlay_locked(roster, id);
	if (entry && deleted)
		entry->deleted = true;
	CHECKED(known_check_locked(roster, id));
	pthread_mutex_unlock(&roster->lock);
	publish_replaced(roster, id, old, record);
}

/*
 * Tell the other hosts, before it is shown here: from then on the store knows that what they told
 * earlier, and is still to arrive, is older than this.
 */
static void publish_tell(struct roster *roster, const char *id, enum store_change what,
			 struct record *record)
{
	roster->store->ops->changed(roster->seat, id, what, record);
}

void publish_record(struct roster *roster, struct record *record)
{
	publish_tell(roster, record->id, STORE_RECORD, record);
	publish_put(roster, record->id, record, false, clock_seconds());
}

void publish_absent(struct roster *roster, const char *id)
{
	if (presence_was_made(roster, id))
		return;
	publish_tell(roster, id, STORE_ABSENT, NULL);
	publish_put(roster, id, NULL, false, clock_seconds());
}

void publish_deleted(struct roster *roster, const char *id)
{
	publish_tell(roster, id, STORE_DELETED, NULL);
	publish_put(roster, id, NULL, true, clock_seconds());
}

/* As publish_suspect, because of what happened at WHEN. */
static void suspect(struct roster *roster, const char *id, double when)
{
	struct record *record;
	struct overlay *entry;
	double seconds;

	pthread_mutex_lock(&roster->lock);
	if (publish_is_old_locked(roster, id, when)) {
		pthread_mutex_unlock(&roster->lock);
		return;
	}
	known_peek_locked(roster, id, &record, &seconds);
	record_put(known_put_locked(roster, id, record, 0, false));
	entry = known_overlay_locked(roster, id);
	if (entry) {
		entry->doubt = true;
		entry->doubted = when;
		entry->since = 0;
	}
	CHECKED(known_check_locked(roster, id));
	pthread_mutex_unlock(&roster->lock);
	if (roster->events.record_changed)
		roster->events.record_changed(roster->events.arg, id);
}

void publish_suspect(struct roster *roster, const char *id)
{
	suspect(roster, id, clock_seconds());
}

void publish_doubt(struct roster *roster, const char *id)
{
	publish_suspect(roster, id);
	publish_tell(roster, id, STORE_DOUBT, NULL);
}

void publish_status(struct roster *roster, const char *id, bool inactive)
{
	inactive_note(roster, id, inactive);
	if (!inactive)
		publish_tell(roster, id, STORE_ACTIVE, NULL);
}

void publish_forget(struct roster *roster, const char *id, const struct record *record)
{
	json_t *object = record ? record_json(record) : NULL;

	if (roster->collection->told && (!record || object))
		roster->collection->told(roster->account, roster->parent, id, object);
	json_decref(object);
}

void publish_told(struct roster *roster, const char *id, enum store_change what,
		  struct record *record, double when)
{
	if (what == STORE_ACTIVE) {
		inactive_note(roster, id, false);
		return;
	}
	if (what == STORE_RECORD || what == STORE_DELETED)
		publish_forget(roster, id, record);
	if (what == STORE_DOUBT)
		suspect(roster, id, when);
	else if (what != STORE_ABSENT || !presence_was_made(roster, id))
		publish_put(roster, id, record, what == STORE_DELETED, when);
	if (roster->events.told)
		roster->events.told(roster->events.arg, id);
}

void publish_good_until(struct roster *roster, const char *id, double until)
{
	struct overlay *entry;

	pthread_mutex_lock(&roster->lock);
	entry = known_overlay_locked(roster, id);
	if (entry)
		entry->ends = until;
	pthread_mutex_unlock(&roster->lock);
}
