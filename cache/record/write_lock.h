/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write_lock.h - one writer of a record at a time.
 *
 * Writers of one record take turns in the order in which they came. One table per roster; its mutex
 * is a leaf lock, except that a call's lock is taken with it.
 */
#ifndef ROSTERFS_WRITE_LOCK_H
#define ROSTERFS_WRITE_LOCK_H

#include <stdbool.h>

struct call;
struct record;
struct write_lock;

/*
 * How other hosts are kept from writing a record that this mount has locked. Called with no mutex
 * held, by the one thread that has the record. A *LEASE is what unlock, check and lost get.
 */
struct write_lock_hosts {
	/* Lock record ID on all hosts. Waits. Return 0 or a negative errno with words in CALL. */
	int (*lock)(void *arg, struct call *call, const char *id, void **lease);
	void (*unlock)(void *arg, void *lease);
	/* As write_lock_check, write_lock_lost and write_lock_since. */
	int (*check)(void *arg, struct call *call, void *lease);
	bool (*lost)(void *arg, void *lease);
	int (*since)(void *arg, void *lease, struct record **newest, char host[64]);
};

/* Return the locks of one roster's records, or NULL: no memory. */
struct write_lock *write_lock_new(void);
void write_lock_free(struct write_lock *lock); /* no record is locked; NULL is a no-op */

/* Let write_lock_take lock records by HOSTS too, with ARG. Both outlive LOCK. Before the first
 * lock. */
void write_lock_share(struct write_lock *lock, const struct write_lock_hosts *hosts, void *arg);

/*
 * Lock record ID for writing, on all hosts that share it. Blocks until it is free or CALL is
 * cancelled. Return 0, or -EINTR, -ENOMEM or -EREMOTEIO (CALL_NO_LOCK) with a message in CALL. Pair
 * with write_lock_release.
 */
int write_lock_take(struct write_lock *lock, struct call *call, const char *id);

/* As write_lock_take, for the draft at PATH, which other hosts do not have. */
int write_lock_take_draft(struct write_lock *lock, struct call *call, const char *path);

/*
 * Check, before something is sent, that no other host can write ID, which this thread has locked.
 * May wait. Return 0; -EAGAIN: another host may have written it meanwhile, so it must be read
 * again; or as write_lock_take.
 */
int write_lock_check(struct write_lock *lock, struct call *call, const char *id);

/* Return true if another host may have written ID, which this thread has locked, since
 * write_lock_check. Does not wait. */
bool write_lock_lost(struct write_lock *lock, const char *id);

/*
 * Ask what other hosts have told of ID since this thread had locked it, before write_lock_check
 * locked it again: as store_ops.since (store.h). May wait.
 */
int write_lock_since(struct write_lock *lock, const char *id, struct record **newest,
		     char host[64]);

/* Unlock ID: the writer that has waited longest gets it next. */
void write_lock_release(struct write_lock *lock, const char *id);

#endif
