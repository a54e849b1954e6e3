/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.c - see changes.h.
 *
 * Kept lines are a ring. The line that stands for those that are not kept ends where the first kept
 * line begins, so that it moves when lines are dropped; it has always the same length, and is
 * shorter than any line that it stands for. It knows nothing of users.
 */
#include "cache/changes/changes.h"

#include "cache/document/text_json.h"
#include "cache/history/audit.h"
#include "vendors/base/log.h"
#include "vendors/base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the line that stands for dropped ones, with its newline. */
#define CUT_LENGTH 76
#define ROOM_FIRST 64

struct line {
	char *text; /* with a newline at its end */
	size_t length;
	uint64_t begin; /* its offset in the text */
};

struct changes {
	size_t limit;
	struct audit *log;
	struct pool *pool;
	void (*wake)(void *arg);
	void *wake_arg;

	pthread_mutex_t lock; /* of what follows */
	struct line *lines;   /* a ring of ROOM */
	size_t room, first, count;
	size_t bytes;        /* of the lines that are kept */
	uint64_t begin, end; /* of them in the text */
	uint64_t dropped;    /* lines */
	char cut[CUT_LENGTH + 1];
	struct timespec when; /* time of the last line */
	/* what the log has not got yet */
	char *pending;
	size_t pending_length, pending_room;
	bool appending; /* a thread appends, or will */
	bool failing;   /* the last time that failed */
	bool losing;    /* since then, lines were lost */
};

struct changes *changes_new(size_t limit, struct audit *log, struct pool *pool)
{
	struct changes *changes = calloc(1, sizeof(*changes));

	if (!changes)
		return NULL;
	changes->limit = limit;
	changes->log = log;
	changes->pool = pool;
	pthread_mutex_init(&changes->lock, NULL);
	return changes;
}

void changes_tell(struct changes *changes, void (*wake)(void *arg), void *arg)
{
	changes->wake = wake;
	changes->wake_arg = arg;
}

/* Return the place of line number INDEX of those that are kept. */
static size_t place_of_locked(const struct changes *changes, size_t index)
{
	size_t place = changes->first + index;

	return place < changes->room ? place : place - changes->room;
}

/* ---- the log ---- */

/* Keep TEXT (LENGTH bytes; owned), which the log has not taken, before what else it needs. Return
 * false if that is too much: TEXT is lost. */
static bool keep_locked(struct changes *changes, char *text, size_t length)
{
	size_t all = length + changes->pending_length;
	char *longer = all <= CHANGES_BYTES_MAX ? realloc(text, all) : NULL;

	if (!longer) {
		free(text);
		return false;
	}
	if (changes->pending_length)
		memcpy(longer + length, changes->pending, changes->pending_length);
	free(changes->pending);
	changes->pending = longer;
	changes->pending_length = changes->pending_room = all;
	return true;
}

/* Note that the log could not (ERROR) or could (0) be appended to, and that lines are LOST, and say
 * it if that is new. */
static void note_result(struct changes *changes, int error, bool lost)
{
	bool failed, had_lost;

	pthread_mutex_lock(&changes->lock);
	failed = changes->failing;
	had_lost = changes->losing;
	changes->failing = error;
	changes->losing = error && (lost || had_lost);
	pthread_mutex_unlock(&changes->lock);
	if (error && !failed)
		log_line("changes_log %s: cannot be written: %s; the lines are kept for the next "
			 "try",
			 audit_path(changes->log), strerror(-error));
	if (lost && !had_lost)
		log_line("changes_log %s: lines are missing: %s", audit_path(changes->log),
			 strerror(-error));
	if (!error && failed)
		log_line("changes_log %s: written again%s", audit_path(changes->log),
			 had_lost ? "" : ", and no line is missing");
}

/* Append what the log has not got yet, in one piece: room for it is secured first, so that a full
 * disk does not tear a line. What fails is tried again with the next line. */
static void append_pending(struct changes *changes)
{
	char *text;
	size_t length;
	bool lost = false;
	int error;

	pthread_mutex_lock(&changes->lock);
	text = changes->pending;
	length = changes->pending_length;
	changes->pending = NULL;
	changes->pending_length = changes->pending_room = 0;
	changes->appending = length > 0;
	pthread_mutex_unlock(&changes->lock);
	if (!length)
		return;
	error = audit_announce(changes->log, text, length, 0);
	if (error) {
		pthread_mutex_lock(&changes->lock);
		lost = !keep_locked(changes, text, length);
		changes->appending = false;
		pthread_mutex_unlock(&changes->lock);
	} else {
		free(text);
	}
	note_result(changes, error, lost);
}

