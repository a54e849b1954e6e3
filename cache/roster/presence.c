/* SPDX-License-Identifier: Apache-2.0 */
/*
 * presence.c - records that this mount made or deleted, while reads may lag behind that.
 *
 * A part of a roster, under its lock. For account->lag seconds a list without a record that was
 * made, and a 404, are taken for old responses; so is a list or a GET that shows a deleted one as
 * it was. Where that is done, what was read is good only until then: the next question goes to the
 * vendor, whose word counts. It asks nothing itself.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/presence.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/known.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster_state.h"

#include "vendors/base/clock.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct presence {
	char *id;
	struct record *record;   /* as it was made; NULL: it was deleted */
	bool timed;              /* deleted: it had a time of its own... */
	struct timespec updated; /* ...which is this */
	double until;            /* monotonic seconds */
	UT_hash_handle hh;
};

static void forget_locked(struct roster *roster, struct presence *presence)
{
	HASH_DEL(roster->presences, presence); /* NOLINT(clang-analyzer-unix.Malloc) */
	record_put(presence->record);
	free(presence->id);
	free(presence);
}

void presence_free_locked(struct roster *roster)
{
	struct presence *presence, *next;

	HASH_ITER(hh, roster->presences, presence, next)
		forget_locked(roster, presence);
}

/* What is remembered of ID, if that is not over; or NULL. */
static struct presence *find_locked(struct roster *roster, const char *id)
{
	struct presence *presence;

	HASH_FIND_STR(roster->presences, id, presence);
	if (!presence || presence->until > clock_seconds())
		return presence;
	forget_locked(roster, presence);
	return NULL;
}

/* From now on RECORD (NULL: its absence) is remembered. NULL: no memory, or there is no lag. */
static struct presence *note_locked(struct roster *roster, const char *id, struct record *record)
{
	struct presence *presence = find_locked(roster, id);

	if (!roster->account->lag)
		return NULL;
	if (presence)
		forget_locked(roster, presence);
	presence = calloc(1, sizeof(*presence));
	if (presence)
		presence->id = strdup(id);
	if (!presence || !presence->id) {
		free(presence);
		return NULL;
	}
	presence->record = record ? record_get(record) : NULL;
	presence->until = clock_seconds() + roster->account->lag;
	HASH_ADD_KEYPTR(hh, roster->presences, presence->id, strlen(presence->id), presence);
	atomic_store(&roster->remembers, true);
	return presence;
}

void presence_note_made(struct roster *roster, struct record *record)
{
	pthread_mutex_lock(&roster->lock);
	note_locked(roster, record->id, record);
	pthread_mutex_unlock(&roster->lock);
}

void presence_note_deleted(struct roster *roster, const char *id, const json_t *before)
{
	struct presence *presence;

	pthread_mutex_lock(&roster->lock);
	presence = note_locked(roster, id, NULL);
	if (presence)
		presence->timed = collection_updated(roster->collection, before,
						     &presence->updated);
	pthread_mutex_unlock(&roster->lock);
}

bool presence_was_made(struct roster *roster, const char *id)
{
	const struct presence *presence;
	bool made;

	pthread_mutex_lock(&roster->lock);
	presence = find_locked(roster, id);
	made = presence && presence->record;
	pthread_mutex_unlock(&roster->lock);
	return made;
}

void publish_good_until(struct roster *roster, const char *id, double until)
{
	struct overlay *entry;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->overlay, id, entry);
	if (entry)
		entry->ends = until;
	pthread_mutex_unlock(&roster->lock);
}

/* Is RECORD, as the vendor shows it, newer than what was deleted? Without times nothing tells. */
static bool is_newer(const struct roster *roster, const struct presence *presence,
		     const json_t *record)
{
	struct timespec now;

	if (!presence->timed || !collection_updated(roster->collection, record, &now))
		return false;
	return now.tv_sec > presence->updated.tv_sec ||
	       (now.tv_sec == presence->updated.tv_sec && now.tv_nsec > presence->updated.tv_nsec);
}

bool presence_was_deleted(struct roster *roster, struct call *call, const char *id,
			  const json_t *record)
{
	struct presence *presence;
	bool hidden = false;

	/* a list may have very many rows */
	if (!atomic_load_explicit(&roster->remembers, memory_order_relaxed))
		return false;
	pthread_mutex_lock(&roster->lock);
	presence = find_locked(roster, id);
	if (presence && !presence->record) {
		hidden = !is_newer(roster, presence, record);
		if (hidden)
			call_good_until(call, presence->until);
		else
			forget_locked(roster, presence);
	}
	pthread_mutex_unlock(&roster->lock);
	return hidden;
}

/* What is known of PRESENCE, which was made: a reference. It may have been read or changed since.
 */
static struct record *newest_locked(struct roster *roster, const struct presence *presence)
{
	struct record *held;
	double seconds;

	known_peek_locked(roster, presence->id, &held, &seconds);
	return record_get(held && held != roster->absent ? held : presence->record);
}

struct record *presence_record(struct roster *roster, struct call *call, const char *id)
{
	struct record *record = NULL;
	struct presence *presence;

	pthread_mutex_lock(&roster->lock);
	presence = find_locked(roster, id);
	if (presence && presence->record) {
		record = newest_locked(roster, presence);
		call_good_until(call, presence->until);
	}
	pthread_mutex_unlock(&roster->lock);
	return record;
}

/* Those that were made: an array of references that ends with NULL, the caller frees; NULL: there
 * are none. */
static struct record **made(struct roster *roster, double *until)
{
	struct record **records = NULL;
	struct presence *presence, *next;
	size_t count = 0;

	pthread_mutex_lock(&roster->lock);
	if (roster->presences)
		records = calloc(HASH_COUNT(roster->presences) + 1, sizeof(struct record *));
	HASH_ITER(hh, roster->presences, presence, next) {
		struct record *record;

		if (!records || !find_locked(roster, presence->id) || !presence->record)
			continue;
		record = newest_locked(roster, presence);
		if (!count || presence->until < *until)
			*until = presence->until;
		records[count++] = record;
	}
	pthread_mutex_unlock(&roster->lock);
	return records;
}

int presence_complete(struct flight *flight, struct snapshot_builder *builder, size_t *added)
{
	double until = 0;
	struct record **records = made(flight->roster, &until);
	int error = 0;

	*added = 0;
	for (size_t i = 0; records && records[i]; i++) {
		bool same = snapshot_old(builder, records[i]->id) == records[i];
		int result = error ? 0 : snapshot_add(builder, record_get(records[i]));

		if (!error && !result) {
			call_good_until(&flight->call, until);
			*added += !same;
		} else if (result != -EEXIST) {
			error = error ? error : result;
		}
		record_put(records[i]);
	}
	free(records);
	return error;
}
