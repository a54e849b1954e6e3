/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_entry.c - see history_entry.h.
 */
#include "cache/history/history_entry.h"

#include "cache/document/render.h"
#include "cache/history/stored_file.h"
#include "vendors/json/pointer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *history_part_name(enum history_part part)
{
	static const char *const names[HISTORY_PARTS] = {[HISTORY_BEFORE] = "before.json",
							 [HISTORY_AFTER] = "after.json",
							 [HISTORY_UNDO] = "undo.json",
							 [HISTORY_SCRIPT] = "undo.sh"};

	return names[part];
}

void history_entry_free(struct history_entry *write)
{
	if (!write)
		return;
	for (size_t i = 0; i < HISTORY_PARTS; i++)
		free(write->texts[i]);
	history_facts_clear(&write->access);
	free(write->owner);
	free(write->id);
	free(write->line);
	free(write);
}

/* Set the name of the version that WRITE left. */
static void make_stamp(struct history_entry *write)
{
	struct tm utc;
	char time[32];

	gmtime_r(&write->when.tv_sec, &utc);
	strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(write->stamp, sizeof(write->stamp), "%s%" PRIu64 "/after.json of %s.%06ldZ",
		 HISTORY_ENTRY_STAMP, write->number, time, write->when.tv_nsec / 1000);
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

struct history_entry *history_entry_new(const struct history_facts *facts)
{
	struct history_entry *write = calloc(1, sizeof(*write));

	if (!write)
		return NULL;
	write->number = facts->number;
	write->when = facts->when;
	make_stamp(write);
	write->owner = strdup(facts->owner);
	write->id = strdup(facts->id);
	write->line = history_facts_line(facts);
	if (write->owner && write->id && write->line &&
	    !history_facts_copy(&write->access, &facts->access)) {
		write->line_length = strlen(write->line);
		write->access.owner = strdup(facts->owner);
		write->access.number = facts->number;
	}
	if (write->access.owner)
		return write;
	history_entry_free(write);
	return NULL;
}

/* Make the parts of WRITE. Returns 0 or -1. */
static int make_parts(struct history_entry *write, const struct history_write *told)
{
	if (set_part(write, HISTORY_BEFORE, told->before) ||
	    set_part(write, HISTORY_AFTER, told->after) ||
	    set_undo(write, told->undo, told->stamp_key))
		return -1;
	if (!told->script)
		return 0;
	write->texts[HISTORY_SCRIPT] = strdup(told->script);
	write->lengths[HISTORY_SCRIPT] = strlen(told->script);
	return write->texts[HISTORY_SCRIPT] ? 0 : -1;
}

/* Count the bytes of WRITE, which is complete. */
static void count_bytes(struct history_entry *write)
{
	const struct history_access *access = &write->access;

	write->bytes = sizeof(*write) + write->line_length + strlen(write->owner);
	for (size_t i = 0; i < HISTORY_PARTS; i++)
		write->bytes += write->lengths[i];
	write->bytes += access->was ? strlen(access->was) : 0;
	write->bytes += access->left ? strlen(access->left) : 0;
}

int history_entry_make(struct history_entry *write, const struct history_write *told)
{
	if (make_parts(write, told))
		return -ENOMEM;
	count_bytes(write);
	return 0;
}

void history_entry_take(struct history_entry *write, char *texts[HISTORY_PARTS],
			const size_t lengths[HISTORY_PARTS])
{
	memcpy(write->texts, texts, sizeof(write->texts));
	memcpy(write->lengths, lengths, sizeof(write->lengths));
	count_bytes(write);
}

size_t history_entry_files(const struct history_entry *write, struct stored_file *files)
{
	size_t count = 0;

	for (enum history_part i = 0; i < HISTORY_PARTS; i++) {
		if (write->texts[i])
			files[count++] = (struct stored_file){history_part_name(i), write->texts[i],
							      write->lengths[i]};
	}
	return count;
}