/* Append until the log has everything, or fails. */
static void append_all(void *arg)
{
	struct changes *changes = arg;
	bool more = true;

	while (more) {
		append_pending(changes);
		pthread_mutex_lock(&changes->lock);
		more = changes->appending;
		pthread_mutex_unlock(&changes->lock);
	}
}

/* Note that the log needs LINE. Return 0 or -ENOMEM. */
static int add_pending_locked(struct changes *changes, const struct line *line)
{
	size_t need = changes->pending_length + line->length;

	if (need > changes->pending_room) {
		char *longer = realloc(changes->pending, 2 * need);

		if (!longer)
			return -ENOMEM;
		changes->pending = longer;
		changes->pending_room = 2 * need;
	}
	memcpy(changes->pending + changes->pending_length, line->text, line->length);
	changes->pending_length = need;
	return 0;
}

/* Return true if the caller must start a thread that appends. */
static bool begin_appending_locked(struct changes *changes)
{
	bool begins = changes->pending_length && !changes->appending;

	changes->appending = changes->appending || begins;
	return begins;
}

static void start_appending(struct changes *changes)
{
	if (!pool_run(changes->pool, append_all, changes))
		return;
	/* the next line tries again, or the end does */
	pthread_mutex_lock(&changes->lock);
	changes->appending = false;
	pthread_mutex_unlock(&changes->lock);
}

void changes_free(struct changes *changes)
{
	if (!changes)
		return;
	append_all(changes);
	free(changes->pending);
	for (size_t i = 0; i < changes->count; i++)
		free(changes->lines[place_of_locked(changes, i)].text);
	free(changes->lines);
	pthread_mutex_destroy(&changes->lock);
	free(changes);
}

/* ---- adding ---- */

/* Drop the oldest line. */
static void drop_first_locked(struct changes *changes)
{
	struct line *line = &changes->lines[changes->first];

	changes->bytes -= line->length;
	changes->begin += line->length;
	changes->dropped++;
	free(line->text);
	changes->first = place_of_locked(changes, 1);
	changes->count--;
}

/* Say how many lines are no longer kept. */
static void write_cut_locked(struct changes *changes)
{
	char when[TEXT_JSON_TIME_MAX], words[2 * CUT_LENGTH];

	snprintf(words, sizeof(words), "{\"time\":\"%s\",\"kind\":\"cut\",\"lines\":%llu}",
		 text_json_time(&changes->when, when), (unsigned long long)changes->dropped);
	snprintf(changes->cut, sizeof(changes->cut), "%-*.*s\n", CUT_LENGTH - 1, CUT_LENGTH - 1,
		 words);
}

