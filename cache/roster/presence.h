/* SPDX-License-Identifier: Apache-2.0 */
/*
 * presence.h - records that this mount has created or deleted, while reads may lag behind.
 *
 * For account->lag seconds, a list without a created record and a 404 are taken for old responses,
 * and so is a list or a GET that shows a deleted record as it was. What was read then is good only
 * until that time ends. Nothing here waits.
 */
#ifndef ROSTERFS_PRESENCE_H
#define ROSTERFS_PRESENCE_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct call;
struct flight;
struct presence;
struct record;
struct roster;
struct snapshot_builder;

/*
 * Note that this mount has created RECORD (borrowed). Until account->lag seconds have passed, the
 * record stays as it is known last where a list lacks it or a GET answers 404. Publishes nothing.
 */
void presence_note_made(struct roster *roster, struct record *record);

/* Return true if ID was created here less than account->lag seconds ago. */
bool presence_was_made(struct roster *roster, const char *id);

/*
 * Note that ID, which was BEFORE (borrowed), is about to be published as deleted. For account->lag
 * seconds it stays absent, unless the vendor shows it with a later time of update. Not for links.
 */
void presence_note_deleted(struct roster *roster, const char *id, const json_t *before);

/*
 * Return true if RECORD, which CALL has read, was deleted here and is as it was before. It then
 * counts as absent, and what CALL has read is good only until the deletion is forgotten.
 */
bool presence_was_deleted(struct roster *roster, struct call *call, const char *id,
			  const json_t *record);

/* Return true if ID was deleted here less than account->lag seconds ago. Quick. */
bool presence_hides(struct roster *roster, const char *id);

/* ---- private to cache/roster ---- */

/* Protected by the roster's lock. */
struct presences {
	struct presence *table; /* hash table by id */
	atomic_bool any;        /* there has been one; read without the lock */
};

/*
 * Return a reference to what was created here as ID, to be shown in place of the 404 that CALL got,
 * or NULL.
 */
struct record *presence_record(struct roster *roster, struct call *call, const char *id);

/*
 * Add to BUILDER, which has a whole list that FLIGHT has read, what was created here and is not in
 * it. *ADDED is the number of those that differ from what was shown before. Return 0 or -ENOMEM.
 */
int presence_complete(struct flight *flight, struct snapshot_builder *builder, size_t *added);

void presence_free_locked(struct roster *roster);

#endif
