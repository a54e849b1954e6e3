/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole.c - see whole.h.
 *
 * A write is shown at once, in place of what the snapshot has. It is merged into the snapshot only
 * for a reader that asks for all: that takes as long as the roster is large, so it is done without
 * the roster's lock. What is written meanwhile is not in the result, and the generation that comes
 * with it shows that.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/whole.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_state.h"
#include "vendors/base/address.h"
#include "vendors/base/hash.h"
#include "vendors/base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- with the lock ---- */

/* Note what the overlay of ROSTER holds that its snapshot does not. Return 0 or -ENOMEM. */
static int take_written_locked(struct roster *roster, struct whole *whole)
{
	whole->written = calloc(HASH_COUNT(roster->known.overlay) + 1, sizeof(*whole->written));
	if (!whole->written)
		return -ENOMEM;
	for (const struct overlay *entry = roster->known.overlay; entry; entry = entry->hh.next) {
		struct written *written = &whole->written[whole->count];

		if (entry->generation <= roster->known.merged ||
		    (!entry->record && !entry->deleted && !entry->proven))
			continue;
		written->old = snapshot_find(roster->known.snapshot, entry->id);
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
	whole->generation = roster->known.generation;
	if (roster->known.merged != roster->known.generation && take_written_locked(roster, whole))
		return -ENOMEM;
	if (!whole->count)
		known_merged_locked(roster, roster->known.generation);
	whole->snapshot = snapshot_get(roster->known.snapshot);
	return 0;
}

/* ---- without it ---- */

static void whole_clear(struct whole *whole)
{
	for (size_t i = 0; i < whole->count; i++)
		record_put(whole->written[i].now);
	free(whole->written);
	snapshot_put(whole->snapshot);
	memset(whole, 0, sizeof(*whole));
}

static const char *id_of_written(const void *item)
{
	const struct written *written = item;

	return written->old->id;
}

/* Make a table of what WHOLE has in place of records of its snapshot. Return 0 or -ENOMEM. */
static int index_written(const struct whole *whole, struct table *table)
{
	int error = 0;

	table_init(table, id_of_written);
	for (size_t i = 0; !error && i < whole->count; i++) {
		if (whole->written[i].old)
			error = table_add(table, &whole->written[i],
					  hash_text(whole->written[i].old->id));
	}
	return error;
}

/* Return the snapshot of WHOLE with what was written, or NULL: no memory. */
static struct snapshot *merge_written(const struct whole *whole)
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

/* Put MADE of WHOLE in place of the snapshot that it was made of, if that is still ROSTER's. */
static void install_merged(struct roster *roster, const struct whole *whole, struct snapshot *made)
{
	struct snapshot *old;

	pthread_mutex_lock(&roster->lock);
	old = known_replace_locked(roster, whole->snapshot, made, whole->generation);
	pthread_mutex_unlock(&roster->lock);
	snapshot_put(old);
}

struct snapshot *whole_make(struct roster *roster, struct whole *whole)
{
	struct snapshot *made;

	if (whole->count) {
		made = merge_written(whole);
		if (made)
			install_merged(roster, whole, made);
	} else {
		made = whole->snapshot;
		whole->snapshot = NULL;
	}
	whole_clear(whole);
	return made;
}

struct snapshot *whole_show(struct roster *roster, uint64_t *generation, double *seconds)
{
	struct whole whole = {0};

	pthread_mutex_lock(&roster->lock);
	*seconds = 0;
	if (roster->known.snapshot && !whole_take_locked(roster, &whole) &&
	    known_whole_fresh_locked(roster))
		*seconds = known_snapshot_left_locked(roster);
	*generation = whole.generation;
	pthread_mutex_unlock(&roster->lock);
	return whole_make(roster, &whole);
}

struct snapshot *whole_snapshot(struct roster *roster, double *seconds)
{
	uint64_t generation;

	return whole_show(roster, &generation, seconds);
}

int whole_unsettled(struct roster *roster, const struct snapshot *snapshot, char **id)
{
	const char *found = NULL;
	struct overlay *entry;

	*id = NULL;
	pthread_mutex_lock(&roster->lock);
	for (entry = roster->known.overlay; entry && !entry->doubt; entry = entry->hh.next) {
	}
	if (entry)
		*id = strdup(entry->id);
	pthread_mutex_unlock(&roster->lock);
	if (entry)
		return *id ? 0 : -ENOMEM;
	for (size_t i = 0; i < snapshot->count && !found; i++) {
		if (snapshot->records[i]->unreadable)
			found = snapshot->records[i]->id;
	}
	if (found)
		*id = strdup(found);
	return found && !*id ? -ENOMEM : 0;
}

uint64_t whole_generation(struct roster *roster, double *seconds)
{
	uint64_t generation;

	pthread_mutex_lock(&roster->lock);
	generation = roster->known.generation;
	*seconds = 0;
	if (known_whole_fresh_locked(roster))
		*seconds = known_snapshot_left_locked(roster);
	pthread_mutex_unlock(&roster->lock);
	return generation;
}

/* ---- those with an email ---- */

/*
 * Add those with KEY of ROSTER's snapshot, except those of which the overlay has something newer.
 * Return 0 or -ENOMEM.
 */
static int add_with_email(struct snapshot_builder *builder, struct roster *roster, const char *key)
{
	const struct snapshot_emails *emails = snapshot_emails(roster->known.snapshot);
	struct record *const *with;
	size_t count;

	if (!emails)
		return -ENOMEM;
	with = snapshot_with_email(emails, key, &count);
	for (size_t i = 0; i < count; i++) {
		const struct overlay *entry;

		entry = known_overlay_locked(roster, with[i]->id);
		if (entry && (entry->record || entry->deleted || entry->proven))
			continue;
		if (snapshot_add(builder, record_get(with[i])))
			return -ENOMEM;
	}
	return 0;
}

struct snapshot *whole_with_email_locked(struct roster *roster, const char *email)
{
	char *key = address_key(email);
	struct snapshot_builder builder;
	int error = key ? 0 : -ENOMEM;

	snapshot_begin(&builder, NULL);
	if (!error)
		error = add_with_email(&builder, roster, key);
	for (struct overlay *entry = roster->known.overlay; entry && !error;
	     entry = entry->hh.next) {
		const struct record *record = entry->record;

		if (record && record_key(record) && strcasecmp(record_key(record), key) == 0)
			error = snapshot_add(&builder, record_get(entry->record));
	}
	free(key);
	if (!error)
		return snapshot_end(&builder, roster->known.snapshot->fetched);
	snapshot_reset(&builder);
	return NULL;
}

void whole_index_emails(struct roster *roster)
{
	struct snapshot *snapshot = NULL;

	pthread_mutex_lock(&roster->lock);
	if (roster->known.snapshot)
		snapshot = snapshot_get(roster->known.snapshot);
	pthread_mutex_unlock(&roster->lock);
	if (snapshot)
		snapshot_emails(snapshot);
	snapshot_put(snapshot);
}
