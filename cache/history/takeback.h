/* SPDX-License-Identifier: Apache-2.0 */
/*
 * takeback.h - changes that take back what this mount did: status_limit does not count them.
 *
 * A change of somebody's access takes back another one if
 *   the newest change of that access that a vendor acknowledged is this mount's, and is in its
 *   history: a status, a membership, or the creation;
 *   the vendor still shows what that change left; and
 *   it restores what was before.
 * Whatever the command: a status that is made of steps, memberships, is judged by each of them, so
 * that what a status ended can be made again by links, one by one, and the other way round. When
 * the newest change is taken back, the one before it can be. A status that is a field may also
 * take back several changes at once.
 *
 * What takes back is counted no more than it gives back: a loop that writes two statuses in turn is
 * stopped all the same, because taking back what took back counts.
 *
 * Nothing here waits or asks a vendor. For the thread that has the attempt.
 */
#ifndef ROSTERFS_TAKEBACK_H
#define ROSTERFS_TAKEBACK_H

#include "cache/history/history.h"

#include <jansson.h>
#include <stdbool.h>

struct attempt;

/*
 * Return true if making the status of ATTEMPT's record WORD could be taking back, by the history
 * alone: there is no need yet to refuse it for want of room.
 */
bool takeback_may_be(const struct attempt *attempt, const char *word);

/*
 * Set attempt->takes_back, and return whether it is set: FRESH, as the vendor shows the record just
 * now, gets the status WORD, which is a field.
 */
bool takeback_status(struct attempt *attempt, const json_t *fresh, const char *word);

/* The same for a status that is made of steps: those in WANTED, a record, that FRESH lacks are made
 * or, with WANTED NULL, all those in FRESH are ended. */
bool takeback_steps(struct attempt *attempt, const json_t *fresh, const json_t *wanted);

/* The same for a link that is made or, with OWN, the vendor's id of it, ended (OWN "": it is not
 * known yet, and need not be the same). */
bool takeback_link(struct attempt *attempt, const char *own);

/* The same for a record that is deleted, and that was made here and edited here alone. FRESH: what
 * the vendor shows (NULL: it is not known yet). */
bool takeback_creation(struct attempt *attempt, const json_t *fresh);

/*
 * What ATTEMPT did, which made AFTER of BEFORE (each may be NULL), for the history: into ACCESS.
 * Pair with history_access_clear.
 */
void takeback_tell(const struct attempt *attempt, const json_t *before, const json_t *after,
		   struct history_access *access);

#endif
