/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gets.c - which GETs by id have worked, and whether rows of the list show as much: a part of
 * roster_state.h.
 *
 * A change may have to rest on a row (absence.h). What GETs have shown, of whatever record, is
 * compared with the row of the same record, whichever of the two comes first: the members of a GET
 * are kept until there is a row. It fetches a list only where a change cannot do without.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/gets.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/roster_state.h"

#include "vendors/json/exact_print.h"
#include "vendors/base/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* So many are remembered: of more, the first are forgotten. */
#define SHOWN_MAX 100000

/* Of so many of them the members are kept. */
#define KEPT_MAX 1000

/* A record whose GET has worked. */
struct shown {
	json_t *names; /* of its members, those with null left out, until compared; or NULL */
	UT_hash_handle hh;
	char id[];
};

/* ---- comparing ---- */

/* The names of OBJECT's members that are not null, a new array; NULL: no memory. */
static json_t *names_of(const json_t *object)
{
	json_t *names = json_array();
	const char *name;
	json_t *value;
	int error = names ? 0 : -1;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		if (!json_is_null(value))
			error |= json_array_append_new(names, json_string(name));
	}
	if (!error)
		return names;
	json_decref(names);
	return NULL;
}

/* Has ROW all of NAMES? Without memory, that is not known. */
static bool record_has_all(const struct record *row, const json_t *names)
{
	const json_t *name;
	bool all = true;
	size_t i;

	json_array_foreach(names, i, name) {
		char *quoted = exact_print_text(name, 0);

		all = all && quoted && record_has(row, quoted);
		free(quoted);
	}
	return all;
}

static bool object_has_all(const json_t *row, const json_t *names)
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name) {
		if (!json_object_get(row, json_string_value(name)))
			return false;
	}
	return true;
}

/* What SHOWN keeps has been compared with its row, which has ALL of it. */
static void note_compared_locked(struct roster *roster, struct shown *shown, bool all)
{
	if (!all)
		atomic_store(&roster->rows_short, true);
	roster->compared = true;
	json_decref(shown->names);
	shown->names = NULL;
	roster->kept--;
}

/*
 * Compare what SHOWN keeps, if anything, with its row in SNAPSHOT, if that is one. LISTED: the
 * snapshot is a list that has just come. What is no row in it was held before and shows the same as
 * the row, unless it was made here.
 */
static void compare_locked(struct roster *roster, struct shown *shown,
			   const struct snapshot *snapshot, bool listed)
{
	const struct record *row = shown->names && snapshot ? snapshot_find(snapshot, shown->id)
							    : NULL;

	if (row && !row->unreadable && (row->row || (listed && !roster->presences)))
		note_compared_locked(roster, shown, record_has_all(row, shown->names));
}

/* ---- what is remembered ---- */

static void forget_locked(struct roster *roster, struct shown *shown)
{
	HASH_DEL(roster->shown, shown); /* NOLINT(clang-analyzer-unix.Malloc) */
	if (shown->names)
		roster->kept--;
	json_decref(shown->names);
	free(shown);
}

void gets_free_locked(struct roster *roster)
{
	struct shown *shown, *next;

	HASH_ITER(hh, roster->shown, shown, next)
		forget_locked(roster, shown);
}

/* What is remembered of ID, from now on; NULL: no memory. */
static struct shown *remember_locked(struct roster *roster, const char *id)
{
	struct shown *shown;

	HASH_FIND_STR(roster->shown, id, shown);
	if (shown)
		return shown;
	shown = calloc(1, sizeof(*shown) + strlen(id) + 1);
	if (!shown)
		return NULL;
	memcpy(shown->id, id, strlen(id) + 1);
	/* the first in the table is the oldest */
	if (HASH_COUNT(roster->shown) >= SHOWN_MAX)
		forget_locked(roster, roster->shown);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	HASH_ADD_STR(roster->shown, id, shown);
	return shown;
}

void gets_note(struct roster *roster, const char *id, const json_t *object)
{
	struct shown *shown;
	json_t *names;

	if (!gets_asks_id(roster))
		return;
	atomic_store(&roster->gets, GETS_WORK);
	names = atomic_load(&roster->rows_short) ? NULL : names_of(object);
	pthread_mutex_lock(&roster->lock);
	shown = remember_locked(roster, id);
	if (shown && names && (shown->names || roster->kept < KEPT_MAX)) {
		roster->kept += !shown->names;
		/* moved, not shared: a json_t stays in one thread at a time */
		json_decref(shown->names);
		shown->names = names;
		names = NULL;
		compare_locked(roster, shown, roster->snapshot, false);
		roster->uncompared = roster->uncompared || shown->names;
	}
	pthread_mutex_unlock(&roster->lock);
	json_decref(names);
}

