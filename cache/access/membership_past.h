/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_past.h - the steps that were ended and not made again: by this mount, by another host,
 * or by an earlier mount, by a history that is kept across mounts.
 */
#ifndef ROSTERFS_MEMBERSHIP_PAST_H
#define ROSTERFS_MEMBERSHIP_PAST_H

#include <jansson.h>
#include <stdbool.h>

struct membership;

/*
 * Return a record with the steps that this mount and the other hosts have ended and not restored, a
 * new reference. One without steps: the hosts have restored all. NULL: nothing is known. What the
 * store has counts more than what this mount knows. May wait for the store.
 */
json_t *membership_past_ended(const struct membership *membership);

/*
 * Keep membership->undo, for this mount and for the others, as the steps that are ended or about to
 * be. KNOWN: the others may know of some, which do not count any more. May wait for the store.
 */
void membership_past_keep(const struct membership *membership, bool known);

/*
 * Return a record with the steps that an earlier mount has ended by `inactive`, a new reference.
 * NULL: the newest write to the user's access is none that has ended the last step, or was made by
 * this mount, which knows more than its history. Does not wait.
 */
json_t *membership_past_undo(const struct membership *membership);

#endif
