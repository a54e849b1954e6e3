/* SPDX-License-Identifier: Apache-2.0 */
/*
 * presence.c - see presence.h.
 *
 * Where an old response is corrected, what was read is good only until the lag ends. The next
 * question then goes to the vendor, and its response counts. This file asks nothing itself.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/presence.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/known.h"
#include "cache/roster/roster_state.h"
#include "vendors/base/clock.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct presence {
	char *id;
	struct record *record;   /* as it was created; NULL: it was deleted */
	bool timed;              /* deleted: UPDATED is known */
	struct timespec updated; /* the deleted record's time of update */
	double until;            /* monotonic seconds */
	UT_hash_handle hh;
};

static void presence_forget_locked(struct roster *roster, struct presence *presence)
{
	HASH_DEL(roster->presences.table, presence); /* NOLINT(clang-analyzer-unix.Malloc) */
	record_put(presence->record);
	free(presence->id);
	free(presence);
}

void presence_free_locked(struct roster *roster)
{
	struct presence *presence, *next;

	HASH_ITER(hh, roster->presences.table, presence, next)
		presence_forget_locked(roster, presence);
}

/* Return what is remembered of ID, or NULL. What is too old is forgotten. */
static struct presence *presence_find_locked(struct roster *roster, const char *id)
{
	struct presence *presence;

	HASH_FIND_STR(roster->presences.table, id, presence);
	if (!presence || presence->until > clock_seconds())
		return presence;
	presence_forget_locked(roster, presence);
	return NULL;
}

/* Remember RECORD (NULL: its absence) of ID. Return NULL without memory, or if there is no lag. */
static struct presence *presence_add_locked(struct roster *roster, const char *id,
					    struct record *record)
{
	struct presence *presence = presence_find_locked(roster, id);

	if (!roster->account->lag)
		return NULL;
	if (presence)
		presence_forget_locked(roster, presence);
	presence = calloc(1, sizeof(*presence));
	if (presence)
		presence->id = strdup(id);
	if (!presence || !presence->id) {
		free(presence);
		return NULL;
	}
	presence->record = record ? record_get(record) : NULL;
	presence->until = clock_seconds() + roster->account->lag;
	HASH_ADD_KEYPTR(hh, roster->presences.table, presence->id, strlen(presence->id), presence);
	if (!presence->hh.tbl) {
		record_put(presence->record);
		free(presence->id);
		free(presence);
		return NULL;
	}
	atomic_store(&roster->presences.any, true);
	return presence;
}

void presence_note_made(struct roster *roster, struct record *record)
{
	pthread_mutex_lock(&roster->lock);
	presence_add_locked(roster, record->id, record);
	pthread_mutex_unlock(&roster->lock);
}

void presence_note_deleted(struct roster *roster, const char *id, const json_t *before)
{
	struct presence *presence;

	pthread_mutex_lock(&roster->lock);
	presence = presence_add_locked(roster, id, NULL);
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
	presence = presence_find_locked(roster, id);
	made = presence && presence->record;
	pthread_mutex_unlock(&roster->lock);
	return made;
}

bool presence_hides(struct roster *roster, const char *id)
{
	const struct presence *presence;
	bool hides;

	if (!atomic_load_explicit(&roster->presences.any, memory_order_relaxed))
		return false;
	pthread_mutex_lock(&roster->lock);
	presence = presence_find_locked(roster, id);
	hides = presence && !presence->record;
	pthread_mutex_unlock(&roster->lock);
	return hides;
}

/*
 * Return true if RECORD, as the vendor shows it, is newer than what was deleted. False if times of
 * update are not known.
 */
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

	/* this is called for each row of a list */
	if (!atomic_load_explicit(&roster->presences.any, memory_order_relaxed))
		return false;
	pthread_mutex_lock(&roster->lock);
	presence = presence_find_locked(roster, id);
	if (presence && !presence->record) {
		hidden = !is_newer(roster, presence, record);
		if (hidden)
			call_good_until(call, presence->until);
		else
			presence_forget_locked(roster, presence);
	}
	pthread_mutex_unlock(&roster->lock);
	return hidden;
}

/*
 * Return a reference to what is known of PRESENCE, which was created. It may have been read or
 * changed since.
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
	presence = presence_find_locked(roster, id);
	if (presence && presence->record) {
		record = newest_locked(roster, presence);
		call_good_until(call, presence->until);
	}
	pthread_mutex_unlock(&roster->lock);
	return record;
}

/*
 * Return those that were created: an array of references that ends with NULL, which the caller
 * frees; NULL: there are none. *UNTIL is set to when the first of them is forgotten.
 */
static struct record **list_made(struct roster *roster, double *until)
{
	struct record **records = NULL;
	struct presence *presence, *next;
	size_t count = 0;

	pthread_mutex_lock(&roster->lock);
	if (roster->presences.table)
		records = calloc(HASH_COUNT(roster->presences.table) + 1, sizeof(struct record *));
	HASH_ITER(hh, roster->presences.table, presence, next) {
		struct record *record;

		if (!records || !presence_find_locked(roster, presence->id) || !presence->record)
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
	struct record **records = list_made(flight->roster, &until);
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
