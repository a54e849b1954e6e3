/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.c - see fetch.h.
 *
 * It asks the vendor and installs what came, unless something newer is known by then: a write that
 * was acknowledged meanwhile, or a fetch that began later. It does not know the waits (flight.c).
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/fetch.h"

#include "cache/document/render.h"
#include "cache/record/lag.h"
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
#include "cache/roster/publish.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/whole.h"
#include "vendors/base/clock.h"
#include "vendors/rest/item.h"
#include "vendors/list/list.h"
#include "vendors/rest/self.h"
#include "vendors/template/source.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

/* Records that take some megabytes together. */
#define MANY 10000

/* A list that is being read. */
struct fill {
	struct list_sink sink;
	struct flight *flight;
	struct snapshot_builder builder;
	struct render text; /* of the record that has just come */
	struct timespec when;
	json_t *illegible; /* ids, or NULL */
	size_t made;       /* records that are not the old snapshot's */
};

/* Return a reference to what is held of ID, or NULL. */
static struct record *held_of(struct roster *roster, const char *id)
{
	struct record *held;
	double seconds;

	known_peek(roster, id, &held, &seconds);
	if (held == roster->absent) {
		record_put(held);
		return NULL;
	}
	return held;
}

/* Let RECORD, which has just come, keep its time if what is held of it was saved here. */
static void keep_time(struct roster *roster, struct record *record)
{
	struct record *held;

	if (!atomic_load(&roster->known.saved))
		return;
	held = held_of(roster, record->id);
	if (held)
		record_keep_time(roster->collection, record, held);
	record_put(held);
}

/* Return true if HELD, the response to a GET, still holds beside OBJECT, a row that lacks fields.
 */
static bool keeps_detail(const struct fill *fill, const char *id, const json_t *object,
			 const struct record *held)
{
	struct roster *roster = fill->flight->roster;

	return gets_is_partial(roster) && !held->row &&
	       gets_row_agrees(roster, id, &fill->text, object, held);
}

/* Return a reference to the record for OBJECT, whose text is FILL's. NULL: no memory. */
static struct record *make_record(struct fill *fill, const char *id, const json_t *object,
				  bool unreadable)
{
	struct roster *roster = fill->flight->roster;
	struct record *old = snapshot_old(&fill->builder, id), *record;

	/* one memcmp tells that nothing has changed, without making a new record */
	if (old && record_shows(old, &fill->text))
		return record_get(old);
	if (old && keeps_detail(fill, id, object, old))
		return record_get(old);
	/* the record may have been fetched alone before the first list */
	record = fill->builder.old ? NULL : held_of(roster, id);
	if (record && (record_shows(record, &fill->text) || keeps_detail(fill, id, object, record)))
		return record;
	record_put(record);
	record = record_new_rendered(roster->collection, id, object, &fill->text, fill->when);
	if (!record)
		return NULL;
	record->row = true;
	record->unreadable = unreadable;
	keep_time(roster, record);
	fill->made++;
	return record;
}

static int fill_record(struct fill *fill, const char *id, json_t *object, bool unreadable)
{
	struct record *record = NULL;

	const struct source_reply reply = {.body = object};

	if (condition_holds(&fill->flight->roster->collection->gone_when, &reply) ||
	    presence_was_deleted(fill->flight->roster, &fill->flight->call, id, object))
		return 0;
	lag_correct(fill->flight->roster->lag, id, object, LAG_READ, NULL, NULL);
	if (!render_object(&fill->text, object))
		record = make_record(fill, id, object, unreadable);
	if (record && illegible_add(&fill->illegible, record)) {
		record_put(record);
		return -ENOMEM;
	}
	return record ? snapshot_add(&fill->builder, record) : -ENOMEM;
}

static int fill_add(struct list_sink *sink, const char *id, json_t *object)
{
	return fill_record((struct fill *)sink, id, object, false);
}

static int fill_unreadable(struct list_sink *sink, const char *id, json_t *object)
{
	return fill_record((struct fill *)sink, id, object, true);
}

static void fill_reset(struct list_sink *sink)
{
	struct fill *fill = (struct fill *)sink;

	snapshot_reset(&fill->builder);
	json_array_clear(fill->illegible);
}

static void fill_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct fill *fill = (struct fill *)sink;
	struct roster *roster = fill->flight->roster;

	pthread_mutex_lock(&roster->lock);
	fill->flight->progress.pages = pages;
	fill->flight->progress.rows = rows;
	fill->flight->progress.total = total;
	if (pages == 1)
		known_note_step_locked(roster, rows);
	pthread_mutex_unlock(&roster->lock);
	progress_tell(&fill->flight->progress);
}

