/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster_state.h - struct roster and struct flight, for the files of this folder.
 *
 * Each module has its own part of a roster, which it declares in its header. Only that module
 * changes the part; the others may read it with the lock.
 */
#ifndef ROSTERFS_ROSTER_STATE_H
#define ROSTERFS_ROSTER_STATE_H

#ifndef ROSTERFS_ROSTER_PRIVATE
#error "roster_state.h is private to cache/roster"
#endif

#include "cache/roster/figures.h"
#include "cache/roster/gets.h"
#include "cache/roster/illegible.h"
#include "cache/roster/inactive.h"
#include "cache/roster/known.h"
#include "cache/roster/overdue.h"
#include "cache/roster/presence.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "vendors/base/call.h"
#include "vendors/base/progress.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gone;

/* One fetch, and the requests that wait for it. The states are at the top of flight.c. */
struct flight {
	struct roster *roster;
	enum wait_kind kind;
	char *id;          /* WAIT_RECORD, WAIT_DETAIL, WAIT_EMAIL */
	const char *asked; /* the record to fetch: ID, or one that had the email ID */
	struct call call;
	double began;        /* monotonic seconds */
	uint64_t generation; /* the roster's when it began */
	double since;        /* a list must have been requested then or later; 0: see fetch.c */
	double received;     /* when a list of another host was complete there; 0: now */
	bool dropped;        /* it is not in the roster's list any more */
	bool listed;         /* a whole list, read since it was asked for, lacks it */
	struct call
	    *missed; /* how the GET of the record failed, so that the list is read; or NULL */
	struct progress progress; /* of a whole list */
	struct wait *waits;       /* utlist */
	struct flight *next, *prev;
};

struct roster {
	/* set by roster_new */
	struct account *account;
	const struct collection *collection;
	char *parent;            /* id of the record that it belongs to, or NULL */
	char *name;              /* roster_name_of */
	struct roster *people;   /* of the users that its ids are, or NULL */
	struct roster *statuses; /* that consist of its links, or NULL */
	struct record *absent; /* what a fresh roster shows for an id that is not in it, or NULL */
	struct pool *pool;
	struct roster_events events;
	struct versions *versions;
	struct lag *lag;
	struct resets *resets;
	struct write_lock *write_lock;
	struct store *store;
	struct store_seat *seat;

	/* protects what follows, and flights; see the lock order in roster.h */
	pthread_mutex_t lock;
	struct known_state known;
	struct presences presences;
	struct gone *gone; /* hash table, by id */
	struct gets gets;
	struct illegible illegible;
	struct inactive_users inactive;
	struct figures_state figures;
	struct overdue overdue;
	bool expiring; /* ack.c: a look at what is too old in lag is scheduled */

	/* flight.c */
	struct flight *flights; /* utlist: under way */
	double unlisted;        /* when a whole fetch failed last, monotonic seconds, or 0 */
	bool stopped;
};

#endif
