/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.c - see fetch.h.
 *
 * It asks the store and then the vendor, and publishes what came, unless something newer is known
 * by then: a write that was acknowledged meanwhile, or a fetch that began later. It does not know
 * the waits (flight.c).
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/fetch.h"

#include "cache/document/render.h"
#include "cache/record/lag.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/fetch_record.h"
#include "cache/roster/gets.h"
#include "cache/roster/illegible.h"
#include "cache/roster/known.h"
#include "cache/roster/presence.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster_state.h"
#include "cache/roster/store.h"
#include "cache/roster/whole.h"
#include "vendors/base/clock.h"
#include "vendors/list/list.h"
#include "vendors/template/source.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Records that take some megabytes together. */
#define MANY 10000

/* A list that is being read. */
struct fill {
	struct list_sink sink;
	struct store_list list; /* of the store, if there are other hosts */
	struct flight *flight;
	struct snapshot_builder builder;
	struct render text; /* of the record that has just come */
	struct timespec when;
	json_t *illegible;               /* ids, or NULL */
	size_t made;                     /* records that are not the old snapshot's */
	const struct list_trail *passed; /* behind the page that was read last; or NULL */
	bool shared;                     /* there are other hosts */
	bool saves;                      /* they get what this one reads */
	bool older;                      /* the list was requested before the flight began */
};

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
	record = fill->builder.old ? NULL : fetch_held(roster, id);
	if (record && (record_shows(record, &fill->text) || keeps_detail(fill, id, object, record)))
		return record;
	record_put(record);
	record = record_new_rendered(roster->collection, id, object, &fill->text, fill->when);
	if (!record)
		return NULL;
	record->row = true;
	record->unreadable = unreadable;
	fetch_keep_time(roster, record);
	fill->made++;
	return record;
}

/* As make_record, for an OBJECT whose text would be longer than that of a file. */
static struct record *make_large(struct fill *fill, const char *id, const json_t *object)
{
	const struct collection *collection = fill->flight->roster->collection;
	struct record *record = record_new_unreadable(collection, id, object, fill->when);

	if (!record)
		return NULL;
	illegible_log_large(&fill->flight->call, collection, id);
	record->row = true;
	fill->made++;
	return record;
}

/* Add RECORD, whose reference is taken. Return as snapshot_add. */
static int fill_take(struct fill *fill, struct record *record)
{
	int error;

	if (illegible_add(&fill->illegible, record)) {
		record_put(record);
		return -ENOMEM;
	}
	error = snapshot_add(&fill->builder, record);
	fill->sink.held = fill->builder.bytes;
	return error;
}

static int fill_record(struct fill *fill, const char *id, json_t *object, bool unreadable)
{
	const struct source_reply reply = {.body = object};
	struct record *record = NULL;
	int error;

	if (condition_holds(&fill->flight->roster->collection->gone_when, &reply) ||
	    presence_was_deleted(fill->flight->roster, &fill->flight->call, id, object))
		return 0;
	lag_correct(fill->flight->roster->lag, id, object, LAG_READ, NULL, NULL);
	error = render_object(&fill->text, object);
	if (error == -EFBIG)
		record = make_large(fill, id, object);
	else if (!error)
		record = make_record(fill, id, object, unreadable);
	if (!record)
		return -ENOMEM;
	error = fill_take(fill, record);
	if (!error && fill->saves)
		fill->flight->roster->store->ops->save_record(fill->flight->roster->seat,
							      &fill->list, record);
	return error;
}

static int fill_add(struct list_sink *sink, const char *id, json_t *object)
{
	return fill_record((struct fill *)sink, id, object, false);
}

static int fill_unreadable(struct list_sink *sink, const char *id, json_t *object)
{
	return fill_record((struct fill *)sink, id, object, true);
}

static void fill_forget(struct fill *fill)
{
	snapshot_reset(&fill->builder);
	fill->sink.held = 0;
	json_array_clear(fill->illegible);
}

static void fill_reset(struct list_sink *sink)
{
	struct fill *fill = (struct fill *)sink;
	struct roster *roster = fill->flight->roster;

	fill_forget(fill);
	fill->passed = NULL;
	if (fill->saves)
		roster->store->ops->save_reset(roster->seat, &fill->list);
}

/* Show that HOST (NULL: this mount) has read PAGES of TOTAL pages with ROWS rows. */
static void show_progress(struct fill *fill, const char *host, unsigned pages, size_t rows,
			  unsigned total)
{
	struct roster *roster = fill->flight->roster;
	struct progress *progress = &fill->flight->progress;

	pthread_mutex_lock(&roster->lock);
	snprintf(progress->host, sizeof(progress->host), "%s", host ? host : "");
	progress->pages = pages;
	progress->rows = rows;
	progress->total = total;
	if (pages == 1)
		known_note_step_locked(roster, rows);
	pthread_mutex_unlock(&roster->lock);
	progress_tell(progress);
}