/* Make room for one more line in the ring. Return 0 or -ENOMEM. */
static int grow_locked(struct changes *changes)
{
	size_t room = changes->room ? 2 * changes->room : ROOM_FIRST;
	struct line *lines;

	if (changes->count < changes->room)
		return 0;
	lines = calloc(room, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	for (size_t i = 0; i < changes->count; i++)
		lines[i] = changes->lines[place_of_locked(changes, i)];
	free(changes->lines);
	changes->lines = lines;
	changes->room = room;
	changes->first = 0;
	return 0;
}

/* Add TEXT (taken, without a newline). Return 0, or -ENOMEM: it is missing in the text or the log.
 */
static int add_line_locked(struct changes *changes, char *text)
{
	struct line line = {.length = strlen(text) + 1, .begin = changes->end};
	char *longer = realloc(text, line.length + 1);
	int error = 0;

	line.text = longer ? longer : text;
	if (!longer || grow_locked(changes)) {
		free(line.text);
		return -ENOMEM;
	}
	memcpy(line.text + line.length - 1, "\n", 2);
	if (changes->log)
		error = add_pending_locked(changes, &line);
	changes->lines[place_of_locked(changes, changes->count++)] = line;
	changes->end += line.length;
	changes->bytes += line.length;
	while (changes->count > changes->limit ||
	       (changes->count > 1 && changes->bytes > CHANGES_BYTES_MAX))
		drop_first_locked(changes);
	return error;
}

void changes_add(struct changes *changes, char **lines, size_t count)
{
	bool added = false, begins;
	int error = 0;

	if (!count)
		return;
	pthread_mutex_lock(&changes->lock);
	clock_gettime(CLOCK_REALTIME, &changes->when);
	for (size_t i = 0; i < count; i++) {
		if (lines[i] && add_line_locked(changes, lines[i]))
			error = -ENOMEM;
		added = added || lines[i];
	}
	if (changes->dropped)
		write_cut_locked(changes);
	begins = begin_appending_locked(changes);
	pthread_mutex_unlock(&changes->lock);
	if (error)
		log_line("changes: a line is missing: %s", strerror(-error));
	if (added && changes->wake)
		changes->wake(changes->wake_arg);
	if (begins)
		start_appending(changes);
}

/* ---- reading ---- */

uint64_t changes_size(struct changes *changes, struct timespec *when)
{
	uint64_t size;

	pthread_mutex_lock(&changes->lock);
	size = changes->end;
	if (size)
		*when = changes->when;
	pthread_mutex_unlock(&changes->lock);
	return size;
}

/* Return where the line begins that stands for those that are not kept. */
static uint64_t cut_begin_locked(const struct changes *changes)
{
	return changes->begin > CUT_LENGTH ? changes->begin - CUT_LENGTH : 0;
}

/* Return the kept line that OFFSET, which is in one, lies in. */
static const struct line *line_at_locked(const struct changes *changes, uint64_t offset)
{
	size_t low = 0, high = changes->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (changes->lines[place_of_locked(changes, middle)].begin <= offset)
			low = middle;
		else
			high = middle;
	}
	return &changes->lines[place_of_locked(changes, low)];
}

/* Copy the longest piece that begins at OFFSET of the text, SIZE bytes at most, to DATA. Return its
 * length. */
static size_t copy_piece_locked(const struct changes *changes, uint64_t offset, size_t size,
				char *data)
{
	const uint64_t cut = cut_begin_locked(changes);
	const struct line *line;
	const char *from = NULL;
	size_t length;

	if (offset < cut) {
		length = cut - offset;
	} else if (offset < changes->begin) {
		from = changes->cut + CUT_LENGTH - (changes->begin - offset);
		length = changes->begin - offset;
	} else {
		line = line_at_locked(changes, offset);
		from = line->text + (offset - line->begin);
		length = line->length - (offset - line->begin);
	}
	length = length < size ? length : size;
	if (from)
		memcpy(data, from, length);
	else
		memset(data, ' ', length);
	return length;
}

/*
 * Let READER, which goes on reading in order, skip lines that are not kept, except for the line
 * that stands for them. Return true if it was in the middle of a line, which must be ended first.
 */
static bool skip_locked(const struct changes *changes, struct changes_reader *reader)
{
	const uint64_t cut = cut_begin_locked(changes), at = reader->next + reader->skips;
	bool torn = reader->torn;

	if (at >= cut)
		return false;
	reader->skips = cut - reader->next - (torn ? 1 : 0);
	return torn;
}

ssize_t changes_read(struct changes *changes, struct changes_reader *reader, uint64_t offset,
		     size_t size, char **data)
{
	size_t count = 0;
	uint64_t at, left;

	*data = NULL;
	pthread_mutex_lock(&changes->lock);
	left = changes->end > offset + reader->skips ? changes->end - offset - reader->skips : 0;
	/* a reader that skips lines sees less, never more */
	size = size < left ? size : left;
	*data = size ? malloc(size) : NULL;
	if (*data) {
		if (offset == reader->next && skip_locked(changes, reader))
			(*data)[count++] = '\n';
		at = offset + reader->skips;
		while (count < size && at + count < changes->end)
			count += copy_piece_locked(changes, at + count, size - count,
						   *data + count);
		reader->torn = count && (*data)[count - 1] != '\n';
	}
	pthread_mutex_unlock(&changes->lock);
	if (size && !*data)
		return -ENOMEM;
	reader->next = offset + count;
	return (ssize_t)count;
}

bool changes_ready(struct changes *changes, const struct changes_reader *reader)
{
	bool ready;

	pthread_mutex_lock(&changes->lock);
	ready = reader->next + reader->skips < changes->end;
	pthread_mutex_unlock(&changes->lock);
	return ready;
}
