/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.c - see history.h.
 *
 * A ring, indexed by number. Two writes that end together may get their numbers in either order.
 * Texts are made, and files written, before the lock is taken. The name of a version contains the
 * time, because without a store numbers begin again with each mount: a name from another mount must
 * not name a version here.
 */
#include "cache/history/history.h"

#include "cache/history/history_entry.h"
#include "cache/history/history_store.h"
#include "cache/history/stored_file.h"
#include "vendors/base/log.h"
#include "vendors/json/exact_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The index on disk is written again when it has so many lines. */
#define INDEX_LINES_MAX ((size_t)2 * HISTORY_WRITES_MAX)

struct history {
	size_t most;                 /* bytes */
	struct history_store *store; /* set before there are threads; NULL: none to write to */
	pthread_mutex_t indexing;    /* of the index on disk; before lock */
	size_t index_lines;          /* on disk; under indexing */
	pthread_mutex_t lock;
	uint64_t last;      /* the newest number */
	uint64_t first;     /* the oldest number that may still be there */
	uint64_t own;       /* the first number of this mount */
	size_t bytes, text; /* of all that is kept; of the lines of the index */
	struct history_entry *ring[HISTORY_WRITES_MAX]; /* by number */
};

struct history *history_new(size_t bytes)
{
	struct history *history = calloc(1, sizeof(*history));

	if (!history)
		return NULL;
	history->most = bytes;
	history->first = history->own = 1;
	pthread_mutex_init(&history->indexing, NULL);
	pthread_mutex_init(&history->lock, NULL);
	return history;
}

void history_free(struct history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < HISTORY_WRITES_MAX; i++)
		history_entry_free(history->ring[i]);
	pthread_mutex_destroy(&history->indexing);
	pthread_mutex_destroy(&history->lock);
	free(history);
}

/* ---- adding ---- */

/* Remove the write in the place of NUMBER from the ring. */
static void history_drop_locked(struct history *history, uint64_t number)
{
	struct history_entry **place = &history->ring[number % HISTORY_WRITES_MAX];

	if (!*place)
		return;
	history->bytes -= (*place)->bytes;
	history->text -= (*place)->line_length;
	history_entry_free(*place);
	*place = NULL;
}

static void keep_locked(struct history *history, struct history_entry *write)
{
	history->ring[write->number % HISTORY_WRITES_MAX] = write;
	history->bytes += write->bytes;
	history->text += write->line_length;
	/* the newest stays, however large it is */
	while (history->bytes > history->most && history->first < write->number)
		history_drop_locked(history, history->first++);
}

/* ---- the store ---- */

/* Write WRITE, with FACTS, to the store. An error is logged. */
static void store_write(struct history *history, const struct history_entry *write,
			const struct history_facts *facts)
{
	struct stored_file files[HISTORY_PARTS + 1];
	size_t length = 0, count;
	char *text = history_facts_json(facts, &length);
	int error = text ? 0 : -ENOMEM;

	files[0] = (struct stored_file){HISTORY_ENTRY_FACTS, text, length};
	count = 1 + history_entry_files(write, files + 1);
	if (!error)
		error = history_store_add(history->store, write->number, files, count);
	if (error)
		log_line("history_dir %s: write %" PRIu64 " cannot be kept: %s; it is in the "
			 "history of this mount only",
			 history_store_path(history->store), write->number, strerror(-error));
	free(text);
}

/* As history_index. MARK: the text replaces the index on disk. */
static char *index_text(struct history *history, bool mark, size_t *length)
{
	char *text, *end;

	pthread_mutex_lock(&history->lock);
	text = end = malloc(history->text + 1);
	for (uint64_t i = history->first; text && i <= history->last; i++) {
		struct history_entry *write = history->ring[i % HISTORY_WRITES_MAX];

		if (!write || write->number != i)
			continue;
		end = mempcpy(end, write->line, write->line_length);
		write->indexed = write->indexed || mark;
	}
	if (text)
		*end = '\0';
	*length = text ? history->text : 0;
	pthread_mutex_unlock(&history->lock);
	return text;
}

char *history_index(struct history *history, size_t *length)
{
	return index_text(history, false, length);
}

static void log_index(const struct history *history, int error)
{
	log_line("history_dir %s: the index cannot be written: %s; the next mount writes it again",
		 history_store_path(history->store), strerror(-error));
}