/* Keep the versions of OLD that were shown and that NEW replaces. */
static void retire_replaced(struct roster *roster, const struct snapshot *old,
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

/* Remember RECORD, which was known, if NEW, which is installed, lacks it. */
static void note_lack(struct roster *roster, const struct record *record,
		      const struct snapshot *new)
{
	if (snapshot_find(new, record->id))
		return;
	pthread_mutex_lock(&roster->lock);
	gone_lacks_locked(roster, record);
	pthread_mutex_unlock(&roster->lock);
}

/* As note_lack, for all of OLD (or NULL). Without the lock, because it may take a while. */
static void note_lacks(struct roster *roster, const struct snapshot *old,
		       const struct snapshot *new)
{
	for (size_t i = 0; old && i < old->count; i++) {
		if (i >= new->count || new->records[i] != old->records[i])
			note_lack(roster, old->records[i], new);
	}
}

/*
 * Install NEW, with the ids of its *ILLEGIBLE rows (moved), unless a fetch that began later was
 * quicker. Return true if it is installed. Set *SAME to what publish_listed returns.
 */
static bool install(const struct flight *flight, struct snapshot *new, json_t **illegible,
		    bool *same)
{
	struct roster *roster = flight->roster;
	struct overlay *dropped = NULL, *entry;
	struct snapshot *old = NULL;
	bool newest;

	pthread_mutex_lock(&roster->lock);
	newest = flight->began >= roster->known.began;
	if (newest) {
		dropped = known_take_older_locked(roster, flight->generation, new);
		for (entry = dropped; entry; entry = entry->next) {
			if (entry->record)
				publish_pass_on(roster, entry->record, new);
		}
		old = known_install_locked(roster, new, flight);
		gone_listed_locked(roster, new);
		gets_listed_locked(roster, new);
		illegible_listed_locked(roster, illegible);
	}
	figures_count_fetch_locked(roster);
	pthread_mutex_unlock(&roster->lock);
	*same = newest && publish_listed(roster, old, dropped, new);
	/* without the lock, because freeing a large roster takes a while */
	snapshot_put(old);
	while (dropped) {
		entry = dropped;
		dropped = entry->next;
		if (entry->record)
			note_lack(roster, entry->record, new);
		known_overlay_free(entry);
	}
	return newest;
}

/* Read the list into FILL. Return 0 or a negative errno with a message in the flight's call. */
static int walk(struct fill *fill)
{
	struct flight *flight = fill->flight;
	struct roster *roster = flight->roster;
	int error;

	pthread_mutex_lock(&roster->lock);
	flight->progress = (struct progress){.what = flight->call.path, .began = clock_seconds()};
	pthread_mutex_unlock(&roster->lock);
	progress_tell(&flight->progress);
	error = list_walk(&flight->call, roster->account, roster->collection, roster->parent,
			  &fill->sink);
	progress_end(&flight->progress);
	return error;
}

/* Return the holes in this thread's heap to the kernel. Other libraries than glibc do it unasked.
 */
static void trim_heap(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}

int fetch_whole(struct flight *flight)
{
	struct roster *roster = flight->roster;
	struct snapshot *old = NULL, *new;
	struct fill fill = {
	    .sink = {.add = fill_add,
		     .unreadable = fill_unreadable,
		     .reset = fill_reset,
		     .progress = fill_progress},
	    .flight = flight,
	};
	bool made_many, same, newest;
	double seconds;
	size_t added = 0;
	int error;

	clock_gettime(CLOCK_REALTIME, &fill.when);
	old = whole_snapshot(roster, &seconds);
	snapshot_begin(&fill.builder, old);
	error = walk(&fill);
	if (!error && presence_complete(flight, &fill.builder, &added))
		error = call_no_memory(&flight->call);
	fill.made += added;
	if (error)
		snapshot_reset(&fill.builder);
	new = snapshot_end(&fill.builder, fill.when);
	render_clear(&fill.text);
	if (!error && !new)
		error = call_no_memory(&flight->call);
	if (!error && new) {
		/* before install, so that each version that was shown can always be found */
		if (old)
			retire_replaced(roster, old, new);
		newest = install(flight, new, &fill.illegible, &same);
		note_lacks(roster, old, new);
		figures_compare(flight, old, new);
		inactive_check_all(roster, new);
		if (roster->events.replaced)
			roster->events.replaced(roster->events.arg, same);
		if (newest && roster->events.listed)
			roster->events.listed(roster->events.arg, new, flight->began,
					      flight->generation);
	}
	/*
	 * What was read, and many replaced records, leave holes in this thread's heap. The next
	 * fetch, on another thread, would not fill them, so they go back to the kernel.
	 */
	made_many = fill.made >= MANY;
	json_decref(fill.illegible);
	snapshot_put(old);
	snapshot_put(new);
	if (made_many)
		trim_heap();
	return error;
}

/*
 * Return a reference to what is held of ID if that shows the same as RECORD (or NULL), else to
 * RECORD.
 */
static struct record *held_or_new_locked(struct roster *roster, const char *id,
					 struct record *record)
{
	struct record *held;
	double seconds;

	if (!record)
		return NULL;
	known_peek_locked(roster, id, &held, &seconds);
	return record_get(held && held != roster->absent && record_same(held, record) ? held
										      : record);
}

void fetch_put(const struct flight *flight, const char *id, struct record *record)
{
	struct roster *roster = flight->roster;
	struct record *old = NULL, *kept = NULL;
	struct overlay *entry;
	bool stale = false;

	pthread_mutex_lock(&roster->lock);
	if (roster->known.generation != flight->generation) {
		entry = known_overlay_locked(roster, id);
		stale = entry && entry->generation > flight->generation;
	}
	if (!stale) {
		kept = held_or_new_locked(roster, id, record);
		if (record && gets_is_partial(roster) && roster->known.snapshot)
			gets_note_detail_locked(roster, id,
						snapshot_find(roster->known.snapshot, id));
		old = known_put_locked(roster, id, kept, flight->began, true);
		entry = known_overlay_locked(roster, id);
		if (entry)
			entry->ends = flight->call.good_until;
	}
	pthread_mutex_unlock(&roster->lock);
	if (!stale)
		publish_replaced(roster, id, old, kept);
	record_put(kept);
}

/*
 * Find out what it means that the GET of FLIGHT's record failed so that only the list can tell.
 * *RECORD is set to what was created here, or NULL. Return 0, -ENOENT (the list was read and lacks
 * it) or -EAGAIN.
 */
static int fetch_explain(struct flight *flight, struct record **record)
{
	struct roster *roster = flight->roster;
	bool lacks = flight->listed;

	*record = presence_record(roster, &flight->call, flight->asked);
	if (*record)
		return 0;
	pthread_mutex_lock(&roster->lock);
	if (known_whole_fresh_locked(roster) &&
	    !snapshot_find(roster->known.snapshot, flight->asked))
		lacks = true;
	pthread_mutex_unlock(&roster->lock);
	if (lacks)
		return call_decide(&flight->call, CALL_MISSING);
	flight->missed = calloc(1, sizeof(*flight->missed));
	if (!flight->missed)
		return call_no_memory(&flight->call);
	call_continue(flight->missed, &flight->call);
	call_copy_error(flight->missed, &flight->call);
	call_clear(&flight->call);
	return -EAGAIN;
}

/* Make a new *RECORD of OBJECT (taken), the response to FLIGHT's GET. Return 0 or a negative errno.
 */
static int take_object(struct flight *flight, json_t *object, struct record **record)
{
	struct roster *roster = flight->roster;
	struct timespec when;

	gets_note(roster, flight->asked, object);
	clock_gettime(CLOCK_REALTIME, &when);
	lag_correct(roster->lag, flight->asked, object, LAG_READ, NULL, NULL);
	*record = record_new(roster->collection, flight->asked, object, when);
	json_decref(object);
	if (!*record)
		return call_no_memory(&flight->call);
	keep_time(roster, *record);
	return 0;
}

int fetch_record(struct flight *flight)
{
	struct roster *roster = flight->roster;
	struct record *record = NULL;
	json_t *object = NULL;
	bool proven = false;
	int error = item_get(&flight->call, roster->account, roster->collection, roster->parent,
			     flight->asked, &object, NULL);

	if (!error && presence_was_deleted(roster, &flight->call, flight->asked, object)) {
		json_decref(object);
		error = call_fail(&flight->call, CALL_MISSING, "this mount has just deleted it");
	} else if (!error) {
		error = take_object(flight, object, &record);
	} else if (gets_needs_list(roster, &flight->call, error)) {
		error = fetch_explain(flight, &record);
		proven = error == -ENOENT;
	} else if (error == -ENOENT) {
		record = presence_record(roster, &flight->call, flight->asked);
		error = record ? 0 : error;
	}
	if (error && error != -ENOENT)
		return error;
	fetch_put(flight, flight->asked, record);
	if (proven)
		gone_prove(roster, flight->asked);
	record_put(record);
	return error;
}

/* Return true if the newest list is fresh and lacks the record of FLIGHT. */
static bool is_unlisted(const struct flight *flight)
{
	struct roster *roster = flight->roster;
	bool lacks;

	pthread_mutex_lock(&roster->lock);
	lacks = known_whole_fresh_locked(roster) &&
		!snapshot_find(roster->known.snapshot, flight->asked);
	pthread_mutex_unlock(&roster->lock);
	return lacks;
}

int fetch_detail(struct flight *flight)
{
	struct roster *roster = flight->roster;
	struct record *record = NULL;
	json_t *object = NULL;
	int error = item_get(&flight->call, roster->account, roster->collection, roster->parent,
			     flight->asked, &object, NULL);

	if (!error && presence_was_deleted(roster, &flight->call, flight->asked, object)) {
		json_decref(object);
		error = call_fail(&flight->call, CALL_MISSING, "this mount has just deleted it");
	} else if (!error) {
		error = take_object(flight, object, &record);
	} else if (error == -ENOENT) {
		/* reads may lag behind the creation */
		record = presence_record(roster, &flight->call, flight->asked);
		error = record ? 0 : error;
	}
	if (!error || (error == -ENOENT && is_unlisted(flight)))
		fetch_put(flight, flight->asked, record);
	record_put(record);
	return error;
}

int fetch_self(struct flight *flight)
{
	struct roster *roster = flight->roster;
	char *id = NULL;
	int error = self_find(&flight->call, roster->account, &id);

	if (error && error != -ENODATA)
		return error;
	pthread_mutex_lock(&roster->lock);
	known_note_self_locked(roster, id);
	pthread_mutex_unlock(&roster->lock);
	return error;
}
