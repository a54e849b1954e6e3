/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setback.h - detect a document that states a value which this mount has replaced.
 */
#ifndef ROSTERFS_SETBACK_H
#define ROSTERFS_SETBACK_H

#include <jansson.h>

struct change;

/*
 * Check DOCUMENT, which names no version, after its edits are planned in change->merge. If it has
 * no edits, but states another value of a field than the vendor has, and if the newest write in the
 * history that changed this field left the vendor's value, then it is not certain whether the user
 * wants the old value back or has an old copy. Does not block. Returns 0, or -ESTALE or -ENOMEM
 * with a message in the call.
 */
int setback_check(struct change *change, const json_t *document);

#endif
