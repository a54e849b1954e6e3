/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_latest.c - see feed_latest.h.
 */
#include "cache/feed/feed_latest.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define LATEST_MAX 8192 /* records; those that wait to be told are kept beyond that */

struct feed_latest {
	char *name; /* of the roster, a blank, the id */
	uint64_t number;
	unsigned pending; /* entries of this mount that have no number yet */
	bool doubtful;    /* the entry with NUMBER was told late */
	UT_hash_handle hh;
};

static void latest_free(struct feed_stream *stream, struct feed_latest *latest)
{
	HASH_DEL(stream->latest, latest); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(latest->name);
	free(latest);
}

/* Forget the oldest that nobody waits for, if there are too many. */
static void latest_shrink(struct feed_stream *stream)
{
	struct feed_latest *latest, *next;
	unsigned seen = 0;

	if (HASH_COUNT(stream->latest) <= LATEST_MAX)
		return;
	HASH_ITER(hh, stream->latest, latest, next) {
		if (latest->pending) {
			if (++seen == 64)
				return;
			continue;
		}
		latest_free(stream, latest);
		return;
	}
}

/* Return the entry of record ID in ROSTER, which is made if MAKE, or NULL. */
static struct feed_latest *latest_of(struct feed_stream *stream, const char *roster, const char *id,
				     bool make)
{
	struct feed_latest *latest = NULL;
	size_t size = strlen(roster) + strlen(id) + 2;
	char *name = malloc(size);

	if (!name)
		return NULL;
	memcpy(name, roster, strlen(roster));
	name[strlen(roster)] = ' ';
	memcpy(name + strlen(roster) + 1, id, strlen(id) + 1);
	HASH_FIND(hh, stream->latest, name, size - 1, latest);
	if (!latest && make) {
		latest = calloc(1, sizeof(*latest));
		if (latest) {
			latest->name = name;
			name = NULL;
			HASH_ADD_KEYPTR(hh, stream->latest, latest->name, size - 1, latest);
		}
		if (latest && !latest->hh.tbl) {
			free(latest->name);
			free(latest);
			latest = NULL;
		} else if (latest) {
			latest_shrink(stream);
		}
	}
	free(name);
	return latest;
}

void feed_latest_begin(struct feed *feed, const struct feed_entry *entry)
{
	struct feed_latest *latest;

	if (!feed_entry_is_record(entry->kind))
		return;
	pthread_mutex_lock(&feed->lock);
	latest = latest_of(&feed->streams[entry->account], entry->roster, entry->id, true);
	if (latest)
		latest->pending++;
	pthread_mutex_unlock(&feed->lock);
}

/* Forget the numbers of another epoch than EPOCH. */
static void latest_set_epoch(struct feed_stream *stream, const char *epoch)
{
	struct feed_latest *latest, *next;

	if (strcmp(stream->told.epoch, epoch) == 0)
		return;
	memcpy(stream->told.epoch, epoch, sizeof(stream->told.epoch));
	stream->told.number = 0;
	HASH_ITER(hh, stream->latest, latest, next) {
		/* what waits to be told will have a number of the new epoch */
		latest->number = 0;
		latest->doubtful = false;
		if (!latest->pending)
			latest_free(stream, latest);
	}
}

void feed_latest_end(struct feed *feed, const struct feed_entry *entry,
		     const struct feed_place *place)
{
	struct feed_stream *stream = &feed->streams[entry->account];
	struct feed_latest *latest;

	pthread_mutex_lock(&feed->lock);
	if (place) {
		latest_set_epoch(stream, place->epoch);
		if (stream->told.number < place->number)
			stream->told.number = place->number;
	}
	latest = feed_entry_is_record(entry->kind)
		     ? latest_of(stream, entry->roster, entry->id, false)
		     : NULL;
	if (latest) {
		if (latest->pending)
			latest->pending--;
		if (place && place->number > latest->number) {
			latest->number = place->number;
			latest->doubtful = entry->late;
		}
	}
	pthread_mutex_unlock(&feed->lock);
}

/* What to do with TOLD, whose epoch is that of the numbers in STREAM. */
static enum feed_verdict latest_judge(struct feed_stream *stream, const struct feed_told *told,
				      bool replay)
{
	bool record = feed_entry_is_record(told->kind);
	struct feed_latest *latest = latest_of(stream, told->roster, told->id, record);

	if (told->own && told->kind == FEED_DOUBT && told->late)
		return FEED_SUSPECT;
	if (told->own && (!replay || (latest && latest->pending)))
		return FEED_SKIP;
	if (!latest)
		return FEED_APPLY;
	if (latest->pending)
		return FEED_SUSPECT;
	if (latest->number > told->place.number)
		return latest->doubtful ? FEED_SUSPECT : FEED_SKIP;
	if (record && latest->number < told->place.number) {
		latest->number = told->place.number;
		latest->doubtful = told->kind == FEED_DOUBT && told->late;
	}
	return FEED_APPLY;
}

enum feed_verdict feed_latest_judge(struct feed *feed, struct feed_stream *stream,
				    const struct feed_told *told, bool replay)
{
	enum feed_verdict verdict;

	pthread_mutex_lock(&feed->lock);
	if (strcmp(stream->told.epoch, told->place.epoch) == 0)
		verdict = latest_judge(stream, told, replay);
	else
		verdict = told->own && !replay ? FEED_SKIP : FEED_SUSPECT;
	pthread_mutex_unlock(&feed->lock);
	return verdict;
}

void feed_latest_reset(struct feed *feed, struct feed_stream *stream, const char *epoch)
{
	pthread_mutex_lock(&feed->lock);
	latest_set_epoch(stream, epoch);
	pthread_mutex_unlock(&feed->lock);
}

uint64_t feed_latest_told(struct feed *feed, struct feed_stream *stream, const char *epoch)
{
	uint64_t number;

	pthread_mutex_lock(&feed->lock);
	number = strcmp(stream->told.epoch, epoch) == 0 ? stream->told.number : 0;
	pthread_mutex_unlock(&feed->lock);
	return number;
}

void feed_latest_free(struct feed_stream *stream)
{
	struct feed_latest *latest, *next;

	HASH_ITER(hh, stream->latest, latest, next)
		latest_free(stream, latest);
}
