/*
 * late.h - looking at a record again some time after a change: a PUT that got no response may be
 * applied late, and reads that lag show an accepted change late.
 *
 * Looks run on the pool, each is one GET. They end with the mount at the latest, which is logged.
 */
#ifndef ROSTERFS_LATE_H
#define ROSTERFS_LATE_H

struct change;

/*
 * CHANGE sent a body (change->unanswered) that got no response. Look at the record after 1, 2, 4
 * ... s, until the later of `lag` and four times `timeout`, at most five minutes. If that body is
 * what the record then shows, in each field that the vendor does not assign, and it undoes the
 * `inactive` that this mount wrote last, `inactive` is sent once more (update_reapply). Anything
 * else that it undid is logged, with both values. Never waits.
 */
void late_watch(struct change *change);

/* The vendor accepted CHANGE and does not show it: look once more when `lag` ends, and log what
 * there is. Never waits. */
void late_look(struct change *change);

#endif
