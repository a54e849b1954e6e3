/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_look.h - what the store has of a list now, and whether that can be used. Private to
 * cache/lists.
 */
#ifndef ROSTERFS_LIST_LOOK_H
#define ROSTERFS_LIST_LOOK_H

#include "cache/lists/lists_state.h"

/* Look at the list of WALK's seat. Waits for the store. Returns 0 and *SIGHT, for list_look_done,
 * or a negative errno. */
int list_look(struct list_walk *walk, struct list_sight *sight);
void list_look_done(struct list_sight *sight);

/* Return true if the complete list in SIGHT is as new as WALK's list must be, and fresh here. */
bool list_look_is_fresh(const struct list_walk *walk, const struct list_sight *sight);

/* Return true if the walk in SIGHT is as new as WALK's list must be, and is under way or was left.
 */
bool list_look_is_walking(const struct list_walk *walk, const struct list_sight *sight);

/* Note whether lock or walk have changed since the last call. Returns since when they have not, in
 * seconds. */
double list_look_stands(struct list_walk *walk, struct list_sight *sight);

#endif
