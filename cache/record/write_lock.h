/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write_lock.h - one writer of a record at a time.
 *
 * Writers of one record take turns in the order in which they came. One table per roster; its mutex
 * is a leaf lock, except that a call's lock is taken with it.
 */
#ifndef ROSTERFS_WRITE_LOCK_H
#define ROSTERFS_WRITE_LOCK_H

struct call;
struct write_lock;

/* Return the locks of one roster's records, or NULL: no memory. */
struct write_lock *write_lock_new(void);
void write_lock_free(struct write_lock *lock); /* no record is locked; NULL is a no-op */

/*
 * Lock record ID, or the draft at the path ID, for writing. Blocks until it is free or CALL is
 * cancelled. Return 0, or -EINTR or -ENOMEM with a message in CALL. Pair with write_lock_release.
 */
int write_lock_take(struct write_lock *lock, struct call *call, const char *id);

/* Unlock ID: the writer that has waited longest gets it next. */
void write_lock_release(struct write_lock *lock, const char *id);

#endif
