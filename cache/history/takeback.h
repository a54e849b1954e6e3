/* SPDX-License-Identifier: Apache-2.0 */
/*
 * takeback.h - recognise a change that takes back what this mount did: status_limit does not count
 * it.
 *
 * A change of a user's access takes back another one if
 *   - the newest change of that access that a vendor has acknowledged is this mount's and is in its
 *     history: a status, a membership, or the creation;
 *   - the vendor still shows what that change left; and
 *   - it restores what was before.
 * The command does not matter. A status that is made of steps (memberships) is judged by each of
 * them: what a status ended can be made again by links, one by one, and the other way round. When
 * the newest change is taken back, the one before it can be. A status that is a field may also take
 * back several changes at once.
 *
 * Taking back is not counted, but it does not give back a count either, and taking back what took
 * back is counted. So a loop that writes two statuses in turn reaches the limit.
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
 * Return true if making WORD the status of ATTEMPT's record may take back a change, by the history
 * alone. Then the change need not be refused yet because status_limit is reached.
 */
bool takeback_may_be(const struct attempt *attempt, const char *word);

/*
 * Set attempt->takes_back, and return true if it is not 0, for a status that is a field: FRESH, the
 * record that the vendor has just shown, gets the status WORD.
 */
bool takeback_status(struct attempt *attempt, const json_t *fresh, const char *word);

/*
 * Do the same for a status that is made of steps: the steps in WANTED, a record, that FRESH lacks
 * are made. If WANTED is NULL, all those in FRESH are ended.
 */
bool takeback_steps(struct attempt *attempt, const json_t *fresh, const json_t *wanted);

/*
 * Do the same for a link that is made (OWN is NULL) or ended. OWN is the vendor's id of the link;
 * "": it is not known yet, and is not compared.
 */
bool takeback_link(struct attempt *attempt, const char *own);

/*
 * Do the same for a record that is deleted, and that only this mount has created and edited. FRESH
 * is what the vendor shows (NULL: it is not known yet).
 */
bool takeback_creation(struct attempt *attempt, const json_t *fresh);

/*
 * Return the number of the newest write before number BELOW (0: of all) to the access of ATTEMPT's
 * record, if an earlier mount made it. Else 0.
 */
uint64_t takeback_past(const struct attempt *attempt, uint64_t below);

/*
 * Set *ACCESS, for the history, to what ATTEMPT did, which made AFTER of BEFORE (each may be NULL).
 * Pair with takeback_tell_end.
 */
void takeback_tell(const struct attempt *attempt, const json_t *before, const json_t *after,
		   struct history_access *access);
void takeback_tell_end(struct history_access *access);

#endif
