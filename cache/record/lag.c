/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lag.c - see lag.h.
 *
 * A hash table by id, in the order of the last write. Values are stored as text, because a json_t
 * stays in one thread; null and a missing member are the same. This file knows neither rosters nor
 * requests: its callers pass the records that they read.
 */
#include "cache/record/lag.h"

#include "cache/record/lag_member.h"
#include "vendors/base/clock.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#define DEPTH_MAX 64

struct entry {
	char *id;
	struct lag_member *members; /* utlist */
	struct lag_time before;     /* of the version before the newest write, or later */
	struct lag_time newest;     /* of all known versions */
	bool untimed,
	    vague;    /* the time of the newest write is not known; the same of the write before */
	double until; /* of the newest write, monotonic seconds */
	UT_hash_handle hh;
};

struct lag {
	const struct collection *collection;
	double seconds;
	atomic_uint count; /* of entries; most reads find 0 and take no lock */
	pthread_mutex_t lock;
	struct entry *entries;
};

struct lag *lag_new(const struct collection *collection, unsigned seconds)
{
	struct lag *lag = calloc(1, sizeof(*lag));

	if (!lag)
		return NULL;
	lag->collection = collection;
	lag->seconds = seconds;
	pthread_mutex_init(&lag->lock, NULL);
	return lag;
}

static void lag_entry_free_locked(struct lag *lag, struct entry *entry)
{
	struct lag_member *member, *next;

	if (entry->hh.tbl)
		HASH_DEL(lag->entries, entry); /* NOLINT(clang-analyzer-unix.Malloc) */
	atomic_fetch_sub(&lag->count, 1);
	DL_FOREACH_SAFE(entry->members, member, next)
		lag_member_free(member);
	free(entry->id);
	free(entry);
}

void lag_free(struct lag *lag)
{
	struct entry *entry, *next;

	if (!lag)
		return;
	HASH_ITER(hh, lag->entries, entry, next)
		lag_entry_free_locked(lag, entry);
	pthread_mutex_destroy(&lag->lock);
	free(lag);
}

/* ---- what was written ---- */

/*
 * Return the member of ENTRY at PATH, which is added if need be. Members inside or around it are
 * forgotten. NULL: no memory.
 */
static struct lag_member *place_member(struct entry *entry, char *const *path, size_t depth)
{
	struct lag_member *member, *next, *found = NULL;
	bool loose = false;

	DL_FOREACH_SAFE(entry->members, member, next) {
		if (lag_member_is_at(member, path, depth)) {
			found = member;
		} else if (lag_member_overlaps(member, path, depth)) {
			loose = true;
			DL_DELETE(entry->members, member);
			lag_member_free(member);
		}
	}
	if (!found) {
		found = lag_member_new(path, depth);
		if (found)
			DL_APPEND(entry->members, found);
	}
	if (found)
		found->loose = found->loose || loose;
	return found;
}

/* Note in ENTRY that the member at PATH went from BEFORE to AFTER, each leaf separately. */
static void note_value(struct entry *entry, char **path, size_t depth, const json_t *before,
		       const json_t *after)
{
	struct lag_member *member;
	json_t *value;
	const char *name;
	char *text;

	if (json_is_object(after) && depth < DEPTH_MAX && json_object_size(after)) {
		json_object_foreach((json_t *)(uintptr_t)after, name, value) {
			path[depth] = (char *)(uintptr_t)name;
			note_value(entry, path, depth + 1, json_object_get(before, name), value);
		}
		return;
	}
	member = place_member(entry, path, depth);
	if (!member || !lag_member_text(after, &text))
		return;
	lag_member_add_older(member, before);
	if (member->until > 0)
		lag_member_renew(member, text);
	else
		member->after = text;
	member->until = entry->until;
	member->before = entry->before;
	member->vague = entry->vague;
	member->sure = member->acked.known;
	member->acked.known = false;
}

/* Return the time of update in RECORD (NULL: there is none). */
static struct lag_time time_of(const struct lag *lag, const json_t *record)
{
	struct lag_time time = {0};

	time.known = record && collection_updated(lag->collection, record, &time.value);
	return time;
}

/* Move the entry of ID, which is added if need be, to the end of the table. NULL: no memory. */
static struct entry *lag_touch_locked(struct lag *lag, const char *id)
{
	struct entry *entry;

