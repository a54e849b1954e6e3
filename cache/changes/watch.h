/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.h - which users of a roster were added, changed and removed: each becomes a line of the
 * changes (changes.h).
 *
 * Two sources tell of changes. A whole list is compared with the list before it; the first one is
 * only kept, for lack of a list before it. A change by this mount becomes a line at once, and none
 * by the lists that show it. A user that a list lacks is asked for by id, and counts as removed if
 * the vendor has no such user; of many that are missing at once, only the first are asked for. A
 * list that is suspiciously short or empty (figures.h) is not compared: the next one is compared
 * with the list before it.
 *
 * Any thread. Nothing here waits: lists are compared on a thread of the roster's pool.
 */
#ifndef ROSTERFS_WATCH_H
#define ROSTERFS_WATCH_H

#include <stdint.h>

struct change_marks;
struct changes;
struct roster;
struct roster_write;
struct snapshot;
struct watch;

/*
 * Return what watches ROSTER for CHANGES, or NULL: no memory. USERS is the roster of the users that
 * it is about: ROSTER, or another one if ROSTER has their statuses. MARKS may be NULL. All are
 * borrowed.
 */
struct watch *watch_new(struct changes *changes, const struct change_marks *marks,
			struct roster *roster, struct roster *users);

/* Free WATCH (NULL: no-op), after the pool has ended. */
void watch_free(struct watch *watch);

/* Compare SNAPSHOT (borrowed), a list that was requested when the roster's generation was
 * GENERATION. As roster_events.listed. */
void watch_listed(struct watch *watch, struct snapshot *snapshot, uint64_t generation);

/* Add a line for WRITE. As roster_events.written. */
void watch_written(struct watch *watch, const struct roster_write *write);

#endif
