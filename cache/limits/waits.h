/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waits.h - private to cache/limits: if a vendor asks one mount to wait, all wait.
 *
 * The others are told by the feed; a mount that starts later finds a key, which expires with the
 * wait.
 */
#ifndef ROSTERFS_WAITS_H
#define ROSTERFS_WAITS_H

#include "cache/limits/limits_state.h"

/* As permit->told, of the permit in a struct limits_slot. */
void waits_note(struct permit *permit, int64_t milliseconds);

/* Another mount has told it (UNTIL of store_clock.h; 0: somebody has lifted it). Does not wait. */
void waits_told(struct limits_slot *slot, int64_t until);

/* Tell the others what was noted. Waits for the store. Returns false if something is left. */
bool waits_turn(struct limits *limits);

/* Find out which waits are on. Waits for the store. 0 or a negative errno. */
int waits_learn(struct limits *limits);

#endif
