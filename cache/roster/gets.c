/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gets.c - see gets.h.
 *
 * The members of a GET are kept until there is a row to compare them with, because either may come
 * first. A list is fetched only if a change needs it.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/gets.h"

#include "vendors/base/hash.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/rest/account.h"
#include "vendors/list/list.h"
#include "vendors/rest/status_map.h"
#include "cache/document/merge.h"
#include "cache/document/render.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/roster_state.h"
#include "vendors/json/exact.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* The most GETs that are remembered: if there are more, the first ones are forgotten. */
#define SHOWN_MAX 100000

/* The most of them whose members are kept. */
#define KEPT_MAX 1000

/* A record whose GET has worked. */
struct shown {
	json_t *names; /* of its members that are not null, until they are compared; or NULL */
	uint64_t row;  /* hash of the row that lacks fields, in whose place it is; 0: none */
	bool bare;     /* that row has no status */
	UT_hash_handle hh;
	char id[];
};

bool gets_asks_id(const struct roster *roster)
{
	const struct collection *collection = roster->collection;

	return !collection->single && !collection->listed_only && !collection->absent_status;
}

bool gets_has_none(const struct roster *roster)
{
	const struct collection *collection = roster->collection;

	return collection->listing && !collection->item && !collection->get;
}

bool gets_is_partial(const struct roster *roster)
{
	const struct collection *collection = roster->collection;

	return collection->listing && collection->listing->partial && !collection->listed_only;
}

/* Return true if STATUS may mean that there is no such record. */
static bool is_gone_code(const struct roster *roster, int status)
{
	const int *code = roster->collection->gone_codes;

	while (code && *code && *code != status)
		code++;
	return code && *code;
}

bool gets_needs_list(const struct roster *roster, const struct call *call, int error)
{
	/* the status is that of the request for a token */
	if (call->verdict == CALL_NO_TOKEN || call->verdict == CALL_TOKEN_REFUSED)
		return false;
	if (gets_has_none(roster))
		return error && call->verdict == CALL_UNSUPPORTED;
	if (!gets_asks_id(roster))
		return false;
	return error && (call->verdict == CALL_MISSING || call->verdict == CALL_UNSUPPORTED ||
			 call->verdict == CALL_BAD_REQUEST || is_gone_code(roster, call->status));
}

/* ---- comparing ---- */

/* Return the names of OBJECT's members that are not null, a new object for record_has_all. NULL: no
 * memory. */
static json_t *gets_names_of(const json_t *object)
{
	json_t *names = json_object();
	const char *name;
	json_t *value;
	int error = names ? 0 : -1;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		if (!json_is_null(value))
			error |= json_object_set_new(names, name,
						     json_integer(
							 (json_int_t)json_object_size(names)));
	}
	if (!error)
		return names;
	json_decref(names);
	return NULL;
}

static bool object_has_all(const json_t *row, const json_t *names)
{
	const char *name;
	json_t *number;

	json_object_foreach((json_t *)(uintptr_t)names, name, number) {
		if (!json_object_get(row, name))
			return false;
	}
	return true;
}

/* Return true if ROW has all NAMES. False: it has not, or there is no memory to find out. */
static bool row_has_all(const struct record *row, const json_t *names)
{
	json_t *object;
	bool all;

	if (record_has_all(row, names))
		return true;
	object = record_json(row);
	all = object_has_all(object, names);

	json_decref(object);
	return all;
}

/* Note that what SHOWN keeps was compared with its row. ALL: the row has all of it. */
static void note_compared_locked(struct roster *roster, struct shown *shown, bool all)
{
	if (!all)
		atomic_store(&roster->gets.rows_short, true);
	roster->gets.compared = true;
	json_decref(shown->names);
	shown->names = NULL;
	roster->gets.kept--;
}

/*
 * Compare what SHOWN keeps, if anything, with its row in SNAPSHOT, if that has one. LISTED: the
 * snapshot is a list that has just come. A record in it that is not a row was held before and shows
 * the same as the row, unless this mount made it.
 */
static void compare_locked(struct roster *roster, struct shown *shown,
			   const struct snapshot *snapshot, bool listed)
{
	const struct record *row = shown->names && snapshot ? snapshot_find(snapshot, shown->id)
							    : NULL;

	if (row && !row->unreadable && (row->row || (listed && !roster->presences.table)))
		note_compared_locked(roster, shown, row_has_all(row, shown->names));
}

