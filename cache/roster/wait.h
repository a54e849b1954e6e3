/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.h - one question to a roster, and its answer.
 *
 * A waiter is a parked request, not a thread: flight.h notifies it through a callback. wait_sync is
 * for threads that may block.
 */
#ifndef ROSTERFS_WAIT_H
#define ROSTERFS_WAIT_H

#include <stdbool.h>
#include <stdint.h>

struct call;
struct flight;
struct record;
struct roster;
struct snapshot;

enum wait_kind {
	WAIT_WHOLE,  /* the whole roster: snapshot */
	WAIT_RECORD, /* the record with this id: record */
	WAIT_DETAIL, /* as WAIT_RECORD, but not as a row of the list that lacks fields: as a GET
		      * shows it (known_needs_get) */
	WAIT_SELF,   /* the id of the key's own user: self */
	WAIT_EMAIL, /* those with this email, in any spelling (address.h): a snapshot of them, which
		     * may be empty */
};

/* The asker sets the first part and keeps the struct alive until done was called. */
struct wait {
	enum wait_kind kind;
	const char *id;    /* WAIT_RECORD, WAIT_DETAIL; the email of WAIT_EMAIL */
	struct call *call; /* receives the error message; flight_ask does not block on it */
	void (*done)(struct wait *wait);
	void *arg; /* the asker's */
	/*
	 * WAIT_WHOLE, WAIT_EMAIL: fail with -ETIMEDOUT if the fetch takes longer than 5 s. The
	 * fetch continues.
	 */
	bool brief;
	/* flight_renew: when a list of another host must have been requested, at least, in
	   monotonic seconds. 0: now */
	double since;

	/* the answer; references belong to the asker */
	int error; /* 0 or a negative errno; -ENOENT: no such record; -ENODATA: self is not known */
	struct snapshot *snapshot;
	uint64_t generation; /* whole_generation's, for a whole snapshot */
	struct record *record;
	char *self;

	/* the roster's own; NULL to begin with, so that an asker may leave before it has asked */
	struct flight *flight;
	struct wait *next, *prev;
	bool answered; /* wait_sync: protected by the call's lock */
};

/*
 * Ask ROSTER, and block until it has answered or WAIT's call is cancelled (-EINTR). Return
 * wait->error. Sets wait->done.
 */
int wait_sync(struct roster *roster, struct wait *wait);

/* Free the answer that WAIT holds. */
void wait_clear(struct wait *wait);

#endif
