/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_lock.h - who fetches: the lock of a roster's list, and what only its holder changes.
 *
 * Private to cache/lists. Each change is one script that first compares the lock, so that a mount
 * that was paused cannot harm the walk of another. Functions that return an int may wait for the
 * store, return 0 or a negative errno, and -ESTALE if the lock was lost.
 */
#ifndef ROSTERFS_LIST_LOCK_H
#define ROSTERFS_LIST_LOCK_H

#include "cache/lists/lists_state.h"

/* Return how long keys of SEAT's list stay, in milliseconds. */
int64_t list_lock_keep(const struct store_seat *seat);

/* Try to take the lock: sets walk->mine. */
int list_lock_take(struct list_walk *walk);

/* As list_lock_take, from a holder that does not move: only if lock and head are still as SIGHT has
 * them. */
int list_lock_steal(struct list_walk *walk, const struct list_sight *sight);

/* Renew the lock from now on, on a thread of its own, until list_lock_rest. */
int list_lock_keep_on(struct list_walk *walk);
void list_lock_rest(struct list_walk *walk);

/* Return true if the lock was lost. */
bool list_lock_lost(struct list_walk *walk);

/* Save chunk NUMBER (SEALED; NULL: none) of walk->head.id, and walk->head if WHOLE. */
int list_lock_save(struct list_walk *walk, const char *sealed, size_t length, unsigned number,
		   bool whole);

/* Let walk->head, which is complete, be the list, and give the lock back. */
int list_lock_complete(struct list_walk *walk);

/* Give the lock back. FAILED: let walk->head, which says so, be seen. Errors do not matter: the
 * lock ends by itself. */
void list_lock_release(struct list_walk *walk, bool failed);

/* Let the chunks of the walk with ID end soon: others may be reading them. */
void list_lock_expire(struct store_seat *seat, const char *id);

#endif