/* ---- what is remembered ---- */

static void gets_forget_locked(struct roster *roster, struct shown *shown)
{
	HASH_DEL(roster->gets.shown, shown); /* NOLINT(clang-analyzer-unix.Malloc) */
	if (shown->names)
		roster->gets.kept--;
	json_decref(shown->names);
	free(shown);
}

void gets_free_locked(struct roster *roster)
{
	struct shown *shown, *next;

	HASH_ITER(hh, roster->gets.shown, shown, next)
		gets_forget_locked(roster, shown);
}

/* Return the entry of ID, which is added if need be. NULL: no memory. */
static struct shown *remember_locked(struct roster *roster, const char *id)
{
	struct shown *shown;

	HASH_FIND_STR(roster->gets.shown, id, shown);
	if (shown)
		return shown;
	shown = calloc(1, sizeof(*shown) + strlen(id) + 1);
	if (!shown)
		return NULL;
	memcpy(shown->id, id, strlen(id) + 1);
	/* the first in the table is the oldest */
	if (HASH_COUNT(roster->gets.shown) >= SHOWN_MAX)
		gets_forget_locked(roster, roster->gets.shown);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	HASH_ADD_STR(roster->gets.shown, id, shown);
	if (shown->hh.tbl)
		return shown;
	free(shown);
	return NULL;
}

void gets_note(struct roster *roster, const char *id, const json_t *object)
{
	struct shown *shown;
	json_t *names;

	if (!gets_asks_id(roster))
		return;
	atomic_store(&roster->gets.state, GETS_WORK);
	names = gets_is_partial(roster) || atomic_load(&roster->gets.rows_short)
		    ? NULL
		    : gets_names_of(object);
	pthread_mutex_lock(&roster->lock);
	shown = remember_locked(roster, id);
	if (shown && names && (shown->names || roster->gets.kept < KEPT_MAX)) {
		roster->gets.kept += !shown->names;
		/* moved, not shared, because a json_t stays in one thread at a time */
		json_decref(shown->names);
		shown->names = names;
		names = NULL;
		compare_locked(roster, shown, roster->known.snapshot, false);
		roster->gets.uncompared = roster->gets.uncompared || shown->names;
	}
	pthread_mutex_unlock(&roster->lock);
	json_decref(names);
}

/* ---- in place of rows that lack fields ---- */

void gets_note_detail_locked(struct roster *roster, const char *id, const struct record *row)
{
	struct shown *shown = row && row->row ? remember_locked(roster, id) : NULL;

	if (!shown)
		return;
	shown->row = hash_bytes(HASH_START, record_text(row), row->length);
	shown->bare = strcmp(record_status(row), STATUS_UNKNOWN) == 0;
}

/* Return true if WHOLE has each value that ROW has. */
static bool gets_has_all(const struct record *whole, const json_t *row)
{
	json_t *object = record_json(whole);
	struct merge more = {0};
	bool all = object && merge_diff(object, row, &more) == 0 && !more.count;

	merge_clear(&more);
	json_decref(object);
	return all;
}

bool gets_row_agrees(struct roster *roster, const char *id, const struct render *text,
		     const json_t *row, const struct record *whole)
{
	uint64_t hash = hash_bytes(HASH_START, text->text, text->length);
	char word[STATUS_MAP_MAX];
	struct shown *shown;
	bool agrees;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->gets.shown, id, shown);
	agrees = shown && shown->row == hash;
	pthread_mutex_unlock(&roster->lock);
	if (agrees)
		return true;
	if (!gets_has_all(whole, row))
		return false;
	pthread_mutex_lock(&roster->lock);
	shown = remember_locked(roster, id);
	if (shown) {
		shown->row = hash;
		shown->bare = !status_map_word(roster->collection, row, word);
	}
	pthread_mutex_unlock(&roster->lock);
	return true;
}

bool gets_row_is_bare_locked(struct roster *roster, const char *id)
{
	const struct shown *shown;

	HASH_FIND_STR(roster->gets.shown, id, shown);
	return !shown || !shown->row || shown->bare;
}

/* ---- a list has come ---- */

void gets_listed_locked(struct roster *roster, const struct snapshot *new)
{
	struct shown *shown, *next;

	if (roster->gets.kept) {
		HASH_ITER(hh, roster->gets.shown, shown, next)
			compare_locked(roster, shown, new, true);
	}
	roster->gets.uncompared = false;
}

