/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_past.h - the steps that an earlier mount has ended, by a history that is kept across
 * mounts.
 */
#ifndef ROSTERFS_MEMBERSHIP_PAST_H
#define ROSTERFS_MEMBERSHIP_PAST_H

#include <jansson.h>

struct membership;

/*
 * Return a record with the steps that an earlier mount has ended by `inactive`, a new reference.
 * NULL: the newest write to the user's access is none that has ended the last step, or was made by
 * this mount, which knows more than its history. Does not wait.
 */
json_t *membership_past_undo(const struct membership *membership);

#endif
