/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - see history.h.
 *
 * A ring, indexed by number. Two writes that end together may get their numbers in either order.
 * Texts are made before the lock is taken. The name of a version contains the time, because numbers
 * begin again with each mount: a name from another mount must not name a version here.
 */
#include "cache/history/history.h"

#include "cache/document/render.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/pointer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STAMP_MAX 96
#define STAMP_BEGIN ".rosterfs/history/"

struct history_entry {
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
	uint64_t last;  /* the newest number */
	uint64_t first; /* the oldest number that may still be there */
	size_t bytes;
	struct history_entry *ring[HISTORY_WRITES_MAX]; /* by number */
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

static void entry_free(struct history_entry *write)
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
		entry_free(history->ring[i]);
	pthread_mutex_destroy(&history->lock);
	free(history);
}

/* ---- adding ---- */

/* Set the name of the version that WRITE left. */
static void make_stamp(struct history_entry *write)
{
	struct tm utc;
	char time[32];

	gmtime_r(&write->when.tv_sec, &utc);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(write->stamp, sizeof(write->stamp), "%s%" PRIu64 "/after.json of %s.%06ldZ",
		 STAMP_BEGIN, write->number, time, write->when.tv_nsec / 1000);
}

/* Set PART of WRITE to the text of OBJECT (NULL: null). Returns 0 or -1. */
static int set_part(struct history_entry *write, enum history_part part, const json_t *object)
{
	if (object) {
		write->texts[part] = render_string(object, &write->lengths[part]);
	} else {
		write->texts[part] = strdup("null\n");
		write->lengths[part] = strlen("null\n");
	}
	return write->texts[part] ? 0 : -1;
}

static int set_undo(struct history_entry *write, const json_t *undo, const char *stamp_key)
{
	json_t *named = undo ? json_deep_copy(undo) : NULL;
	int error = undo && !named ? -1 : 0;

	/* where a value is in its way, the document names no version */
	if (!error && named && stamp_key &&
	    pointer_set(named, stamp_key, json_string(write->stamp)) == -ENOMEM)
		error = -1;
	if (!error)
		error = set_part(write, HISTORY_UNDO, named);
	json_decref(named);
	return error;
}

/* Copy FROM with its texts. Returns 0, or -1 and TO has no texts. */
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

static struct history_entry *entry_new(const struct history_write *told, uint64_t number)
{
	struct history_entry *write = calloc(1, sizeof(*write));

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
	entry_free(write);
	return NULL;
}

/* Remove the write in the place of NUMBER from the ring. */
static void history_drop_locked(struct history *history, uint64_t number)
{
	struct history_entry **place = &history->ring[number % HISTORY_WRITES_MAX];

	if (!*place)
		return;
	history->bytes -= (*place)->bytes;
	entry_free(*place);
	*place = NULL;
}

static void keep_locked(struct history *history, struct history_entry *write)
{
	history->ring[write->number % HISTORY_WRITES_MAX] = write;
	history->bytes += write->bytes;
	/* the newest stays, however large it is */
	while (history->bytes > history->most && history->first < write->number)
		history_drop_locked(history, history->first++);
}

uint64_t history_add(struct history *history, const struct history_write *told)
{
	struct history_entry *write;
	uint64_t number;

	pthread_mutex_lock(&history->lock);
	number = ++history->last;
	history_drop_locked(history, number);
	if (number - history->first >= HISTORY_WRITES_MAX)
		history->first = number - HISTORY_WRITES_MAX + 1;
	pthread_mutex_unlock(&history->lock);

	write = entry_new(told, number);
	if (!write)
		return 0;
	pthread_mutex_lock(&history->lock);
	if (number >= history->first) {
		keep_locked(history, write);
		write = NULL;
	}
	pthread_mutex_unlock(&history->lock);
	entry_free(write);
	return number;
}

/* ---- reading ---- */

static const struct history_entry *find_locked(const struct history *history, uint64_t number)
{
	const struct history_entry *write = history->ring[number % HISTORY_WRITES_MAX];

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
	const struct history_entry *write;

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
	const struct history_entry *write;
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
	const struct history_entry *newest = NULL;
	uint64_t number;
	bool found;

	pthread_mutex_lock(&history->lock);
	number = below && below <= history->last ? below - 1 : history->last;
	for (; number >= history->first && !newest; number--) {
		const struct history_entry *write = find_locked(history, number);

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
		const struct history_entry *write = find_locked(history, --number);

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
	const struct history_entry *write;
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

char *history_name_of_undo(struct history *history, const void *owner, const char *id,
			   const char *text, size_t length)
{
	char *name = NULL;
	uint64_t number;

	pthread_mutex_lock(&history->lock);
	for (number = history->last; number >= history->first && number && !name; number--) {
		const struct history_entry *write = find_locked(history, number);

		if (write && write->owner == owner && strcmp(write->id, id) == 0 &&
		    write->lengths[HISTORY_UNDO] == length &&
		    memcmp(write->texts[HISTORY_UNDO], text, length) == 0)
			name = strdup(write->stamp);
	}
	pthread_mutex_unlock(&history->lock);
	return name;
}
