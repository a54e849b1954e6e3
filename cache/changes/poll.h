/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll.h - fetch the list of a roster again and again.
 *
 * Between two fetches nothing runs and no thread wakes. A fetch for a reader counts. After a fetch
 * that failed, the pause is twice as long as the one before, up to 15 minutes.
 */
#ifndef ROSTERFS_POLL_H
#define ROSTERFS_POLL_H

struct poll;
struct roster;

/* Return what polls ROSTER (borrowed) every SECONDS, or NULL: no memory. */
struct poll *poll_new(struct roster *roster, unsigned seconds);

/* Free POLL (NULL: no-op), after the pool has ended. */
void poll_free(struct poll *poll);

/* Fetch the list for the first time. Once, when threads may start. Does not wait. It ends with the
 * delays of the roster's pool (pool.h). */
void poll_start(struct poll *poll);

/* Note that a list is the newest that was requested at BEGAN (monotonic seconds). */
void poll_listed(struct poll *poll, double began);

#endif
