/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known.h - what a roster knows about a record, and for how long that is fresh.
 */
#ifndef ROSTERFS_KNOWN_H
#define ROSTERFS_KNOWN_H

#include "cache/record/record.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

struct flight;
struct roster;
struct snapshot;

enum known {
	KNOWN_NOTHING,  /* a vendor must be asked, also if a fresh list lacks the record */
	KNOWN_ABSENT,   /* it is proven that there is no such record (absence.h) */
	KNOWN_STALE,    /* *RECORD is what was known last; a fetch is due */
	KNOWN_FETCHING, /* as KNOWN_STALE, and a fetch is under way; in grace good for *SECONDS more
			 */
	KNOWN_FRESH,    /* *RECORD is good for *SECONDS more */
};

/*
 * Return what is known about ID. *RECORD is set to a new reference or NULL, *SECONDS to the time
 * for which it may be shown without asking again (0: none). Never waits.
 */
enum known known_peek(struct roster *roster, const char *id, struct record **record,
		      double *seconds);

/*
 * Return true if RECORD (NULL: false), which is known of ID, must not be shown in an open file
 * without a GET (WAIT_DETAIL), because rows of the list lack fields. STATUS: only its status is to
 * be shown, which a row may have. Attributes may be those of RECORD. Never waits.
 */
bool known_needs_get(struct roster *roster, const char *id, const struct record *record,
		     bool status);

/* ---- private to cache/roster ---- */

/* What was written, or fetched alone, of one record. Times are monotonic seconds. */
struct overlay {
	char *id;
	struct record *record; /* NULL: the vendor answered 404 */
	double began, since;   /* when it was requested and received */
	uint64_t generation;   /* of the roster when it was put here */
	double ends;           /* it is good only until then; 0: no such limit */
	bool alone;            /* fetched alone, not written */
	bool doubt;            /* a write ended in an unknown state */
	double doubted;        /* when that was noted last */
	bool deleted;          /* by this mount: not listed any more */
	bool proven;           /* absent by GET and by the list: not listed any more */
	struct overlay *next;  /* in a list of those that are out of the table, to be freed */
	UT_hash_handle hh;
};

/* The id of the key's own user. */
struct known_self {
	char *id; /* NULL: the vendor does not tell, if KNOWN */
	double since;
	bool known;
};

/* What a roster knows: the states are at the top of known.c. Protected by the roster's lock. */
struct known_state {
	struct snapshot *snapshot; /* of the last whole fetch, or NULL */
	double began, since;       /* when that was requested and received, monotonic seconds */
	double ends;               /* as an overlay's */
	double refreshed;          /* when the owner wanted everything fetched again */
	size_t step;               /* rows of the first page of the newest list; 0: not known */
	struct overlay *overlay;   /* hash table by id */
	uint64_t generation;       /* changes whenever any record may be shown differently */
	uint64_t merged;           /* the snapshot has what the overlay got up to this generation */
	struct known_self self;
	/* how many of the users that snapshot and overlay show together have a status of each kind
	 */
	size_t kinds[RECORD_KINDS];
	atomic_bool saved; /* a record was saved here: what is fetched may have to keep its time */
};

/* As known_needs_get. */
bool known_needs_get_locked(struct roster *roster, const char *id, const struct record *record,
			    bool status);

/* As known_peek, but *RECORD is borrowed. */
enum known known_peek_locked(struct roster *roster, const char *id, struct record **record,
			     double *seconds);

/*
 * Return the seconds for which something that was requested at BEGAN and received at SINCE stays
 * fresh; 0 or less: it is stale.
 */
double known_left_locked(const struct roster *roster, double began, double since);

/* As known_left_locked, for something that is good only until ENDS (0: no such limit). */
double known_limited_locked(const struct roster *roster, double began, double since, double ends);

/* As known_left_locked, for the snapshot. */
double known_snapshot_left_locked(const struct roster *roster);

/* Return true if there is a snapshot, and it is fresh. */
bool known_whole_fresh_locked(const struct roster *roster);

/* Return the seconds for which the snapshot may still be shown while a new one is fetched, or 0. */
double known_grace_locked(const struct roster *roster);

/* Return true if a write to ID ended in an unknown state and nothing was read since. */
bool known_doubts_locked(struct roster *roster, const char *id);

/*
 * Return when the list of FLIGHT must have been requested, at least: a list that was requested
 * before a record came into doubt, for example, does not settle the doubt. Takes the lock.
 */
double known_since(struct roster *roster, const struct flight *flight);

/* Return the fetch of the whole roster that is under way, or NULL. */
struct flight *known_fetching_locked(const struct roster *roster);

/*
 * Let what the overlay got after BEGAN, when a list of another host was requested, count as newer
 * than that list, which FLIGHT has brought: so does what was in doubt after BEGAN. Return the
 * generation up to which the list has what was written.
 */
uint64_t known_keep_newer_locked(struct roster *roster, const struct flight *flight, double began);

/*
 * Install NEW (borrowed), which FLIGHT has brought, as the snapshot. Return the one that it
 * replaces, a reference for the caller, or NULL.
 */
struct snapshot *known_install_locked(struct roster *roster, struct snapshot *new,
				      const struct flight *flight);

/*
 * Put MADE (borrowed), which is OLD with what the overlay got up to GENERATION, in place of OLD, if
 * that still is the snapshot. Return the reference to OLD that the roster held, or NULL.
 */
struct snapshot *known_replace_locked(struct roster *roster, const struct snapshot *old,
				      struct snapshot *made, uint64_t generation);

/* Note that the snapshot has all that the overlay got up to GENERATION. */
void known_merged_locked(struct roster *roster, uint64_t generation);

/* Note that the first page of the newest list has ROWS rows. */
void known_note_step_locked(struct roster *roster, size_t rows);

/* Return true if it is known, and fresh, which user the key belongs to, or that the vendor does
 * not tell.
 */
bool known_self_fresh_locked(const struct roster *roster);

/* Note that ID (taken; NULL: the vendor does not tell) is the key's own user. */
void known_note_self_locked(struct roster *roster, char *id);

/* Treat what was requested before WHEN (monotonic seconds) as stale. */
void known_refresh_locked(struct roster *roster, double when);

/* Return the entry of ID in the overlay, or NULL. */
struct overlay *known_overlay_locked(const struct roster *roster, const char *id);

/*
 * Put RECORD (borrowed; NULL: absent), requested at BEGAN, into the overlay. ALONE: it was fetched
 * alone, not written. Return the record that it replaces, a reference for the caller, or NULL.
 */
struct record *known_put_locked(struct roster *roster, const char *id, struct record *record,
				double began, bool alone);

/*
 * Take the entries that are not newer than GENERATION out of the overlay, except fresh responses to
 * GETs that NEW has in place of rows that lack fields. Return a list of them, for
 * known_overlay_free.
 */
struct overlay *known_take_older_locked(struct roster *roster, uint64_t generation,
					const struct snapshot *new);

/* Free ENTRY, which is in no table any more. */
void known_overlay_free(struct overlay *entry);

/* Free all that is known. */
void known_free_locked(struct roster *roster);

/* Assert what holds between two changes, for all and for ID; NULL: for all alone. See checked.h. */
void known_check_locked(const struct roster *roster, const char *id);

#endif
