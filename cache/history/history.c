/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - see history.h.
 *
 * A ring by number: two writes that end together may come in either order. Texts are made before
 * the lock is taken. A version's name has the time in it, so that one from another mount, where
 * numbers begin anew, names nothing here. It knows nothing of files and vendors.
 */
#include "cache/history/history.h"

#include "cache/document/render.h"
#include "vendors/json/exact_parse.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAMP_MAX 96
#define STAMP_BEGIN ".rosterfs/history/"

struct write {
	uint64_t number;
	struct timespec when;
	char stamp[STAMP_MAX];
	const void *owner;
	char *id;
	struct history_access access; /* its texts are owned */
	char *texts[HISTORY_PARTS];
	size_t lengths[HISTORY_PARTS];
	size_t bytes;
};

struct history {
	size_t most; /* bytes */
	pthread_mutex_t lock;
	uint64_t last;  /* number given */
	uint64_t first; /* number that may still be there */
	size_t bytes;
	struct write *ring[HISTORY_WRITES_MAX]; /* by number */
};

struct history *history_new(size_t bytes)
{
	struct history *history = calloc(1, sizeof(*history));

	if (!history)
		return NULL;
	history->most = bytes;
	history->first = 1;
	pthread_mutex_init(&history->lock, NULL);
	return history;
}

static void write_free(struct write *write)
{
	if (!write)
		return;
	for (size_t i = 0; i < HISTORY_PARTS; i++)
		free(write->texts[i]);
	history_access_clear(&write->access);
	free(write->id);
	free(write);
}

void history_free(struct history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < HISTORY_WRITES_MAX; i++)
		write_free(history->ring[i]);
	pthread_mutex_destroy(&history->lock);
	free(history);
}

/* ---- adding ---- */

/* The name of the version that WRITE leaves. */
static void make_stamp(struct write *write)
{
	struct tm utc;
	char time[32];

	gmtime_r(&write->when.tv_sec, &utc);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(write->stamp, sizeof(write->stamp), "%s%" PRIu64 "/after.json of %s.%06ldZ",
		 STAMP_BEGIN, write->number, time, write->when.tv_nsec / 1000);
}

/* Set the member at PATH ("meta.updated_at") of OBJECT to TEXT. 0 or -1. */
static int set_nested(json_t *object, const char *path, const char *text)
{
	const char *dot;
	char name[64];

	while ((dot = strchr(path, '.'))) {
		json_t *below;

		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		below = json_object_get(object, name);
		if (!json_is_object(below)) {
			below = json_object();
			if (json_object_set_new(object, name, below))
				return -1;
		}
		object = below;
		path = dot + 1;
	}
	return json_object_set_new(object, path, json_string(text));
}

/* The text of OBJECT (NULL: null) as PART of WRITE. 0 or -1. */
static int set_part(struct write *write, enum history_part part, const json_t *object)
{
	if (object) {
		write->texts[part] = render_string(object, &write->lengths[part]);
	} else {
		write->texts[part] = strdup("null\n");
		write->lengths[part] = strlen("null\n");
	}
	return write->texts[part] ? 0 : -1;
}

static int set_undo(struct write *write, const json_t *undo, const char *stamp_key)
{
	json_t *named = undo ? json_deep_copy(undo) : NULL;
	int error = undo && !named ? -1 : 0;

	if (!error && named && stamp_key)
		error = set_nested(named, stamp_key, write->stamp);
	if (!error)
		error = set_part(write, HISTORY_UNDO, named);
	json_decref(named);
	return error;
}

/* Copy FROM with its texts. 0, or -1 and TO has none. */
static int copy_access(struct history_access *to, const struct history_access *from)
{
	*to = *from;
	to->was = from->was ? strdup(from->was) : NULL;
	to->left = from->left ? strdup(from->left) : NULL;
	if ((!from->was || to->was) && (!from->left || to->left))
		return 0;
	history_access_clear(to);
	return -1;
}

void history_access_clear(struct history_access *access)
{
	free((char *)(uintptr_t)access->was);
	free((char *)(uintptr_t)access->left);
	access->was = access->left = NULL;
}

static struct write *write_new(const struct history_write *told, uint64_t number)
{
	struct write *write = calloc(1, sizeof(*write));

	if (!write)
		return NULL;
	write->number = number;
	clock_gettime(CLOCK_REALTIME, &write->when);
	make_stamp(write);
	write->owner = told->owner;
	write->id = strdup(told->id);
	if (!write->id || copy_access(&write->access, &told->access) ||
	    set_part(write, HISTORY_BEFORE, told->before) ||
	    set_part(write, HISTORY_AFTER, told->after) ||
	    set_undo(write, told->undo, told->stamp_key))
		goto no_memory;
	if (told->script) {
		write->texts[HISTORY_SCRIPT] = strdup(told->script);
		if (!write->texts[HISTORY_SCRIPT])
			goto no_memory;
		write->lengths[HISTORY_SCRIPT] = strlen(told->script);
	}
	write->bytes = sizeof(*write);
	for (size_t i = 0; i < HISTORY_PARTS; i++)
		write->bytes += write->lengths[i];
	write->bytes += write->access.was ? strlen(write->access.was) : 0;
	write->bytes += write->access.left ? strlen(write->access.left) : 0;
	return write;
no_memory:
	write_free(write);
	return NULL;
}

