/* SPDX-License-Identifier: Apache-2.0 */
/*
 * illegible.h - rows whose email cannot be read.
 *
 * Private to cache/roster. A row that is not JSON, or too large, may hide an email. These users are
 * asked for by id before the users with an email are reported (fetch_record.h).
 */
#ifndef ROSTERFS_ILLEGIBLE_H
#define ROSTERFS_ILLEGIBLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The most that are asked for, because each costs a request. */
#define ILLEGIBLE_MAX 100

struct call;
struct collection;
struct failure;
struct flight;
struct record;
struct roster;

/* Protected by the roster's lock. */
struct illegible {
	json_t *ids;             /* of rows whose email cannot be read, or NULL */
	struct failure *failure; /* how asking for them ended; NULL: well, or not yet */
};

/*
 * Add RECORD's id to *IDS (NULL: none yet) if its row is not JSON and shows no email. Return 0 or
 * -ENOMEM.
 */
int illegible_add(json_t **ids, const struct record *record);

/* Log that the row of ID would be too large as a file. */
void illegible_log_large(struct call *call, const struct collection *collection, const char *id);

/*
 * Note that the newest list has the *IDS (or NULL) of such rows. They are moved, not shared,
 * because a json_t stays in one thread: *IDS is NULL afterwards, unless the roster has no use for
 * them.
 */
void illegible_listed_locked(struct roster *roster, json_t **ids);

/* Return true if some of them must be asked for before the users with EMAIL are known. */
bool illegible_due_locked(struct roster *roster, const char *email);

/*
 * Return the negative errno with which that failed less than FAILED_FOR seconds ago, with the
 * message in CALL, or 0.
 */
int illegible_error_locked(const struct roster *roster, double failed_for, struct call *call);

/*
 * Return the ids of those that must be asked for, at most ILLEGIBLE_MAX of *COUNT: a new array.
 * NULL: no memory. Takes the lock.
 */
json_t *illegible_find_due(struct roster *roster, size_t *count);

/*
 * Note that FLIGHT, which began to ask for them at BEGAN, has failed with ERROR as FAILED, or has
 * not failed (ERROR is 0). Return ERROR, or 0 if others have the email that FLIGHT is for. Takes
 * the lock.
 */
int illegible_note(struct flight *flight, double began, const struct call *failed, int error);

void illegible_free_locked(struct roster *roster);

#endif
