/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.h - what mounts tell each other: one stream for each account, which all its mounts read.
 *
 * An entry is sealed, and numbered without gaps within an epoch of its stream. A reader that finds
 * a gap, or another epoch (the server restarted empty, the stream was cut), does not know what it
 * missed: it distrusts all rosters of the account (roster_distrust), and lists that were fetched
 * before. One thread of the mount listens, to all accounts' streams and to a mailbox of its own; it
 * also finds out that the server is back, within two seconds.
 *
 * What cannot be told is kept (the newest FEED_KEPT_MAX), told when the server is back, and logged
 * when it is dropped or when the mount ends.
 */
#ifndef ROSTERFS_FEED_H
#define ROSTERFS_FEED_H

#include "cache/roster/store.h"
#include "cache/store/shared_state.h"

#include <stdbool.h>
#include <stdint.h>

#define FEED_KEPT_MAX 10000
#define FEED_TURN 15

struct feed;

/* A position in the stream of an account, as text: the epoch, the number and the id of an entry. */
#define FEED_POSITION_MAX 96

/* Create the feed of SHARED, or NULL: no memory. */
struct feed *feed_new(struct shared *shared);
void feed_free(struct feed *feed); /* after feed_stop; NULL is a no-op */

/* Start the thread that listens, and the one that tells. 0 or a negative errno. */
int feed_start(struct feed *feed);
/* Wait until the thread that listens has looked at the streams once, so that nothing that is
 * fetched before has to be distrusted; for seconds at most. Does not wait when that was so. */
void feed_wait_first(struct feed *feed);
/* Tell what is left, for half a second at most, log what is not told, and end the threads. The
 * server's calls are stopped with that (redis_stop), so that it is the last to be stopped.
 * Idempotent. */
void feed_stop(struct feed *feed);

/* As store_ops.attach and detach: from now on what others tell of the seat's roster is applied. */
int feed_attach(struct store_seat *seat);
void feed_detach(struct store_seat *seat);

/* As the operations of store_ops. */
void feed_changed(struct store_seat *seat, const char *id, enum store_change what,
		  struct record *record);
void feed_acked(struct store_seat *seat, const char *id, const struct merge *merge,
		const json_t *before, const json_t *after, const json_t *seen);
void feed_refreshed(struct store_seat *seat);

/* Tell all mounts that the vendor of ACCOUNT, one of shared->accounts, asked to wait until UNTIL
 * (of store_clock.h) at its endpoint with INDEX; 0: somebody has lifted that. Does not wait. */
void feed_hold(struct feed *feed, size_t account, unsigned index, int64_t until);

/* Put where the stream of SEAT's account is now into POSITION. May wait. 0 or a negative errno. */
int feed_position(struct store_seat *seat, char position[FEED_POSITION_MAX]);

/* Apply to SEAT's roster what was told in the last SECONDS, as far as the stream reaches back, and
 * as far as a vendor whose reads lag may not show it. For a roster that begins, after
 * feed_wait_first. May wait five seconds. 0 or a negative errno. */
int feed_recall(struct store_seat *seat, double seconds);

/*
 * Apply to SEAT's roster what was told since POSITION, as if it came now, in order. May wait.
 * Returns 0; -ESTALE: the stream does not reach back to POSITION, or does not tell all that has
 * changed since; or another negative errno.
 */
int feed_replay(struct store_seat *seat, const char *position);

/* Put how far this mount has heard the stream of SEAT's account into POSITION; "": nothing is
 * known. Does not wait. */
void feed_heard(struct store_seat *seat, char position[FEED_POSITION_MAX]);

/* What was told of one record behind POSITION and after TIME (the server's, in milliseconds) by
 * other mounts: for who finds that its lock was lost (overtaken.h). Returns the number of entries,
 * or a negative errno; the newest record in *RECORD (a new reference or NULL) and the name of the
 * host in HOST. May wait. */
int feed_since(struct store_seat *seat, const char *position, int64_t time, const char *id,
	       struct record **record, char host[SHARED_HOST_MAX]);

/*
 * Call RUN(ARG) on the thread that listens when something arrives in this mount's mailbox:
 * MESSAGE is what mailbox_key was given by XADD as the field "m". Set before feed_start. RUN is
 * quick. It also runs with NULL each time that the server is back.
 */
void feed_on_mail(struct feed *feed, void (*run)(void *arg, const char *message), void *arg);

/* Call RUN(ARG) on that thread each time that the server can be used (again), or may have lost what
 * it had. Set before feed_start. RUN waits for the server at most. */
void feed_on_back(struct feed *feed, void (*run)(void *arg), void *arg);

/* Call RUN(ARG) on that thread each FEED_TURN seconds while the server can be used. Set before
 * feed_start. RUN waits for the server at most. */
void feed_on_turn(struct feed *feed, void (*run)(void *arg), void *arg);

/* Call RUN(ARG, ...) on that thread when another mount has told of a vendor's wait (feed_hold). Set
 * before feed_start. RUN is quick. */
void feed_on_hold(struct feed *feed,
		  void (*run)(void *arg, size_t account, unsigned index, int64_t until), void *arg);

/* Return the name of the mailbox of the mount with this number: a stream. */
void feed_mailbox(const struct shared *shared, const char *mount, char name[SEAL_NAME_MAX]);

/* How many entries wait to be told, and how many were dropped. Does not wait. */
void feed_counts(struct feed *feed, unsigned *kept, uint64_t *told, uint64_t *heard,
		 uint64_t *gaps);

#endif
