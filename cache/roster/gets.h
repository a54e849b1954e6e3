/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gets.h - which GETs by id have worked, and whether rows of the list show as much.
 *
 * Private to cache/roster. A change may have to rest on a row (absence.h). What GETs have shown, of
 * any record, is compared with the row of the same record.
 */
#ifndef ROSTERFS_GETS_H
#define ROSTERFS_GETS_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>

struct call;
struct record;
struct render;
struct roster;
struct shown;
struct snapshot;

/* Whether the vendor has a GET by id. */
enum gets_state { GETS_UNKNOWN, GETS_WORK, GETS_NONE };

/* Protected by the roster's lock, except for what is atomic. */
struct gets {
	_Atomic(enum gets_state) state;
	struct shown *shown;    /* hash table of the GETs by id that have worked */
	unsigned kept;          /* of them, those whose members were not compared with a row yet */
	bool uncompared;        /* no list has come since one was kept */
	bool compared;          /* the members of one have been compared */
	atomic_bool rows_short; /* a GET has shown more than a row */
	atomic_bool rows_told;  /* it was logged that rows are used */
};

/*
 * Return true if a record that a whole list lacks must be asked for by id. That is not so for a
 * collection with a single record, for one that can only be listed, and where a missing row is a
 * status.
 */
bool gets_asks_id(const struct roster *roster);

/* Return true if the vendor has no request for one record of ROSTER, so that only the list shows
 * them. */
bool gets_has_none(const struct roster *roster);

/* Return true if rows of ROSTER's list lack fields: they are never shown as a record's file. */
bool gets_is_partial(const struct roster *roster);

/*
 * Note that a response to a GET takes the place of ROW (NULL: there is none) of ID, a row that
 * lacks fields.
 */
void gets_note_detail_locked(struct roster *roster, const char *id, const struct record *row);

/*
 * Return true if ROW of ID, rendered as TEXT, has nothing new beside WHOLE, the response to a GET:
 * it is the same row as before, or has no other value than WHOLE.
 */
bool gets_row_agrees(struct roster *roster, const char *id, const struct render *text,
		     const json_t *row, const struct record *whole);

/* Return true if the row of ID, in whose place the response to a GET is, has no status, or is not
 * known. */
bool gets_row_is_bare_locked(struct roster *roster, const char *id);

/*
 * Return true if only the list can tell what ERROR means, with which a GET by id under CALL has
 * failed.
 */
bool gets_needs_list(const struct roster *roster, const struct call *call, int error);

/* Note that OBJECT was the response to a GET of ID. */
void gets_note(struct roster *roster, const char *id, const json_t *object);

/*
 * Note that the list has a record whose GET failed as GOT. The first time, this is logged under
 * CALL.
 */
void gets_note_row(struct roster *roster, struct call *call, const struct call *got);

/* Compare NEW, the newest list, with what GETs have shown. */
void gets_listed_locked(struct roster *roster, const struct snapshot *new);

/*
 * Read a list for a change of ID that is to rest on a row, if no list has been compared yet with
 * what GETs have shown. Return 0 or a negative errno with a message in CALL. May wait.
 */
int gets_compare(struct roster *roster, struct call *call, const char *id);

/*
 * Check that a change of ID, whose GET failed as GOT, may rest on ROW, which was read after that
 * GET. It may not if GETs show more than rows do, nor if a GET of ID has worked before: the record
 * may have been deleted while the list lags. Return 0, or -EREMOTEIO with a message in CALL.
 */
int gets_check_row(struct roster *roster, struct call *call, const struct call *got, const char *id,
		   const json_t *row);

void gets_free_locked(struct roster *roster);

#endif
