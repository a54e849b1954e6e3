/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.h - what became of a change.
 */
#ifndef ROSTERFS_PROOF_H
#define ROSTERFS_PROOF_H

#include <jansson.h>

struct change;

/* The vendor has shown in SEEN that the edits in merge took; RECORD is all that is known of it now.
 * It is published, and the result; the log says so. Returns 0. */
int proof_took(struct change *change, json_t *record, const json_t *seen);

/*
 * The vendor says that the change is made; ANSWER is what it answered, or NULL. Proves it by that,
 * or by GETs, of which there are more while the vendor's reads may lag, unless the caller is
 * interrupted. 0 when it took (result is set and published), else a negative errno.
 */
int proof_settle_done(struct change *change, json_t *answer);

/*
 * Nobody knows whether the change was made: a GET tells. 0 when it was (result is set
 * and published), -EAGAIN when it was not as far as the vendor shows (fresh is then the newest, and
 * a PUT may rest on it), else a negative errno.
 */
int proof_settle_unknown(struct change *change);

#endif