/* Replace the index of the store, with indexing locked. */
static void write_index_locked(struct history *history)
{
	size_t length = 0, lines = 0;
	char *text = index_text(history, true, &length);
	int error = text ? history_store_replace(history->store, text, length) : -ENOMEM;

	for (const char *at = text; at && (at = strchr(at, '\n')); at++)
		lines++;
	if (error)
		log_index(history, error);
	else
		history->index_lines = lines;
	free(text);
}

void history_write_index(struct history *history)
{
	if (!history->store)
		return;
	pthread_mutex_lock(&history->indexing);
	write_index_locked(history);
	pthread_mutex_unlock(&history->indexing);
}

/* Return the line of write NUMBER, if the index on disk lacks it; the caller frees. NULL: it has
 * it. */
static char *take_line(struct history *history, uint64_t number)
{
	struct history_entry *write;
	char *line = NULL;

	pthread_mutex_lock(&history->lock);
	write = history->ring[number % HISTORY_WRITES_MAX];
	if (write && write->number == number && !write->indexed) {
		line = strdup(write->line);
		write->indexed = true;
	}
	pthread_mutex_unlock(&history->lock);
	return line;
}

/* Append the line of write NUMBER, which is kept, to the index of the store. */
static void store_line(struct history *history, uint64_t number)
{
	char *line;
	int error;

	pthread_mutex_lock(&history->indexing);
	line = take_line(history, number);
	error = line ? history_store_append(history->store, line, strlen(line)) : 0;
	if (error)
		log_index(history, error);
	if (line && ++history->index_lines > INDEX_LINES_MAX)
		write_index_locked(history);
	pthread_mutex_unlock(&history->indexing);
	free(line);
}

/* Remove the writes FROM to TO (excluded) from the store. */
static void store_drop(struct history *history, uint64_t from, uint64_t to)
{
	for (; history->store && from < to; from++)
		history_store_remove(history->store, from);
}

int history_ready(struct history *history, const char **directory)
{
	if (!history->store)
		return 0;
	*directory = history_store_path(history->store);
	return history_store_ready(history->store);
}

void history_begin(struct history *history, struct history_store *store, uint64_t last)
{
	history->store = history_store_is_read_only(store) ? NULL : store;
	history->last = last;
	history->own = last + 1;
	history->first = last > HISTORY_WRITES_MAX ? last - HISTORY_WRITES_MAX + 1 : 1;
}

/* ---- adding, to the history and the store ---- */

/* Take the next number, and drop the write whose place it gets. */
static uint64_t next_number(struct history *history)
{
	uint64_t number, first, rest;

	pthread_mutex_lock(&history->lock);
	first = history->first;
	number = ++history->last;
	history_drop_locked(history, number);
	if (number - history->first >= HISTORY_WRITES_MAX)
		history->first = number - HISTORY_WRITES_MAX + 1;
	rest = history->first;
	pthread_mutex_unlock(&history->lock);
	store_drop(history, first, rest);
	return number;
}

/* Keep WRITE (taken), unless it is too old by now. */
static void history_keep(struct history *history, struct history_entry *write)
{
	uint64_t number = write->number, first, last;
	bool kept;

	pthread_mutex_lock(&history->lock);
	first = history->first;
	kept = number >= first;
	if (kept)
		keep_locked(history, write);
	last = history->first;
	pthread_mutex_unlock(&history->lock);
	if (!kept)
		history_entry_free(write);
	if (kept && history->store)
		store_line(history, number);
	store_drop(history, kept ? first : number, kept ? last : number + 1);
}

uint64_t history_add(struct history *history, const struct history_write *told)
{
	struct history_facts facts = told->facts;
	struct history_entry *write;

	facts.number = next_number(history);
	clock_gettime(CLOCK_REALTIME, &facts.when);
	facts.when.tv_nsec -= facts.when.tv_nsec % 1000;
	write = history_entry_new(&facts);
	if (!write || history_entry_make(write, told)) {
		history_entry_free(write);
		return 0;
	}
	if (history->store)
		store_write(history, write, &facts);
	history_keep(history, write);
	return facts.number;
}

int history_restore(struct history *history, const struct history_facts *facts,
		    char *texts[HISTORY_PARTS], const size_t lengths[HISTORY_PARTS])
{
	struct history_entry *write = history_entry_new(facts);

	if (!write)
		return -ENOMEM;
	history_entry_take(write, texts, lengths);
	/* history_write_index has its line */
	write->indexed = true;
	history_keep(history, write);
	return 0;
}

/* ---- reading ---- */

static const struct history_entry *find_locked(const struct history *history, uint64_t number)
{
	const struct history_entry *write = history->ring[number % HISTORY_WRITES_MAX];

	return write && write->number == number ? write : NULL;
}

