/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passes.c - see passes.h.
 *
 * One entry for each id. A pass that is walked again takes its rows back: what an entry knows from
 * it is forgotten, and an entry that no other pass had is dropped in the end. It must not know how
 * a pass is walked.
 */
#include "vendors/list/passes.h"

#include "vendors/base/call.h"
#include "vendors/base/hash.h"
#include "vendors/base/table.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/pointer.h"
#include "vendors/json/json_heap.h"
#include "vendors/list/bound.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NEVER SIZE_MAX

/* A row was parsed within the limit of its page, and no tree takes more than this. */
#define TREE_TIMES 80
#define TREE_SLACK ((size_t)1 << 20)

struct entry {
	char *text;         /* the row as JSON; NULL: it is in `record` */
	json_t *record;     /* of a row that is not JSON: what could be read */
	size_t first, last; /* passes: the one that the row is of, the last that had it; or NEVER */
	uint64_t status;    /* a hash of the status; 0: none known */
	size_t told;        /* the pass that showed it first */
	size_t given;       /* that pass, if its value is the status and the row has none */
	size_t conflict;    /* a pass that shows another one, or NEVER */
	char id[];
};

struct passes {
	struct list_sink sink; /* of the pass in progress */
	struct list_sink *end;
	const struct collection *collection;
	const char *path;            /* of the status in a record, or NULL */
	const struct value **values; /* of the passes begun */
	size_t count;
	json_t *status;     /* what a row of this pass has for a status if it shows none; or NULL */
	size_t pages, rows; /* of the passes before this one */
	size_t pass_pages, pass_rows;
	struct entry **entries;
	size_t entry_count, entry_room;
	struct table by_id;
};

static const char *id_of(const void *item)
{
	return ((const struct entry *)item)->id;
}

/* ---- one row ---- */

/* Return a hash of VALUE, a status: not 0. */
static uint64_t hash_status(const json_t *value)
{
	char *text = exact_print_text(value, EXACT_PRINT_SORT);
	uint64_t hash = text ? hash_text(text) : 0;

	free(text);
	return hash ? hash : 1;
}

/* Note what this pass shows of the status of ENTRY by its row RECORD. */
static void note_status(struct passes *passes, struct entry *entry, const json_t *record)
{
	const char *path = passes->path;
	json_t *shown = path ? pointer_get(record, path) : NULL;
	json_t *status = shown ? shown : passes->status;
	size_t pass = passes->count - 1;
	uint64_t hash;

	if (!path || !status)
		return;
	hash = hash_status(status);
	if (!entry->status) {
		entry->status = hash;
		entry->told = pass;
		entry->given = status == passes->status ? pass : NEVER;
	} else if (entry->status != hash && entry->conflict == NEVER) {
		entry->conflict = pass;
	}
}

/* Return a new entry for ID, which is in the table then, or NULL without memory. */
static struct entry *entry_new(struct passes *passes, const char *id)
{
	size_t length = strlen(id);
	struct entry *entry;

	if (passes->entry_count == passes->entry_room) {
		size_t room = passes->entry_room ? 2 * passes->entry_room : 256;
		struct entry **grown = reallocarray(passes->entries, room, sizeof(struct entry *));

		if (!grown)
			return NULL;
		passes->entries = grown;
		passes->entry_room = room;
	}
	entry = calloc(1, sizeof(*entry) + length + 1);
	if (!entry)
		return NULL;
	memcpy(entry->id, id, length + 1);
	entry->last = entry->told = entry->given = entry->conflict = NEVER;
	if (table_add(&passes->by_id, entry, hash_text(id))) {
		free(entry);
		return NULL;
	}
	passes->entries[passes->entry_count++] = entry;
	return entry;
}

/* Put the row RECORD of this pass into ENTRY. Returns 0 or -ENOMEM. */
static int hold(struct entry *entry, json_t *record, bool readable)
{
	free(entry->text);
	json_decref(entry->record);
	entry->text = readable ? exact_print_text(record, 0) : NULL;
	entry->record = readable ? NULL : json_deep_copy(record);
	return entry->text || entry->record ? 0 : -ENOMEM;
}

/* Return how many bytes ENTRY takes, with its places. */
static size_t entry_size(const struct entry *entry)
{
	return sizeof(*entry) + strlen(entry->id) + 10 * sizeof(void *) +
	       (entry->text ? strlen(entry->text) : 0);
}

static int take(struct passes *passes, const char *id, json_t *record, bool readable)
{
	struct entry *entry = table_find(&passes->by_id, id, hash_text(id));
	size_t pass = passes->count - 1;
	int error = 0;

	if (entry && entry->last == pass)
		return -EEXIST;
	if (!entry)
		entry = entry_new(passes, id);
	if (!entry)
		return -ENOMEM;
	/* a row of this pass or of one that was taken back, or the first that can be read */
	if (entry->last == NEVER || (readable && !entry->text)) {
		error = hold(entry, record, readable);
		passes->sink.held += entry_size(entry);
	}
	if (error)
		return error;
	if (entry->last == NEVER)
		entry->first = pass;
	entry->last = pass;
	note_status(passes, entry, record);
	return 0;
}

/* ---- the sink of a pass ---- */

static int passes_add(struct list_sink *sink, const char *id, json_t *record)
{
	return take((struct passes *)sink, id, record, true);
}

