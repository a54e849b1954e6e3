/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_load.c - see history_load.h.
 *
 * A write that cannot be read keeps its number and its files: somebody may still want to look.
 */
#include "cache/history/history_load.h"

#include "cache/history/history.h"
#include "cache/history/history_entry.h"
#include "cache/history/history_store.h"
#include "vendors/base/log.h"
#include "vendors/json/exact_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FACTS_MAX ((size_t)1 << 20)

/* Log why the file NAME of write NUMBER cannot be used. Returns ERROR. */
static int log_damaged(struct history_store *store, uint64_t number, const char *name, int error)
{
	/* an earlier mount may remove it meanwhile */
	if (error == -ENOENT && history_store_is_read_only(store))
		return error;
	log_line("history_dir %s: write %" PRIu64 " is left out: %s: %s", history_store_path(store),
		 number, name, error == -EBADMSG ? "damaged" : strerror(-error));
	return error;
}

/* Return true if the LENGTH bytes of TEXT are what PART has. */
static bool is_part(enum history_part part, const char *text, size_t length)
{
	json_t *document;

	if (!length || strlen(text) != length)
		return false;
	if (part == HISTORY_SCRIPT)
		return true;
	document = exact_parse(text, length, EXACT_PARSE_ANY, NULL);
	json_decref(document);
	return document;
}

/* Read PART of write NUMBER into *TEXT, which is NULL if it has none. Returns 0 or a negative
 * errno, which is logged. */
static int load_part(struct history_store *store, uint64_t number, enum history_part part,
		     char **text, size_t *length)
{
	const char *name = history_part_name(part);
	int error = history_store_read(store, number, name, HISTORY_BYTES_MAX, text, length);

	if (error == -ENOENT && part == HISTORY_SCRIPT)
		return 0;
	if (!error && !is_part(part, *text, *length))
		error = -EBADMSG;
	return error ? log_damaged(store, number, name, error) : 0;
}

/* Read the facts of write NUMBER. Returns 0, or a negative errno, which is logged. */
static int load_facts(struct history_store *store, uint64_t number, struct history_facts *facts,
		      json_t **held)
{
	char *text = NULL;
	size_t length = 0;
	int error = history_store_read(store, number, HISTORY_ENTRY_FACTS, FACTS_MAX, &text,
				       &length);

	if (!error && history_facts_read(text, length, facts, held))
		error = -EBADMSG;
	if (!error && facts->number != number) {
		json_decref(*held);
		error = -EBADMSG;
	}
	free(text);
	return error ? log_damaged(store, number, HISTORY_ENTRY_FACTS, error) : 0;
}

/* Add write NUMBER, unless it is damaged. Returns 0 or -ENOMEM. */
static int load_write(struct history *history, struct history_store *store, uint64_t number)
{
	char *texts[HISTORY_PARTS] = {NULL};
	size_t lengths[HISTORY_PARTS] = {0};
	struct history_facts facts;
	json_t *held = NULL;
	int error = load_facts(store, number, &facts, &held);

	if (error)
		return 0;
	for (enum history_part i = 0; !error && i < HISTORY_PARTS; i++)
		error = load_part(store, number, i, &texts[i], &lengths[i]);
	if (error) {
		for (size_t i = 0; i < HISTORY_PARTS; i++)
			free(texts[i]);
	} else if (history_restore(history, &facts, texts, lengths)) {
		json_decref(held);
		return -ENOMEM;
	}
	json_decref(held);
	return 0;
}

int history_load(struct history *history, struct history_store *store)
{
	bool removes = !history_store_is_read_only(store);
	uint64_t first, last;
	size_t count = 0;
	const uint64_t *numbers = history_store_numbers(store, &count);
	int error = 0;

	history_begin(history, store, count ? numbers[count - 1] : 0);
	history_range(history, &first, &last);
	for (size_t i = 0; !error && i < count; i++) {
		if (numbers[i] >= first)
			error = load_write(history, store, numbers[i]);
		else if (removes)
			history_store_remove(store, numbers[i]);
	}
	history_write_index(history);
	return error;
}
