/*
 * fetch.c - what a flight does on its thread: fetch the whole roster, one record, or who self is.
 *
 * It asks the vendor and installs what came, unless something newer is known by then: a write that
 * was acknowledged meanwhile, or a fetch that began later. Who waits for it is flight.c's business.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster_state.h"

#include "cache/versions.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>

struct fill {
	struct list_sink sink;
	struct flight *flight;
	struct snapshot_builder builder;
	struct timespec when;
};

/* RECORD has just come: what is held of it may have been saved here. */
static void keep_time(struct roster *roster, struct record *record)
{
	struct record *held;
	double seconds;

	roster_peek(roster, record->id, &held, &seconds);
	if (held)
		record_keep_time(roster->collection, record, held);
	record_put(held);
}

static int fill_add(struct list_sink *sink, const char *id, json_t *object)
{
	struct fill *fill = (struct fill *)sink;
	const struct collection *users = fill->flight->roster->collection;
	struct record *record;

	collection_hide(users, object);
	record = record_new(users, id, object, fill->when);
	if (!record)
		return -ENOMEM;
	keep_time(fill->flight->roster, record);
	return snapshot_add(&fill->builder, record);
}

static void fill_reset(struct list_sink *sink)
{
	struct fill *fill = (struct fill *)sink;

	snapshot_reset(&fill->builder);
}

static void fill_progress(struct list_sink *sink, unsigned pages, size_t rows)
{
	struct fill *fill = (struct fill *)sink;
	struct roster *roster = fill->flight->roster;

	pthread_mutex_lock(&roster->lock);
	fill->flight->pages = pages;
	fill->flight->rows = rows;
	pthread_mutex_unlock(&roster->lock);
}

/* Forget what was known before the fetch; what was written since it began stays on top. */
static void drop_overlay_locked(struct roster *roster, const struct flight *flight,
				const struct snapshot *new)
{
	struct overlay *entry, *next;

	HASH_ITER(hh, roster->overlay, entry, next) {
		if (entry->generation > flight->generation)
			continue;
		if (entry->record)
			roster_pass_on(roster, entry->record, new);
		roster_forget_locked(roster, entry);
	}
}

/* Keep versions that were shown and are replaced, and look for users that came back to life. */
static void compare_snapshots(struct roster *roster, const struct snapshot *old,
			      const struct snapshot *new)
{
	bool any;

	for (size_t i = 0; old && i < old->count; i++) {
		struct record *record = old->records[i];

		if (atomic_load_explicit(&record->shown, memory_order_relaxed) &&
		    snapshot_find(new, record->id) != record)
			versions_retire(roster->versions, record);
	}
	pthread_mutex_lock(&roster->lock);
	any = roster->deactivated;
	pthread_mutex_unlock(&roster->lock);
	for (size_t i = 0; any && i < new->count; i++)
		roster_check_active(roster, new->records[i]);
}

/* NEW is what the roster is from now on, unless a fetch that began later was quicker. */
static void install(const struct flight *flight, struct snapshot *new)
{
	struct roster *roster = flight->roster;

	pthread_mutex_lock(&roster->lock);
	if (flight->began >= roster->snapshot_began) {
		snapshot_put(roster->snapshot);
		roster->snapshot = snapshot_get(new);
		roster->snapshot_began = flight->began;
		roster->snapshot_since = roster_now();
		roster->generation++;
		drop_overlay_locked(roster, flight, new);
	}
	roster->fetches++;
	pthread_mutex_unlock(&roster->lock);
}

int fetch_whole(struct flight *flight)
{
	struct roster *roster = flight->roster;
	struct snapshot *old = NULL, *new;
	struct fill fill = {
	    .sink = {.add = fill_add, .reset = fill_reset, .progress = fill_progress},
	    .flight = flight,
	};
	double seconds;
	int error;

	clock_gettime(CLOCK_REALTIME, &fill.when);
	old = roster_snapshot(roster, &seconds);
	snapshot_begin(&fill.builder, old);
	error = vendor_list(&flight->call, roster->account, roster->collection, roster->parent,
			    &fill.sink);
	if (error)
		snapshot_reset(&fill.builder);
	new = snapshot_end(&fill.builder, fill.when);
	if (!error && !new)
		error = call_fail(&flight->call, ENOMEM, "no memory for the roster");
	if (!error && new) {
		install(flight, new);
		compare_snapshots(roster, old, new);
		if (roster->events.replaced)
			roster->events.replaced(roster->events.arg);
	}
	snapshot_put(old);
	snapshot_put(new);
	return error;
}

void fetch_put(const struct flight *flight, const char *id, struct record *record)
{
	struct roster *roster = flight->roster;
	struct record *old = NULL;
	bool stale = false;

	pthread_mutex_lock(&roster->lock);
	if (roster->generation != flight->generation) {
		struct overlay *entry;

		HASH_FIND_STR(roster->overlay, id, entry);
		stale = entry && entry->generation > flight->generation;
	}
	if (!stale)
		old = roster_overlay_locked(roster, id, record, flight->began, true);
	pthread_mutex_unlock(&roster->lock);
	if (!stale)
		roster_replaced(roster, id, old, record);
}

int fetch_record(struct flight *flight)
{
	struct roster *roster = flight->roster;
	const struct collection *users = roster->collection;
	struct record *record = NULL;
	struct timespec when;
	json_t *object = NULL;
	int error = vendor_get(&flight->call, roster->account, users, roster->parent, flight->id,
			       &object, NULL);

	if (error && error != -ENOENT)
		return error;
	clock_gettime(CLOCK_REALTIME, &when);
	if (!error) {
		record = record_new(users, flight->id, object, when);
		json_decref(object);
		if (!record)
			return call_fail(&flight->call, ENOMEM, "no memory");
		keep_time(roster, record);
	}
	fetch_put(flight, flight->id, record);
	record_put(record);
	return error;
}

int fetch_self(struct flight *flight)
{
	struct roster *roster = flight->roster;
	char *id = NULL;
	int error = roster->account->vendor->self(&flight->call, roster->account, &id);

	if (error && error != -ENODATA)
		return error;
	pthread_mutex_lock(&roster->lock);
	free(roster->self);
	roster->self = id;
	roster->self_known = true;
	roster->self_since = roster_now();
	pthread_mutex_unlock(&roster->lock);
	return error;
}
