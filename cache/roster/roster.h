/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster.h - one collection of one account as this mount knows it.
 *
 * Readers ask through flight.h and wait.h, or look at what is known through known.h, whole.h and
 * roster_email.h, which never wait. Writers (cache/update, cache/access) hold the write lock of a
 * record, and publish what the vendor acknowledged (publish.h). What the mounts of several hosts
 * have in common is behind store.h.
 */
/*
 * Lock order of cache/. A thread takes these locks in this order, and never the other way round:
 *
 *	1. the write lock of a record (write_lock.h), which is held across requests to the vendor;
 *	   that of a status before that of a link which is part of it
 *	2. the mutex of a roster (roster_state.h)
 *	3. the mutex of a versions table (versions.c), or that of the write locks (write_lock.c)
 *	4. the mutex of a pool (pool.c), or that of a call (call.h)
 *
 * All other mutexes of cache/ (lag.c, history.c, guard.c, audit.c, those of cache/changes) are leaf
 * locks: no other lock is taken with them. The one exception is the mutex of history.c that is held
 * while the index is written to disk: that of its ring and that of history_store.c are taken below
 * it. Only the write lock is held while a vendor is asked. roster_events, and the done of a wait,
 * are called with no mutex held. A function whose name ends in _locked needs the mutex of its
 * struct.
 */
#ifndef ROSTERFS_ROSTER_H
#define ROSTERFS_ROSTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct account;
struct collection;
struct lag;
struct resets;
struct pool;
struct record;
struct roster;
struct snapshot;
struct store;
struct store_seat;
struct versions;
struct write_lock;

/* A change by this mount that the vendor has accepted. All is borrowed. */
struct roster_write {
	const char *id;
	const json_t *before, *after; /* NULL: there was none, there is none */
	uid_t uid;
	pid_t pid;
	const char *command;
	uint64_t number; /* in the history; 0: none */
};

/*
 * What a roster tells its owner. Called with no lock held, from the thread that made the change,
 * before a writer or a waiter is notified. Must be quick and must not ask the roster to wait.
 */
struct roster_events {
	void *arg;
	void (*record_changed)(void *arg, const char *id); /* another version, or gone */
	/*
	 * A list shows record ID differently than what was known. Before replaced, for each such
	 * record; for none if there are too many, or no snapshot before. May be NULL.
	 */
	void (*record_listed)(void *arg, const char *id);
	/*
	 * A new snapshot. SAME: each record is as before, or record_listed told of it; otherwise
	 * any record may differ.
	 */
	void (*replaced)(void *arg, bool same);
	/*
	 * A whole list, SNAPSHOT (borrowed), is the newest. It was requested at BEGAN (monotonic
	 * seconds), when the roster's generation (whole.h) was GENERATION. May be NULL.
	 */
	void (*listed)(void *arg, struct snapshot *snapshot, double began, uint64_t generation);
	/* Another mount has told what became of record ID. After record_changed. May be NULL. */
	void (*told)(void *arg, const char *id);
	/* Another host has said that all of what is known is stale, or what it said may have been
	 * missed. May be NULL. */
	void (*distrusted)(void *arg);
	/* This mount has changed a record. May be NULL. */
	void (*written)(void *arg, const struct roster_write *write);
	/*
	 * A user got or lost an email with KEY (in any case of ASCII letters), or the email is now
	 * spelled differently, other than by replaced; or record_listed told of a user with it. May
	 * be NULL.
	 */
	void (*email_changed)(void *arg, const char *key);
	/* A fetch of the whole list has ended, well or not, and figures_get shows it. May be NULL.
	 */
	void (*fetched)(void *arg);
};

/*
 * Create the roster of COLLECTION at ACCOUNT, below the record PARENT (copied; NULL: none). ACCOUNT
 * and POOL outlive the roster. EVENTS is copied. NULL: no memory.
 */
struct roster *roster_new(struct account *account, const struct collection *collection,
			  const char *parent, struct pool *pool,
			  const struct roster_events *events);

/* Free ROSTER (NULL: no-op), after flight_stop and after the pool has ended. */
void roster_free(struct roster *roster);

struct account *roster_account(struct roster *roster);
const struct collection *roster_collection(struct roster *roster);
const char *roster_parent(struct roster *roster); /* or NULL */

/*
 * Return the name of the roster, which is the same in each mount that has the account: the names of
 * account and collection, the URL of the API, and the parent.
 */
const char *roster_name(const struct roster *roster);

/* Return the name of the roster of COLLECTION at ACCOUNT below PARENT (NULL: none); the caller
 * frees. NULL: no memory. */
char *roster_name_of(const struct account *account, const struct collection *collection,
		     const char *parent);

/*
 * Set the roster that has the users whose ids the ids of ROSTER are, such as memberships of users.
 * Before other threads know ROSTER.
 */
void roster_set_people(struct roster *roster, struct roster *people);

/* Return it, or NULL: ROSTER has another kind of records, or users itself. */
struct roster *roster_people(struct roster *roster);

/* Set the roster of the statuses that consist of the links in ROSTER, by the same ids. Before other
 * threads know ROSTER. */
void roster_set_statuses(struct roster *roster, struct roster *statuses);

/* Return it, or NULL: no status depends on ROSTER. */
struct roster *roster_statuses(struct roster *roster);

/*
 * Let ROSTER share what it knows by STORE, which outlives it, in place of store_local. Before other
 * threads know ROSTER. Return 0 or -ENOMEM.
 */
int roster_set_store(struct roster *roster, struct store *store);

/* Return it, and the seat of ROSTER there. */
struct store *roster_store(struct roster *roster);
struct store_seat *roster_seat(struct roster *roster);

struct pool *roster_pool(struct roster *roster);

/* These live as long as the roster. */
struct versions *roster_versions(struct roster *roster);
struct lag *roster_lag(struct roster *roster);
struct resets *roster_resets(struct roster *roster);
struct write_lock *roster_write_lock(struct roster *roster);

/* Treat what is known as stale from now on, on all hosts: the next questions go to the vendor. */
void roster_refresh(struct roster *roster);

/*
 * As roster_refresh, on this mount alone: what is known is stale since WHEN (monotonic seconds), as
 * another host has said, or as follows from what each host sees.
 */
void roster_distrust(struct roster *roster, double when);

/* The same, and the owner is told (roster_events), because nobody here has asked for it. */
void roster_distrust_told(struct roster *roster, double when);

#endif
