/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster_state.h - the inside of a roster, shared by roster.c, flight.c, fetch.c, roster_email.c,
 * similar.c, overlay.c, undo.c, ack.c, presence.c, absence.c, gets.c, illegible.c, overdue.c and
 * figures.c, and nobody else.
 *
 * snapshot: what the last whole fetch showed, or NULL.
 * overlay: what was written or fetched alone, each entry with its own age: it wins over a snapshot
 * whose fetch began before it (generation).
 * flights: fetches under way, at most one WHOLE, one SELF, one RECORD an id; each with its waiters.
 *
 * State of a record: UNKNOWN -> (GET or walk) -> FRESH -> (ttl) -> STALE -> (fetch) -> FRESH
 *                    FRESH or STALE -> (a walk that lacks it) -> UNKNOWN -> (GET) -> FRESH
 *                    any -> (GET says 404, and the newest list lacks it) -> ABSENT -> (ttl) -> as
 * before; what only a GET says (a status, or what was deleted here) is so for ABSENT_SECONDS
 * Where all that there is stands in the list (listed_only), a walk that lacks it makes it ABSENT.
 * A flight: started with waiters -> runs on the pool -> ends: result stored, flight unlinked,
 * waiters told. A flight whose last waiter leaves is cancelled and unlinked at once; its thread
 * then finds itself dropped. One whose last waiter is told that it takes too long goes on.
 */
#ifndef ROSTERFS_ROSTER_STATE_H
#define ROSTERFS_ROSTER_STATE_H

#ifndef ROSTERFS_ROSTER_PRIVATE
#error "roster_state.h is private to cache/roster"
#endif

#include "cache/roster/figures.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "vendors/base/call.h"

#include <jansson.h>
#include <pthread.h>
#include <uthash.h>

#define ABSENT_SECONDS 5.0

struct overlay {
	char *id;
	struct record *record; /* NULL: the vendor said 404 */
	double began, since;   /* when it was asked for and known, monotonic seconds */
	uint64_t generation;   /* of the roster when it was put here */
	double ends;           /* it is not good for longer than that, 0: no such limit */
	bool alone;            /* fetched alone, not written */
	bool doubt;            /* a write ended in a way that nobody knows */
	bool deleted;          /* by this mount: no longer listed */
	bool proven;           /* absent by GET and by the list: no longer listed */
	struct overlay *next;  /* where it was taken out of the table, to be freed */
	UT_hash_handle hh;
};

struct inactive {
	char *id;
	char *undo;                     /* or NULL */
	struct inactive_writer *writer; /* who made them so, or NULL: it is not known */
	bool inactive;                  /* made so here; unset: only the undo counts */
	bool seen_active;               /* it has been said */
	UT_hash_handle hh;
};

/* How a whole fetch failed, or the questions for those who had an email. */
struct failure {
	struct call call; /* for its words alone */
	int error;
	double began, since; /* when it began and ended, monotonic seconds */
	UT_hash_handle hh;
	char email[]; /* as it was asked for; "": all */
};

struct flight {
	struct roster *roster;
	enum wait_kind kind;
	char *id;          /* WAIT_RECORD, WAIT_EMAIL */
	const char *asked; /* the record that is asked for: ID, or one who had the email */
	struct call call;
	double began;        /* monotonic seconds */
	uint64_t generation; /* the roster's when it began */
	bool dropped;        /* nobody waits any more */
	bool listed;         /* a whole list, read since it was asked for, lacks it */
	struct call *missed; /* how the GET of the record failed, so that the list is read; NULL */
	unsigned pages;
	size_t rows;
	struct wait *waits; /* utlist */
	struct flight *next, *prev;
};

/* Has the vendor a GET by id? */
enum gets_state { GETS_UNKNOWN, GETS_WORK, GETS_NONE };

struct roster {
	struct account *account;
	const struct collection *collection;
	char *parent;          /* id of the record that it belongs to, or NULL */
	struct record *absent; /* what a fresh roster shows for an id that is not in it, or NULL */
	struct pool *pool;
	struct roster_events events;
	struct versions *versions;
	struct lag *lag;
	struct write_lock *write_lock;

	/* with it only versions.c, pool_run, pool_after and a call's cancel are called */
	pthread_mutex_t lock;
	bool expiring; /* ack.c will look what of lag is too old */
	bool watching; /* overdue.c will look which waits are due */
	struct snapshot *snapshot;
	double snapshot_began; /* when its fetch began and ended, monotonic seconds */
	double snapshot_since;
	double snapshot_ends;    /* as an overlay's */
	double unlisted;         /* when a whole fetch failed last, or 0 */
	struct failure *failure; /* of the last whole fetch; NULL: it was good, or there was none */
	struct failure *failures; /* of the last questions for emails */
	double refreshed;         /* when the owner asked for it anew: what began before is stale */
	struct overlay *overlay;
	struct presence *presences; /* what was made and deleted here (presence.c) */
	struct gone *gone;          /* who was known and is not listed any more (absence.c) */
	json_t *illegible; /* ids of rows whose email cannot be read, or NULL (illegible.c) */
	struct failure *illegible_failure; /* how asking for them ended; NULL: well, or not yet */
	size_t
	    shrunk; /* how many were listed before the list became so much shorter; 0: it did not */
	size_t shrunk_to; /* how many the newest list has, if it did */
	size_t step;      /* rows of the first page of the newest list; 0: not known */
	uint64_t generation;
	uint64_t merged; /* what the overlay got up to this generation is in the snapshot */
	_Atomic(enum gets_state) gets;
	struct shown *shown;    /* which GETs by id have worked (gets.c) */
	unsigned kept;          /* of them, whose members are yet to be compared with a row */
	bool uncompared;        /* no list has come since one was kept */
	bool compared;          /* the members of one have been */
	atomic_bool rows_short; /* a GET has shown more than a row */
	atomic_bool rows_told;  /* the log says that rows are used */
	bool nobody; /* the first list did not even have the user that the key belongs to */
	atomic_bool remembers; /* there has been one */
	atomic_bool saved; /* a record was saved here: what is fetched may have to keep its time */
	struct flight *flights; /* utlist */
	bool stopped;

	char *self;
	double self_since;
	bool self_known; /* self or, with self NULL, that the vendor does not tell */

	struct inactive *deactivated;
	size_t reappeared;
	uint64_t fetches;
	char last_error[FIGURES_ERROR_MAX];
	double failed; /* when that was, monotonic seconds */
};

#endif
