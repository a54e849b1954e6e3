/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish.h - put what the vendor has acknowledged or shown into a roster, and tell its owner.
 *
 * For cache/update and cache/access, which hold the write lock of the record. roster_events has
 * been called when a function returns, if what is shown has changed. The other hosts that share the
 * roster are told (store.h): a function that tells them may wait for the store, and for no vendor.
 */
#ifndef ROSTERFS_PUBLISH_H
#define ROSTERFS_PUBLISH_H

#include "cache/roster/store.h"

#include <stdbool.h>

struct flight;
struct record;
struct roster;
struct roster_write;
struct snapshot;

/*
 * Publish RECORD (borrowed), which the vendor has now: a write was acknowledged, or a GET showed
 * it. Fetches that began before lose against it.
 */
void publish_record(struct roster *roster, struct record *record);

/*
 * Publish that the vendor says that there is no record ID. What was created here just now stays.
 * ID is listed as before, unless its absence is proven (absence.h).
 */
void publish_absent(struct roster *roster, const char *id);

/*
 * Publish that this mount has deleted ID: it is not listed any more, until a fetch that begins
 * later shows it.
 */
void publish_deleted(struct roster *roster, const char *id);

/*
 * Note that a write to ID ended in an unknown state: the next question about it goes to the vendor.
 */
void publish_doubt(struct roster *roster, const char *id);

/*
 * Let what was published of ID be good only until UNTIL (monotonic seconds; 0: as long as any
 * other).
 */
void publish_good_until(struct roster *roster, const char *id, double until);

/*
 * Publish, before the record, that this mount has made user ID inactive, or active: a user who is
 * active then is not taken, on any host, for one whom another client has reactivated.
 */
void publish_status(struct roster *roster, const char *id, bool inactive);

/*
 * As publish_doubt, on this mount alone: each host sees by itself what makes ID doubtful.
 */
void publish_suspect(struct roster *roster, const char *id);

/*
 * Publish what another host has told of record ID, WHAT of store.h; RECORD (borrowed) for
 * STORE_RECORD. Fetches that began before WHEN (monotonic seconds) lose against it; it loses
 * against those that began later. Nobody is told but the roster's owner.
 */
void publish_told(struct roster *roster, const char *id, enum store_change what,
		  struct record *record, double when);

/* Let the vendor's part forget what it remembers and what contradicts that another host has told
 * that record ID is RECORD (NULL: deleted). Part of publish_told. */
void publish_forget(struct roster *roster, const char *id, const struct record *record);

/* Tell the roster's owner of WRITE, which has been published. */
void publish_written(struct roster *roster, const struct roster_write *write);

/* ---- private to cache/roster ---- */

/*
 * Tell the roster's owner, after known_put_locked and without the lock, that RECORD (NULL: absent)
 * took the place of OLD, whose reference is released.
 */
void publish_replaced(struct roster *roster, const char *id, struct record *old,
		      struct record *record);

/* A list that was read. */
struct publish_list {
	struct flight *flight;
	struct snapshot *old, *new; /* borrowed; OLD, or NULL, is what was shown before */
	json_t **illegible;         /* ids, or NULL; taken from there */
	bool older;                 /* it was requested at BEGAN, before the flight began */
	double began;               /* monotonic seconds */
};

/*
 * Let LIST be what is shown, unless a fetch that began later was quicker, and tell the roster's
 * owner what is shown differently. Runs on the flight's thread, without the roster's lock; it takes
 * as long as the list is large.
 */
void publish_list(const struct publish_list *list);

#endif
