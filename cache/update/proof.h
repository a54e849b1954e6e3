/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.h - find out what became of a change.
 *
 * A success in the response to a PUT is not a proof. The change took if the response, or a later
 * GET, shows each edited field with its new value, or with another value that the vendor has made
 * of it. It did not take if a field shows its old value, or none. While the vendor's reads may lag
 * behind its writes, GETs are repeated before that is decided. Only a record with a proved change
 * is published to readers.
 *
 * All functions but the first may block, and return 0 or a negative errno with a message in the
 * call.
 */
#ifndef ROSTERFS_PROOF_H
#define ROSTERFS_PROOF_H

#include <jansson.h>

struct change;

/*
 * Finish a change that took: the vendor has shown its edits in SEEN; RECORD is all that is known of
 * the record now. Sets change->result, publishes it, and has change_log log the change. Does not
 * block. Returns 0.
 */
int proof_took(struct change *change, json_t *record, const json_t *seen);

/*
 * Prove a change that the vendor has accepted; ANSWER is the record in its response, or NULL. Uses
 * that, or GETs, which are repeated while reads may lag, unless the caller is interrupted. Returns
 * 0 as proof_took does.
 */
int proof_settle_done(struct change *change, json_t *answer);

/*
 * Find out by a GET whether a PUT without a response took. Returns 0 as proof_took does, or -EAGAIN
 * if it did not: change->fresh is then the newest record, and a PUT may rest on it.
 */
int proof_settle_unknown(struct change *change);

#endif