static void fill_passed(struct list_sink *sink, const struct list_trail *trail)
{
	((struct fill *)sink)->passed = trail;
}

static void fill_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct fill *fill = (struct fill *)sink;
	struct roster *roster = fill->flight->roster;

	show_progress(fill, NULL, pages, rows, total);
	if (fill->saves)
		roster->store->ops->save_page(roster->seat, &fill->list, pages, rows, total,
					      fill->passed);
	fill->passed = NULL;
}

/* ---- what other hosts have read ---- */

static struct fill *fill_of(struct store_list *list)
{
	return (struct fill *)((char *)list - offsetof(struct fill, list));
}

/*
 * Correct *RECORD, which another host has read, by what this mount remembers of its writes. NULL:
 * it was deleted here. Return 0 or -ENOMEM; *RECORD's reference is gone then.
 */
static int correct_stored(struct fill *fill, struct record **record)
{
	struct roster *roster = fill->flight->roster;
	json_t *object = record_json(*record);
	struct record *before = *record;
	struct lag_found found;

	*record = NULL;
	if (!object) {
		record_put(before);
		return -ENOMEM;
	}
	if (presence_was_deleted(roster, &fill->flight->call, before->id, object)) {
		record_put(before);
		json_decref(object);
		return 0;
	}
	lag_correct(roster->lag, before->id, object, LAG_READ, NULL, &found);
	if (!found.corrected)
		*record = record_get(before);
	else if (!render_object(&fill->text, object))
		*record = record_new_rendered(roster->collection, before->id, object, &fill->text,
					      record_time(before));
	if (*record)
		(*record)->row = true;
	lag_found_clear(&found);
	record_put(before);
	json_decref(object);
	return *record ? 0 : -ENOMEM;
}

/* Return true if HELD is shown in place of RECORD, which another host has read. */
static bool shows_stored(struct fill *fill, struct record *held, const struct record *record)
{
	struct roster *roster = fill->flight->roster;
	json_t *object;
	bool keeps;

	if (record_same(held, record))
		return true;
	if (!gets_is_partial(roster) || held->row)
		return false;
	object = record_json(record);
	keeps = object && !render_object(&fill->text, object) &&
		keeps_detail(fill, record->id, object, held);
	json_decref(object);
	return keeps;
}

static int fill_stored(struct store_list *list, struct record *record)
{
	struct fill *fill = fill_of(list);
	struct roster *roster = fill->flight->roster;
	struct record *old;
	int error = 0;

	fill->sink.received += record_size(record); /* it came as long as it is */
	if (!record->unreadable &&
	    (lag_covers(roster->lag, record->id) || presence_hides(roster, record->id)))
		error = correct_stored(fill, &record);
	if (error || !record)
		return error;
	old = snapshot_old(&fill->builder, record->id);
	old = old ? record_get(old) : fill->builder.old ? NULL : fetch_held(roster, record->id);
	if (old && shows_stored(fill, old, record)) {
		record_put(record);
		record = old;
	} else {
		record_put(old);
		fetch_keep_time(roster, record);
		fill->made++;
	}
	return fill_take(fill, record);
}

static void fill_stored_reset(struct store_list *list)
{
	fill_forget(fill_of(list));
}

static void fill_stored_progress(struct store_list *list, const char *host, unsigned pages,
				 size_t rows, unsigned total)
{
	show_progress(fill_of(list), host, pages, rows, total);
}

/*
 * Ask the store. WALK: see store_list. Return 0: the list has come. 1: the vendor is to be asked. A
 * negative errno with a message in the flight's call.
 */
static int load(struct fill *fill, struct call *walk)
{
	struct flight *flight = fill->flight;
	struct roster *roster = flight->roster;
	int result;

	fill->list = (struct store_list){.call = &flight->call,
					 .walk = walk,
					 .add = fill_stored,
					 .reset = fill_stored_reset,
					 .progress = fill_stored_progress};
	do {
		fill->list.since = known_since(roster, flight);
		fill_forget(fill);
		result = roster->store->ops->load(roster->seat, &fill->list);
		/* somebody may have asked for a newer one meanwhile */
	} while (!result && fill->list.began < known_since(roster, flight));
	fill->saves = result == 1;
	fill->sink.trail = result == 1 ? fill->list.trail : NULL;
	fill->older = !result || fill->sink.trail;
	if (!result) {
		flight->received = fill->list.received;
		fill->when = (struct timespec){.tv_sec = fill->list.fetched};
	}
	return result;
}