	HASH_FIND_STR(lag->entries, id, entry);
	if (entry && !entry->hh.next)
		return entry; /* it is at the end, and alone perhaps: needs no memory */
	if (entry) {
		HASH_DEL(lag->entries, entry);
	} else {
		entry = calloc(1, sizeof(*entry));
		if (entry)
			entry->id = strdup(id);
		if (!entry || !entry->id) {
			free(entry);
			return NULL;
		}
		atomic_fetch_add(&lag->count, 1);
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	HASH_ADD_KEYPTR(hh, lag->entries, entry->id, strlen(entry->id), entry);
	if (entry->hh.tbl)
		return entry;
	lag_entry_free_locked(lag, entry);
	return NULL;
}

static bool is_stale(const struct entry *entry)
{
	const struct lag_member *member;

	DL_SEARCH_SCALAR(entry->members, member, stale, true);
	return member;
}

/*
 * Return true if SHOWN, which is the value of MEMBER, in a record with TIME, is of its newest
 * version. A value that was there before as well may be from then.
 */
static bool is_newest(const struct lag_member *member, const json_t *shown, struct lag_time time)
{
	if (!time.known || !lag_member_is_older(member, shown))
		return time.known;
	return member->sure && member->before.known &&
	       clock_compare(time.value, member->before.value) > 0;
}

/* Note ACKED, the time of the version AFTER, for all members of ENTRY: it also has what was written
 * before. Nothing, if it may be an older version that shows the same of the newest write. */
static void note_acked(struct entry *entry, const json_t *after, struct lag_time acked)
{
	struct lag_member *member;
	bool newest = true;

	DL_FOREACH(entry->members, member) {
		if (member->until >= entry->until)
			newest = newest &&
				 is_newest(member, lag_member_value(member, after), acked);
	}
	DL_FOREACH(newest ? entry->members : NULL, member) {
		if (lag_member_is_value(lag_member_value(member, after), member->after))
			member->acked = acked;
	}
}

bool lag_note(struct lag *lag, const char *id, const struct merge *merge, const json_t *before,
	      const json_t *after, const json_t *answer)
{
	struct lag_time acked = time_of(lag, answer);
	char *path[DEPTH_MAX + 1];
	struct entry *entry;
	bool stale;

	if (lag->seconds <= 0 || !merge->count)
		return false;
	pthread_mutex_lock(&lag->lock);
	entry = lag_touch_locked(lag, id);
	stale = entry && is_stale(entry);
	if (entry) {
		entry->until = clock_seconds() + lag->seconds;
		/* BEFORE may be a stale read, so that the version before the write is newer */
		entry->before = lag_member_newer(time_of(lag, before), entry->newest);
		/* nor is what proves the write newer than it, if it shows an older version */
		acked.known = acked.known && !lag_member_is_before(acked, entry->before);
		entry->newest = lag_member_newer(acked, entry->newest);
		entry->vague = entry->untimed;
		entry->untimed = !acked.known;
	}
	for (size_t i = 0; entry && i < merge->count; i++) {
		const struct edit *edit = &merge->edits[i];

		if (edit->depth > DEPTH_MAX)
			continue;
		memcpy(path, edit->path, edit->depth * sizeof(*path));
		note_value(entry, path, edit->depth, merge_value(edit, before),
			   merge_value(edit, after));
	}
	if (entry && acked.known)
		note_acked(entry, after, acked);
	pthread_mutex_unlock(&lag->lock);
	return stale;
}

/* ---- what was read ---- */

struct sight {
	json_t *record;
	struct lag_time time;
	enum lag_reading reading;
	const struct merge *proved;
	struct lag_found *found;
};

/* Return true if MEMBER must stay as SIGHT shows it, because that must be proved. */
static bool lag_is_proved(const struct lag_member *member, const struct sight *sight)
{
	const struct merge *proved = sight->proved;

	for (size_t i = 0; proved && i < proved->count; i++) {
		const struct edit *edit = &proved->edits[i];

		if (lag_member_is_at(member, edit->path, edit->depth)) {
			/* what is remembered would look like what is wanted */
			if (lag_member_is_value(edit->after, member->after))
				return true;
		} else if (!lag_member_overlaps(member, edit->path, edit->depth)) {
			continue;
		}
		if (sight->reading == LAG_PROOF && merge_state(edit, sight->record) == MERGE_NEW)
			return true;
	}
	return false;
}

static void replace(struct lag_member *member, const struct sight *sight)
{
	if (sight->found)
		sight->found->corrected = true;
	lag_member_set(member, sight->record, member->after);
	member->stale = true;
}

/* Correct MEMBER in SIGHT, and learn from SIGHT. Return false if MEMBER must be forgotten. */
static bool lag_look(struct entry *entry, struct lag_member *member, const struct sight *sight)
{
	const json_t *shown = lag_member_value(member, sight->record);
	bool learns = sight->reading == LAG_READ, later = lag_member_is_later(member, sight->time);
	char *text;

	if (lag_member_is_value(shown, member->after)) {
		member->stale = false;
		if (learns && sight->time.known &&
		    (later || (!member->acked.known && is_newest(member, shown, sight->time)))) {
			member->acked = sight->time;
			entry->newest = lag_member_newer(sight->time, entry->newest);
		}
		return true;
	}
	if (lag_is_proved(member, sight))
		return true;
	if (lag_member_is_earlier(member, sight->time) ||
	    (!later && lag_member_is_older(member, shown))) {
		replace(member, sight);
		return true;
	}
	if (!learns)
		return true;
	/* of two versions with the same time, either may be the newer one */
	if (!later || clock_compare(sight->time.value, member->acked.value) == 0 ||
	    !lag_member_text(shown, &text))
		return false;
	/* another client has written since, so the value of this mount is an older one now */
	lag_member_renew(member, text);
	member->loose = false;
	member->before = lag_member_newer(member->acked, member->before);
	member->vague = false;
	member->acked = sight->time;
	entry->newest = lag_member_newer(sight->time, entry->newest);
	return true;
}

void lag_found_clear(struct lag_found *found)
{
	free(found->status);
	json_decref(found->value);
	*found = (struct lag_found){0};
}

/* Note in FOUND the status that RECORD shows, before it is corrected. */
static void note_status(const struct lag *lag, const json_t *record, struct lag_found *found)
{
	char buffer[STATUS_MAP_MAX];
	const char *word = status_map_word(lag->collection, record, buffer);

	if (!word)
		return;
	found->status = strdup(word);
	found->value = json_incref(collection_value(record, lag->collection->status_key));
}

/* Forget the status that was read, in FOUND, if RECORD still shows it. */
static void drop_same_status(const struct lag *lag, const json_t *record, struct lag_found *found)
{
	char buffer[STATUS_MAP_MAX];
	const char *word = status_map_word(lag->collection, record, buffer);

	if (found->status && word && strcmp(word, found->status) == 0) {
		free(found->status);
		json_decref(found->value);
		found->status = NULL;
		found->value = NULL;
	}
}

static void correct_locked(struct lag *lag, struct entry *entry, const struct sight *sight)
{
	struct lag_member *member, *next;
	double now = clock_seconds();
	bool agrees = true;

	entry->newest = lag_member_newer(sight->time, entry->newest);
	DL_FOREACH_SAFE(entry->members, member, next) {
		if (member->until <= now)
			continue;
		agrees = agrees && lag_member_is_value(lag_member_value(member, sight->record),
						       member->after);
		if (lag_look(entry, member, sight))
			continue;
		DL_DELETE(entry->members, member);
		lag_member_free(member);
	}
	/* the record is the result of the newest write, or a later version */
	if (agrees && sight->reading == LAG_READ && sight->time.known)
		entry->untimed = false;
	if (!entry->members)
		lag_entry_free_locked(lag, entry);
}

void lag_correct(struct lag *lag, const char *id, json_t *record, enum lag_reading reading,
		 const struct merge *proved, struct lag_found *found)
{
	struct sight sight = {.record = record,
			      .reading = reading,
			      .proved = proved,
			      .found = found};
	struct entry *entry;

	if (found)
		*found = (struct lag_found){0};
	if (!atomic_load(&lag->count))
		return;
	sight.time = time_of(lag, record);
	pthread_mutex_lock(&lag->lock);
	HASH_FIND_STR(lag->entries, id, entry);
	if (entry && found)
		note_status(lag, record, found);
	if (entry)
		correct_locked(lag, entry, &sight);
	if (entry && found)
		drop_same_status(lag, record, found);
	pthread_mutex_unlock(&lag->lock);
}

json_t *lag_acknowledged(struct lag *lag, const char *id)
{
	double now = clock_seconds();
	struct lag_member *member;
	struct entry *entry;
	json_t *found = NULL;

	if (!atomic_load(&lag->count))
		return NULL;
	pthread_mutex_lock(&lag->lock);
	HASH_FIND_STR(lag->entries, id, entry);
	DL_FOREACH(entry ? entry->members : NULL, member) {
		if (member->depth != 1 || member->until <= now)
			continue;
		if (!found)
			found = json_object();
		/* a member that was removed is null */
		json_object_set_new(found, member->path[0], json_null());
		if (member->after)
			lag_member_set(member, found, member->after);
	}
	pthread_mutex_unlock(&lag->lock);
	return found;
}

bool lag_covers(struct lag *lag, const char *id)
{
	struct entry *entry;
	bool covers;

	pthread_mutex_lock(&lag->lock);
	HASH_FIND_STR(lag->entries, id, entry);
	covers = entry && entry->until > clock_seconds();
	pthread_mutex_unlock(&lag->lock);
	return covers;
}

/* ---- the end of the lag ---- */

double lag_expire(struct lag *lag, void (*tell)(void *arg, const char *id), void *arg)
{
	for (;;) {
		struct entry *entry;
		char *id = NULL;
		double left;
		bool due;

		pthread_mutex_lock(&lag->lock);
		entry = lag->entries;
		left = entry ? entry->until - clock_seconds() : 0;
		due = entry && left <= 0;
		if (due && is_stale(entry))
			id = strdup(entry->id);
		if (due)
			lag_entry_free_locked(lag, entry);
		pthread_mutex_unlock(&lag->lock);
		if (id)
			tell(arg, id);
		free(id);
		if (!due)
			return left;
	}
}
