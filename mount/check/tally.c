/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.c - see tally.h.
 *
 * A list sink that counts. It recognizes a repeated row by its id, as a roster does, so a vendor
 * that repeats a page is detected. It must not know what the counts mean, nor print them.
 */
#include "mount/check/tally.h"

#include "vendors/base/clock.h"
#include "vendors/base/hash.h"
#include "vendors/base/status_words.h"
#include "vendors/json/pointer.h"
#include "vendors/list/list.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/template/source.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A user in the table, which owns it. */
struct seen {
	bool counted; /* its status was counted */
	char id[];
};

static const char *seen_key(const void *item)
{
	return ((const struct seen *)item)->id;
}

bool tally_is_known(const char *word)
{
	return strcmp(word, STATUS_ACTIVE) == 0 || strcmp(word, STATUS_INACTIVE) == 0;
}

/* Store WORD, truncated between two characters. */
static void keep_other(struct tally *tally, const char *word)
{
	size_t length = strlen(word);

	if (length >= sizeof(tally->other))
		length = sizeof(tally->other) - 1;
	while (length && ((unsigned char)word[length] & 0xc0) == 0x80)
		length--;
	memcpy(tally->other, word, length);
	tally->other[length] = '\0';
}

/* Count the status WORD (NULL: none). */
static void count_status(struct tally *tally, const char *word)
{
	if (!word) {
		tally->none++;
	} else if (!tally_is_known(word)) {
		if (!tally->others++)
			keep_other(tally, word);
	} else if (strcmp(word, STATUS_ACTIVE) == 0) {
		tally->active++;
	} else {
		tally->inactive++;
	}
}

/* Count the status that RECORD shows. */
static void count_record(struct tally *tally, const json_t *record)
{
	const struct rule_status *status = tally->collection->status;
	char buffer[STATUS_MAP_MAX];
	const char *word = status_map_word(tally->collection, record, buffer);

	count_status(tally, word);
	if (status)
		values_count(&tally->values, pointer_get(record, status->path), word);
}

static int add_user(struct tally *tally, const char *id, const json_t *record)
{
	uint64_t hash = hash_text(id);
	struct seen *seen;

	if (table_find(&tally->ids, id, hash))
		return -EEXIST;
	seen = calloc(1, sizeof(*seen) + strlen(id) + 1);
	if (!seen)
		return -ENOMEM;
	memcpy(seen->id, id, strlen(id) + 1);
	if (table_add(&tally->ids, seen, hash)) {
		free(seen);
		return -ENOMEM;
	}
	if (!tally->first)
		tally->first = strdup(id);
	if (!tally->first)
		return -ENOMEM;
	tally->count++;
	if (tally->collection) {
		count_record(tally, record);
		tally->emails += collection_email(tally->collection, record) != NULL;
	}
	return 0;
}

/* A status may belong to a user that was created after the users were listed. */
static int add_status(struct tally *tally, const char *id, const json_t *record)
{
	struct seen *seen = table_find(&tally->ids, id, hash_text(id));

	if (!seen)
		return 0;
	if (seen->counted)
		return -EEXIST;
	seen->counted = true;
	count_record(tally, record);
	return 0;
}

static int tally_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct tally *tally = (struct tally *)sink;
	const struct source_reply reply = {.body = record};

	if (tally->collection && condition_holds(&tally->collection->gone_when, &reply))
		return 0;
	return tally->of_statuses ? add_status(tally, id, record) : add_user(tally, id, record);
}

static void forget_statuses(struct tally *tally)
{
	tally->active = tally->inactive = tally->others = tally->none = 0;
	tally->other[0] = '\0';
	tally->values = (struct values){0};
}

static void progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct tally *tally = (struct tally *)sink;

	tally->progress.pages = pages;
	tally->progress.rows = rows;
	tally->progress.total = total;
	progress_tell(&tally->progress);
	/* more pages may have been asked for than there are: those have no rows */
	if (!tally->of_statuses && rows != tally->rows)
		tally->pages++;
	tally->rows = rows;
}

static void forget_users(struct tally *tally)
{
	size_t at = 0;

	for (void *seen; (seen = table_next(&tally->ids, &at));)
		free(seen);
	table_clear(&tally->ids);
	free(tally->first);
	tally->first = NULL;
	tally->count = tally->emails = tally->rows = 0;
	tally->pages = 0;
}

static void reset(struct list_sink *sink)
{
	struct tally *tally = (struct tally *)sink;
	size_t at = 0;

	forget_statuses(tally);
	if (!tally->of_statuses) {
		forget_users(tally);
		return;
	}
	for (struct seen *seen; (seen = table_next(&tally->ids, &at));)
		seen->counted = false;
}

void tally_init(struct tally *tally, const struct collection *users)
{
	*tally = (struct tally){.sink = {.add = tally_add, .reset = reset, .progress = progress},
				.collection = users};
	table_init(&tally->ids, seen_key);
}

void tally_clear(struct tally *tally)
{
	forget_users(tally);
}

int tally_walk(struct tally *tally, struct call *call, struct account *account,
	       const struct collection *collection)
{
	int error;

	tally->progress = (struct progress){.what = account->name, .began = clock_seconds()};
	progress_tell(&tally->progress);
	error = list_walk(call, account, collection, NULL, &tally->sink);
	progress_end(&tally->progress);
	return error;
}

void tally_statuses(struct tally *tally, const struct collection *statuses)
{
	tally->collection = statuses;
	tally->of_statuses = true;
}

void tally_end(struct tally *tally)
{
	size_t at = 0;

	for (const struct seen *seen; (seen = table_next(&tally->ids, &at));) {
		if (!seen->counted)
			count_status(tally, tally->collection->absent_status);
	}
}

bool tally_has(const struct tally *tally, const char *id)
{
	return table_find(&tally->ids, id, hash_text(id)) != NULL;
}

static int add_stranger(struct list_sink *sink, const char *id, json_t *record)
{
	struct tally_strangers *strangers = (struct tally_strangers *)sink;

	(void)record;
	strangers->count += !tally_has(strangers->tally, id);
	return 0;
}

static void reset_strangers(struct list_sink *sink)
{
	((struct tally_strangers *)sink)->count = 0;
}

void tally_strangers_init(struct tally_strangers *strangers, const struct tally *tally)
{
	*strangers = (struct tally_strangers){.sink = {.add = add_stranger,
						       .reset = reset_strangers},
					      .tally = tally};
}