void gets_note_row(struct roster *roster, struct call *call, const struct call *got)
{
	enum gets_state unknown = GETS_UNKNOWN;

	if (gets_has_none(roster))
		return;
	atomic_compare_exchange_strong(&roster->gets.state, &unknown, GETS_NONE);
	if (atomic_exchange(&roster->gets.rows_told, true))
		return;
	log_call(call,
		 "%s of %s: %s was refused (status %d), but the list has the record: its row is "
		 "used, now and whenever that happens again",
		 roster->collection->name, roster->account->name, got->request, got->status);
}

/* ---- a change that is to rest on a row ---- */

/* Compares each row of a walk. */
struct comparison {
	struct list_sink sink;
	struct roster *roster;
	json_t *ids; /* of the rows of this pass, because the walk must know repeats */
};

static int comparison_unreadable(struct list_sink *sink, const char *id, json_t *row)
{
	struct comparison *comparison = (struct comparison *)sink;

	(void)row;
	if (json_object_get(comparison->ids, id))
		return -EEXIST;
	sink->held += LIST_SINK_KEY + strlen(id);
	return json_object_set_new(comparison->ids, id, json_true()) ? -ENOMEM : 0;
}

static int comparison_add(struct list_sink *sink, const char *id, json_t *row)
{
	struct roster *roster = ((struct comparison *)sink)->roster;
	int error = comparison_unreadable(sink, id, row);
	struct shown *shown;

	if (error)
		return error;
	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->gets.shown, id, shown);
	if (shown && shown->names)
		note_compared_locked(roster, shown, object_has_all(row, shown->names));
	pthread_mutex_unlock(&roster->lock);
	return 0;
}

static void comparison_reset(struct list_sink *sink)
{
	json_object_clear(((struct comparison *)sink)->ids);
	sink->held = 0;
}

static void comparison_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	(void)sink;
	(void)pages;
	(void)rows;
	(void)total;
}

/* Read the list, and compare what GETs have shown with its rows. */
static int compare_list(struct roster *roster, struct call *call)
{
	struct comparison comparison = {.sink = {.add = comparison_add,
						 .unreadable = comparison_unreadable,
						 .reset = comparison_reset,
						 .progress = comparison_progress},
					.roster = roster,
					.ids = json_object()};
	int error = comparison.ids ? list_walk(call, roster->account, roster->collection,
					       roster->parent, &comparison.sink)
				   : call_no_memory(call);

	json_decref(comparison.ids);
	if (error)
		return error;
	pthread_mutex_lock(&roster->lock);
	roster->gets.uncompared = false;
	pthread_mutex_unlock(&roster->lock);
	return 0;
}

int gets_compare(struct roster *roster, struct call *call, const char *id)
{
	struct shown *shown;
	bool needed;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->gets.shown, id, shown);
	/* if a GET of ID has worked, a change does not rest on its row */
	needed = roster->gets.uncompared && !shown && !atomic_load(&roster->gets.rows_short);
	pthread_mutex_unlock(&roster->lock);
	return needed ? compare_list(roster, call) : 0;
}

/* Compare ROW with what GETs of others have shown, if nothing was compared before. */
static void compare_with_others_locked(struct roster *roster, const json_t *row)
{
	const struct shown *shown = roster->gets.shown;

	for (; shown && !roster->gets.compared; shown = shown->hh.next) {
		if (shown->names && !object_has_all(row, shown->names)) {
			atomic_store(&roster->gets.rows_short, true);
			return;
		}
	}
}

int gets_check_row(struct roster *roster, struct call *call, const struct call *got, const char *id,
		   const json_t *row)
{
	struct shown *shown;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->gets.shown, id, shown);
	if (!shown)
		compare_with_others_locked(roster, row);
	pthread_mutex_unlock(&roster->lock);
	if (shown)
		return call_fail(
		    call, CALL_MALFORMED,
		    "nothing was sent: %s was answered %d and has shown the record before, "
		    "but the list still has it: the record may have been deleted",
		    got->request, got->status);
	if (!atomic_load(&roster->gets.rows_short))
		return 0;
	return call_fail(call, CALL_MALFORMED,
			 "nothing was sent: %s was answered %d although the record is listed, and "
			 "a row of the list shows less than a GET: the rest of the record would be "
			 "lost",
			 got->request, got->status);
}