static int passes_unreadable(struct list_sink *sink, const char *id, json_t *record)
{
	return take((struct passes *)sink, id, record, false);
}

static void passes_reset(struct list_sink *sink)
{
	struct passes *passes = (struct passes *)sink;
	size_t pass = passes->count - 1;

	passes->pass_pages = passes->pass_rows = 0;
	for (size_t i = 0; i < passes->entry_count; i++) {
		struct entry *entry = passes->entries[i];

		if (entry->last == pass)
			entry->last = entry->first < pass ? entry->first : NEVER;
		if (entry->told == pass) {
			entry->status = 0;
			entry->told = entry->given = NEVER;
		}
		if (entry->conflict == pass)
			entry->conflict = NEVER;
	}
}

static void passes_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct passes *passes = (struct passes *)sink;

	/* of this pass only */
	(void)total;
	passes->pass_pages = pages;
	passes->pass_rows = rows;
	if (passes->end->progress)
		passes->end->progress(passes->end, (unsigned)(passes->pages + pages),
				      passes->rows + rows, 0);
}

/* ---- all passes ---- */

struct passes *passes_new(const struct collection *collection, struct list_sink *sink)
{
	struct passes *passes = calloc(1, sizeof(*passes));

	if (!passes)
		return NULL;
	passes->sink = (struct list_sink){.add = passes_add,
					  .reset = passes_reset,
					  .progress = passes_progress};
	if (sink->unreadable)
		passes->sink.unreadable = passes_unreadable;
	passes->end = sink;
	passes->collection = collection;
	passes->path = collection->status_key;
	if (!passes->path && collection->status)
		passes->path = collection->status->path;
	table_init(&passes->by_id, id_of);
	return passes;
}

static void entry_free(struct entry *entry)
{
	if (!entry)
		return;
	free(entry->text);
	json_decref(entry->record);
	free(entry);
}

void passes_free(struct passes *passes)
{
	if (!passes)
		return;
	for (size_t i = 0; i < passes->entry_count; i++)
		entry_free(passes->entries[i]);
	table_clear(&passes->by_id);
	json_decref(passes->status);
	free(passes->entries);
	free(passes->values);
	free(passes);
}

/* Return true if STATUS is among VALUES by its name, not by "*". */
static bool is_named(const struct value *values, const json_t *status)
{
	for (; values && values->type != VALUE_END; values++) {
		if (values->type != VALUE_ANY && value_is(values, status))
			return true;
	}
	return false;
}

/* Return VALUE if it is one of the statuses of COLLECTION, a new reference, or NULL. */
static json_t *status_of(const struct collection *collection, const struct value *value)
{
	const struct rule_status *status = collection->status;
	json_t *json = value_json(value);

	if (status && json && (is_named(status->active, json) || is_named(status->inactive, json)))
		return json;
	json_decref(json);
	return NULL;
}

struct list_sink *passes_begin(struct passes *passes, const struct value *value)
{
	const struct value **grown = reallocarray(passes->values, passes->count + 1,
						  sizeof(const struct value *));

	if (!grown)
		return NULL;
	passes->values = grown;
	passes->values[passes->count++] = value;
	json_decref(passes->status);
	passes->status = status_of(passes->collection, value);
	passes->pages += passes->pass_pages;
	passes->rows += passes->pass_rows;
	passes->pass_pages = passes->pass_rows = 0;
	return &passes->sink;
}

/* Give RECORD the status that ENTRY knows. Returns 0 or a negative errno. */
static int settle_status(const struct passes *passes, const struct entry *entry, json_t *record)
{
	json_t *status;

	if (entry->conflict != NEVER)
		pointer_remove(record, passes->path);
	if (entry->conflict != NEVER || entry->given == NEVER || pointer_get(record, passes->path))
		return 0;
	status = value_json(passes->values[entry->given]);
	return status ? pointer_set(record, passes->path, status) : -ENOMEM;
}

/* Hand the record of ENTRY to the sink, and free what holds it. Returns 0 or a negative errno. */
static int hand_on(struct passes *passes, struct entry *entry)
{
	struct list_sink *end = passes->end;
	json_t *record = entry->record;
	size_t length;
	int error;

	if (record)
		return end->unreadable(end, entry->id, record);
	length = strlen(entry->text);
	json_heap_begin(TREE_TIMES * length + TREE_SLACK, true);
	record = exact_parse(entry->text, length, EXACT_PARSE_ANY, NULL);
	json_heap_end();
	passes->sink.held -= length;
	free(entry->text);
	entry->text = NULL;
	error = record ? settle_status(passes, entry, record) : -ENOMEM;
	if (!error)
		error = end->add(end, entry->id, record);
	json_decref(record);
	return error;
}

int passes_end(struct passes *passes, struct call *call)
{
	int error = 0;

	for (size_t i = 0; i < passes->entry_count && !error; i++) {
		struct entry *entry = passes->entries[i];

		if (entry->last == NEVER)
			continue;
		error = hand_on(passes, entry);
		if (!error && bound_exceeded(&passes->sink, passes->end->held))
			return bound_fail_list(call, passes->collection, &passes->sink);
		if (error && call->verdict == CALL_OK)
			return call_fail_errno(call, -error, "%s \"%.64s\" could not be kept: %s",
					       passes->collection->name, entry->id,
					       strerror(-error));
	}
	return error;
}