/* ---- reading ---- */

/*
 * Add what was created here and is not in the list yet, and end the list, which was read with ERROR
 * (0 or a negative errno). Return 0 or a negative errno with a message in the flight's call.
 */
static int complete(struct fill *fill, int error)
{
	struct flight *flight = fill->flight;
	struct roster *roster = flight->roster;
	const struct snapshot_builder *builder = &fill->builder;
	size_t listed = builder->count, added = 0;

	if (!error && presence_complete(flight, &fill->builder, &added))
		error = call_no_memory(&flight->call);
	fill->made += added;
	for (size_t i = listed; fill->saves && !error && i < builder->count; i++)
		roster->store->ops->save_record(roster->seat, &fill->list, builder->records[i]);
	if (fill->saves)
		roster->store->ops->save_end(roster->seat, &fill->list, error);
	return error;
}

/* As list_walk, with CALL. */
static int ask_vendor(struct fill *fill, struct call *call)
{
	struct roster *roster = fill->flight->roster;
	int error = list_walk(call, roster->account, roster->collection, roster->parent,
			      &fill->sink);

	/* before the list is saved for others, and installed */
	if (call->good_until > 0)
		call_good_until(&fill->flight->call, call->good_until);
	return error;
}

/*
 * Ask the store, and the vendor with CALL if that is to be. Return as list_walk, or -EAGAIN without
 * words: another host has gone on with the walk of this one. LAST: this one walks on all the same.
 */
static int load_or_ask(struct fill *fill, struct call *call, bool last)
{
	struct flight *flight = fill->flight;
	struct roster *roster = flight->roster;
	int error = load(fill, last ? NULL : call);

	if (error == 1)
		error = ask_vendor(fill, call);
	if (error != -EINTR || !fill->saves || call_cancelled(&flight->call))
		return error;
	roster->store->ops->save_end(roster->seat, &fill->list, error);
	fill_forget(fill);
	fill->saves = false;
	fill->passed = NULL;
	call_clear(call);
	return -EAGAIN;
}

/* Read the list into FILL. Return 0 or a negative errno with a message in the flight's call. */
static int walk(struct fill *fill)
{
	struct flight *flight = fill->flight;
	struct roster *roster = flight->roster;
	struct call call;
	int error;

	pthread_mutex_lock(&roster->lock);
	flight->progress = (struct progress){.what = flight->call.path, .began = clock_seconds()};
	pthread_mutex_unlock(&roster->lock);
	progress_tell(&flight->progress);
	call_nest(&call, &flight->call);
	error = fill->shared ? load_or_ask(fill, &call, false) : ask_vendor(fill, &call);
	if (error == -EAGAIN) {
		call_unnest(&call, &flight->call);
		call_nest(&call, &flight->call);
		/* two hosts that do not get on must not take turns for ever */
		error = load_or_ask(fill, &call, true);
	}
	error = complete(fill, error);
	call_unnest(&call, &flight->call);
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

void fetch_meet(struct flight *flight)
{
	struct roster *roster = flight->roster;

	if (roster->store == store_local())
		return;
	roster->store->ops->meet(roster->seat);
	pthread_mutex_lock(&roster->lock);
	flight->began = clock_seconds();
	flight->generation = roster->known.generation;
	pthread_mutex_unlock(&roster->lock);
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
	    .shared = roster->store != store_local(),
	};
	double seconds;
	int error;

	clock_gettime(CLOCK_REALTIME, &fill.when);
	if (fill.shared)
		fill.sink.passed = fill_passed;
	old = whole_snapshot(roster, &seconds);
	snapshot_begin(&fill.builder, old);
	error = walk(&fill);
	if (error)
		snapshot_reset(&fill.builder);
	new = snapshot_end(&fill.builder, fill.when);
	render_clear(&fill.text);
	if (!error && !new)
		error = call_no_memory(&flight->call);
	if (!error && new)
		publish_list(&(struct publish_list){.flight = flight,
						    .old = old,
						    .new = new,
						    .illegible = &fill.illegible,
						    .older = fill.older,
						    .began = fill.list.began});
	/*
	 * What was read, and many replaced records, leave holes in this thread's heap. The next
	 * fetch, on another thread, would not fill them, so they go back to the kernel.
	 */
	json_decref(fill.illegible);
	snapshot_put(old);
	snapshot_put(new);
	if (fill.made >= MANY)
		trim_heap();
	return error;
}