/* Return the oldest number of this mount that may still be there. */
static uint64_t oldest_own_locked(const struct history *history)
{
	return history->first > history->own ? history->first : history->own;
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

size_t history_index_size(struct history *history, struct timespec *when)
{
	const struct history_entry *newest;
	size_t size;

	pthread_mutex_lock(&history->lock);
	size = history->text;
	newest = find_locked(history, history->last);
	if (newest)
		*when = newest->when;
	pthread_mutex_unlock(&history->lock);
	return size;
}

json_t *history_record(struct history *history, uint64_t number, enum history_part part)
{
	size_t length;
	char *text = history_text(history, number, part, &length);
	json_t *record = text ? exact_parse(text, length, 0, NULL) : NULL;

	free(text);
	return record;
}

/* Return the newest write before number BELOW (0: of all), and not before FIRST, that changed the
 * access of SUBJECT's ID, or NULL. */
static const struct history_entry *find_access_locked(struct history *history, const char *subject,
						      const char *id, uint64_t below,
						      uint64_t first)
{
	uint64_t number = below && below <= history->last ? below - 1 : history->last;

	for (; number >= first && number; number--) {
		const struct history_entry *write = find_locked(history, number);

		if (write && write->access.kind != HISTORY_EDIT &&
		    strcmp(write->access.subject, subject) == 0 && strcmp(write->id, id) == 0)
			return write;
	}
	return NULL;
}

bool history_newest_access(struct history *history, const char *subject, const char *id,
			   uint64_t below, struct history_access *access)
{
	const struct history_entry *newest;
	bool found;

	pthread_mutex_lock(&history->lock);
	newest = find_access_locked(history, subject, id, below, oldest_own_locked(history));
	found = newest && !history_facts_copy(access, &newest->access);
	pthread_mutex_unlock(&history->lock);
	return found;
}

uint64_t history_past_access(struct history *history, const char *subject, const char *id,
			     uint64_t below)
{
	const struct history_entry *newest;
	uint64_t number;

	pthread_mutex_lock(&history->lock);
	newest = find_access_locked(history, subject, id, below, history->first);
	number = newest && newest->number < history->own ? newest->number : 0;
	pthread_mutex_unlock(&history->lock);
	return number;
}

bool history_names(const char *stamp)
{
	return strncmp(stamp, HISTORY_ENTRY_STAMP, strlen(HISTORY_ENTRY_STAMP)) == 0;
}

uint64_t history_before(struct history *history, const char *owner, const char *id, uint64_t number)
{
	uint64_t found = 0;

	pthread_mutex_lock(&history->lock);
	if (number > history->last)
		number = history->last + 1;
	while (!found && number > oldest_own_locked(history)) {
		const struct history_entry *write = find_locked(history, --number);

		if (write && strcmp(write->owner, owner) == 0 && strcmp(write->id, id) == 0)
			found = number;
	}
	pthread_mutex_unlock(&history->lock);
	return found;
}

json_t *history_version(struct history *history, const char *stamp, const char *owner,
			const char *id, enum history_part part)
{
	uint64_t number = 0;
	const struct history_entry *write;
	json_t *version = NULL;
	char *text = NULL;

	if (history_names(stamp))
		number = strtoull(stamp + strlen(HISTORY_ENTRY_STAMP), NULL, 10);
	pthread_mutex_lock(&history->lock);
	write = find_locked(history, number);
	if (write && strcmp(write->owner, owner) == 0 && strcmp(write->id, id) == 0 &&
	    strcmp(write->stamp, stamp) == 0 && write->texts[part])
		text = strdup(write->texts[part]);
	pthread_mutex_unlock(&history->lock);
	if (text)
		version = exact_parse(text, strlen(text), 0, NULL);
	free(text);
	return version;
}

char *history_name_of_undo(struct history *history, const char *owner, const char *id,
			   const char *text, size_t length)
{
	char *name = NULL;
	uint64_t number;

	pthread_mutex_lock(&history->lock);
	for (number = history->last; number >= history->first && number && !name; number--) {
		const struct history_entry *write = find_locked(history, number);

		if (write && strcmp(write->owner, owner) == 0 && strcmp(write->id, id) == 0 &&
		    write->lengths[HISTORY_UNDO] == length &&
		    memcmp(write->texts[HISTORY_UNDO], text, length) == 0)
			name = strdup(write->stamp);
	}
	pthread_mutex_unlock(&history->lock);
	return name;
}
