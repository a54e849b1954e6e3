/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.c - a whole roster as it is now: the newest snapshot, and what was written over it.
 *
 * A part of a roster. A write is laid over the snapshot at once, but into it only for who asks for
 * all: that takes as long as the roster is large, so it is done without the roster's lock, and
 * nobody else waits for it. What is written meanwhile is not in it, and the generation that goes
 * with the snapshot tells so. It knows nothing of age or fetching.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/whole.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/roster_state.h"

#include "vendors/base/table.h"
#include "vendors/base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- with the lock ---- */

/* Note what the overlay of ROSTER holds that its snapshot does not. 0 or -ENOMEM. */
static int take_written_locked(struct roster *roster, struct whole *whole)
{
	whole->written = calloc(HASH_COUNT(roster->overlay) + 1, sizeof(*whole->written));
	if (!whole->written)
		return -ENOMEM;
	for (const struct overlay *entry = roster->overlay; entry; entry = entry->hh.next) {
		struct written *written = &whole->written[whole->count];

		if (entry->generation <= roster->merged ||
		    (!entry->record && !entry->deleted && !entry->proven))
			continue;
		written->old = snapshot_find(roster->snapshot, entry->id);
		if (entry->record == written->old)
			continue;
		written->now = entry->record ? record_get(entry->record) : NULL;
		whole->count++;
	}
	return 0;
}

int whole_take_locked(struct roster *roster, struct whole *whole)
{
	memset(whole, 0, sizeof(*whole));
	whole->generation = roster->generation;
	if (roster->merged != roster->generation && take_written_locked(roster, whole))
		return -ENOMEM;
	if (!whole->count)
		roster->merged = roster->generation;
	whole->snapshot = snapshot_get(roster->snapshot);
	return 0;
}

/* ---- without it ---- */

static void clear(struct whole *whole)
{
	for (size_t i = 0; i < whole->count; i++)
		record_put(whole->written[i].now);
	free(whole->written);
	snapshot_put(whole->snapshot);
	memset(whole, 0, sizeof(*whole));
}

static const char *id_of(const void *item)
{
	const struct written *written = item;

	return written->old->id;
}

/* A table of what VIEW has in place of records of its snapshot. 0 or -ENOMEM. */
static int index_written(const struct whole *whole, struct table *table)
{
	int error = 0;

	table_init(table, id_of);
	for (size_t i = 0; !error && i < whole->count; i++) {
		if (whole->written[i].old)
			error = table_add(table, &whole->written[i],
					  hash_text(whole->written[i].old->id));
	}
	return error;
}

/* The snapshot of VIEW with what was written, or NULL: no memory. */
static struct snapshot *lay(const struct whole *whole)
{
	const struct snapshot *old = whole->snapshot;
	struct snapshot_builder builder;
	struct table changed;
	int error = index_written(whole, &changed);

	snapshot_begin(&builder, NULL);
	for (size_t i = 0; !error && i < old->count; i++) {
		struct record *record = old->records[i];
		const struct written *written = table_find(&changed, record->id,
							   hash_text(record->id));

		if (written)
			record = written->now;
		if (record)
			error = snapshot_add(&builder, record_get(record));
	}
	for (size_t i = 0; !error && i < whole->count; i++) {
		if (!whole->written[i].old)
			error = snapshot_add(&builder, record_get(whole->written[i].now));
	}
	table_clear(&changed);
	if (!error)
		return snapshot_end(&builder, old->fetched);
	snapshot_reset(&builder);
	return NULL;
}

/* MADE of VIEW takes the place of the snapshot that it was made of, if that still is ROSTER's. */
static void offer(struct roster *roster, const struct whole *whole, struct snapshot *made)
{
	struct snapshot *old = NULL;

	pthread_mutex_lock(&roster->lock);
	if (roster->snapshot == whole->snapshot) {
		old = roster->snapshot;
		roster->snapshot = snapshot_get(made);
		roster->merged = whole->generation;
	}
	pthread_mutex_unlock(&roster->lock);
	snapshot_put(old);
}

struct snapshot *whole_make(struct roster *roster, struct whole *whole)
{
	struct snapshot *made;

	if (whole->count) {
		made = lay(whole);
		if (made)
			offer(roster, whole, made);
	} else {
		made = whole->snapshot;
		whole->snapshot = NULL;
	}
	clear(whole);
	return made;
}
