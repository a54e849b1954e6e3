/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setback.h - a document that changes nothing, by its base, but states a value that this mount has
 * replaced since that was shown.
 */
#ifndef ROSTERFS_SETBACK_H
#define ROSTERFS_SETBACK_H

#include <jansson.h>

struct change;

/*
 * DOCUMENT, which names no version, is planned: change->merge has its edits. If it has none, but
 * states another value of a field than the vendor has, and the newest write in the history that
 * changed this field left the vendor's value, then somebody may want the old value back, or have
 * an old copy: nobody can tell, and success would be wrong. Returns 0, -ESTALE or -ENOMEM, with
 * words in the call. Never waits.
 */
int setback_check(struct change *change, const json_t *document);

#endif
