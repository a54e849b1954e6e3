/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payload.h - what of a record is sent when it is changed or created, by the rules of its table.
 *
 * Pure functions over JSON; nothing here waits. FRESH is the record that the change rests on, as
 * the vendor shows it, hidden fields included. WANTED is the record as it should be, without the
 * fields that are never sent.
 */
#ifndef ROSTERFS_PAYLOAD_H
#define ROSTERFS_PAYLOAD_H

#include <jansson.h>
#include <stdbool.h>

struct call;
struct collection;
struct rule_request;

/* What the placeholders {changes}, {record} and {/P} of an update stand for: new references. */
struct payload {
	json_t *changes;
	json_t *record;
	json_t *shown;
};

/*
 * Set *PAYLOAD for an update of FRESH to WANTED (PLAIN: as update->patch):
 * - record: WANTED, and the hidden fields of FRESH as they were received, unless WANTED has them.
 * - changes: the members that differ, each whole and completed in the same way; with a deep update,
 *   only the leaves that differ.
 * - shown: FRESH with the changes.
 * A value that a vendor masks ("*****") is in none of them, except where it is what the vendor
 * shows in a member that is text of the user's own. A null that clears a member becomes what the
 * table's `clear` says. A change outside of what the request's placeholders send fails with EPERM.
 * Returns 0, or a negative errno with words in CALL; PAYLOAD then holds nothing.
 */
int payload_update(struct call *call, const struct collection *collection, const json_t *fresh,
		   const json_t *wanted, bool plain, struct payload *payload);

/* Set *PAYLOAD for a new record WANTED. Otherwise as payload_update. */
int payload_create(struct call *call, const struct collection *collection, const json_t *wanted,
		   struct payload *payload);

void payload_clear(struct payload *payload);

#endif