void gets_listed_locked(struct roster *roster, const struct snapshot *new)
{
	struct shown *shown, *next;

	if (roster->kept) {
		HASH_ITER(hh, roster->shown, shown, next)
			compare_locked(roster, shown, new, true);
	}
	roster->uncompared = false;
}

void gets_note_row(struct roster *roster, struct call *call, const struct call *got)
{
	enum gets_state unknown = GETS_UNKNOWN;

	atomic_compare_exchange_strong(&roster->gets, &unknown, GETS_NONE);
	if (atomic_exchange(&roster->rows_told, true))
		return;
	log_call(call,
		 "%s of %s: %s was refused (status %d), but the list has the record: its row is "
		 "used, here and wherever that happens again",
		 roster->collection->name, roster->account->name, got->request, got->status);
}

/* ---- a change that is to rest on a row ---- */

/* Compares each row of a walk. */
struct comparison {
	struct list_sink sink;
	struct roster *roster;
	json_t *ids; /* of the rows of this pass: the walk has to know repeats */
};

static int comparison_unreadable(struct list_sink *sink, const char *id, json_t *row)
{
	struct comparison *comparison = (struct comparison *)sink;

	(void)row;
	if (json_object_get(comparison->ids, id))
		return -EEXIST;
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
	HASH_FIND_STR(roster->shown, id, shown);
	if (shown && shown->names)
		note_compared_locked(roster, shown, object_has_all(row, shown->names));
	pthread_mutex_unlock(&roster->lock);
	return 0;
}

static void comparison_reset(struct list_sink *sink)
{
	json_object_clear(((struct comparison *)sink)->ids);
}

static void comparison_progress(struct list_sink *sink, unsigned pages, size_t rows)
{
	(void)sink;
	(void)pages;
	(void)rows;
}

static int compare_list(struct roster *roster, struct call *call)
{
	struct comparison comparison = {.sink = {.add = comparison_add,
						 .unreadable = comparison_unreadable,
						 .reset = comparison_reset,
						 .progress = comparison_progress},
					.roster = roster,
					.ids = json_object()};
	int error = comparison.ids ? vendor_list(call, roster->account, roster->collection,
						 roster->parent, &comparison.sink)
				   : call_fail(call, ENOMEM, "no memory");

	json_decref(comparison.ids);
	if (error)
		return error;
	pthread_mutex_lock(&roster->lock);
	roster->uncompared = false;
	pthread_mutex_unlock(&roster->lock);
	return 0;
}

int gets_compare(struct roster *roster, struct call *call, const char *id)
{
	struct shown *shown;
	bool needed;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->shown, id, shown);
	/* of one whose GET has worked, the row counts for nothing */
	needed = roster->uncompared && !shown && !atomic_load(&roster->rows_short);
	pthread_mutex_unlock(&roster->lock);
	return needed ? compare_list(roster, call) : 0;
}

/* ROW is the first to be compared with what GETs of others have shown, if nothing else was. */
static void compare_with_others_locked(struct roster *roster, const json_t *row)
{
	const struct shown *shown = roster->shown;

	for (; shown && !roster->compared; shown = shown->hh.next) {
		if (shown->names && !object_has_all(row, shown->names)) {
			atomic_store(&roster->rows_short, true);
			return;
		}
	}
}

int gets_check_row(struct roster *roster, struct call *call, const struct call *got, const char *id,
		   const json_t *row)
{
	struct shown *shown;

	pthread_mutex_lock(&roster->lock);
	HASH_FIND_STR(roster->shown, id, shown);
	if (!shown)
		compare_with_others_locked(roster, row);
	pthread_mutex_unlock(&roster->lock);
	if (shown)
		return call_fail(call, EREMOTEIO,
				 "nothing was sent: %s was answered %d, and has shown the record "
				 "before, but the list still has it: it may have been deleted",
				 got->request, got->status);
	if (!atomic_load(&roster->rows_short))
		return 0;
	return call_fail(call, EREMOTEIO,
			 "nothing was sent: %s was answered %d although the record is listed, and "
			 "the list shows less of a record than a GET does, so that the rest of it "
			 "would be lost",
			 got->request, got->status);
}