/* Take what stands in the place of NUMBER out of the ring. */
static void drop_locked(struct history *history, uint64_t number)
{
	struct write **place = &history->ring[number % HISTORY_WRITES_MAX];

	if (!*place)
		return;
	history->bytes -= (*place)->bytes;
	write_free(*place);
	*place = NULL;
}

static void keep_locked(struct history *history, struct write *write)
{
	history->ring[write->number % HISTORY_WRITES_MAX] = write;
	history->bytes += write->bytes;
	/* the newest stays, however large it is */
	while (history->bytes > history->most && history->first < write->number)
		drop_locked(history, history->first++);
}

uint64_t history_add(struct history *history, const struct history_write *told)
{
	struct write *write;
	uint64_t number;

	pthread_mutex_lock(&history->lock);
	number = ++history->last;
	drop_locked(history, number);
	if (number - history->first >= HISTORY_WRITES_MAX)
		history->first = number - HISTORY_WRITES_MAX + 1;
	pthread_mutex_unlock(&history->lock);

	write = write_new(told, number);
	if (!write)
		return 0;
	pthread_mutex_lock(&history->lock);
	if (number >= history->first) {
		keep_locked(history, write);
		write = NULL;
	}
	pthread_mutex_unlock(&history->lock);
	write_free(write);
	return number;
}

/* ---- looking ---- */

static const struct write *find_locked(const struct history *history, uint64_t number)
{
	const struct write *write = history->ring[number % HISTORY_WRITES_MAX];

	return write && write->number == number ? write : NULL;
}

void history_range(struct history *history, uint64_t *first, uint64_t *last)
{
	pthread_mutex_lock(&history->lock);
	*first = history->first;
	*last = history->last;
	pthread_mutex_unlock(&history->lock);
}

bool history_look(struct history *history, uint64_t number, size_t sizes[HISTORY_PARTS],
		  struct timespec *when)
{
	const struct write *write;

	pthread_mutex_lock(&history->lock);
	write = find_locked(history, number);
	if (write) {
		memcpy(sizes, write->lengths, sizeof(write->lengths));
		*when = write->when;
	}
	pthread_mutex_unlock(&history->lock);
	return write;
}

char *history_text(struct history *history, uint64_t number, enum history_part part, size_t *length)
{
	const struct write *write;
	char *text = NULL;

	pthread_mutex_lock(&history->lock);
	write = find_locked(history, number);
	if (write && write->texts[part]) {
		text = strdup(write->texts[part]);
		*length = write->lengths[part];
	}
	pthread_mutex_unlock(&history->lock);
	return text;
}

json_t *history_record(struct history *history, uint64_t number, enum history_part part)
{
	size_t length;
	char *text = history_text(history, number, part, &length);
	json_t *record = text ? exact_parse(text, length, 0, NULL) : NULL;

	free(text);
	return record;
}

bool history_newest_access(struct history *history, const void *subject, const char *id,
			   uint64_t below, struct history_access *access)
{
	const struct write *newest = NULL;
	uint64_t number;
	bool found;

	pthread_mutex_lock(&history->lock);
	number = below && below <= history->last ? below - 1 : history->last;
	for (; number >= history->first && !newest; number--) {
		const struct write *write = find_locked(history, number);

		if (write && write->access.kind != HISTORY_EDIT &&
		    write->access.subject == subject && strcmp(write->id, id) == 0)
			newest = write;
	}
	found = newest && !copy_access(access, &newest->access);
	if (found) {
		access->owner = newest->owner;
		access->number = newest->number;
	}
	pthread_mutex_unlock(&history->lock);
	return found;
}

bool history_names(const char *stamp)
{
	return strncmp(stamp, STAMP_BEGIN, strlen(STAMP_BEGIN)) == 0;
}

uint64_t history_before(struct history *history, const void *owner, const char *id, uint64_t number)
{
	uint64_t found = 0;

	pthread_mutex_lock(&history->lock);
	if (number > history->last)
		number = history->last + 1;
	while (!found && number > history->first) {
		const struct write *write = find_locked(history, --number);

		if (write && write->owner == owner && strcmp(write->id, id) == 0)
			found = number;
	}
	pthread_mutex_unlock(&history->lock);
	return found;
}

json_t *history_version(struct history *history, const char *stamp, const void *owner,
			const char *id, enum history_part part)
{
	uint64_t number = 0;
	const struct write *write;
	json_t *version = NULL;
	char *text = NULL;

	if (history_names(stamp))
		number = strtoull(stamp + strlen(STAMP_BEGIN), NULL, 10);
	pthread_mutex_lock(&history->lock);
	write = find_locked(history, number);
	if (write && write->owner == owner && strcmp(write->id, id) == 0 &&
	    strcmp(write->stamp, stamp) == 0 && write->texts[part])
		text = strdup(write->texts[part]);
	pthread_mutex_unlock(&history->lock);
	if (text)
		version = exact_parse(text, strlen(text), 0, NULL);
	free(text);
	return version;
}
