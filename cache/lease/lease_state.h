/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease_state.h - the leases of a mount, for the files of this folder.
 *
 * A lease is WAITED for or HELD, and in the table of its mount in both states. The thread that has
 * the lease owns it; the thread that renews leases and the one that gets mail see it through the
 * table only, with its lock.
 *
 * Times are those of clock_seconds, which goes on while the machine sleeps.
 */
#ifndef ROSTERFS_LEASE_STATE_H
#define ROSTERFS_LEASE_STATE_H

#include "cache/feed/feed.h"
#include "cache/lease/lease.h"
#include "cache/store/seal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <uthash.h>

#define LEASE_MS 3000
#define LEASE_LEFT 1.0 /* seconds that a lease must have left when something is sent */
#define LEASE_TICKET_MAX (SEAL_NAME_MAX + 24)
#define LEASE_KEY_MAX SEAL_NAME_MAX

struct call;
struct shared;

/* When a lease was granted: the server's time (ms), and how far the feed was heard. */
struct lease_grant {
	int64_t time;
	char position[FEED_POSITION_MAX];
};

struct store_lease {
	struct leases *leases;
	struct store_seat *seat;
	char *id;
	char key[LEASE_KEY_MAX];
	char ticket[LEASE_TICKET_MAX]; /* names it at the server: this mount's mailbox, NUMBER */
	uint64_t number;

	/* of the owner */
	struct lease_grant grant;
	struct lease_grant before; /* which was lost; all 0: none was */
	bool without;              /* the store is down, and a lock is not required */

	/* while it is waited for */
	struct call *call;
	atomic_bool mailed; /* set under the table's lock, read under the call's */

	/* under the table's lock */
	bool held;
	bool gone;         /* it was not held all the time since the last check */
	int64_t token;     /* of the grant */
	double until;      /* it is held until then, at least */
	UT_hash_handle hh; /* by number */
};

struct leases {
	struct shared *shared;
	char mailbox[SEAL_NAME_MAX];
	char tokens[SEAL_NAME_MAX]; /* the key that counts tokens */
	char epoch[SEAL_NAME_MAX];  /* the key that says which server gives leases, since when */
	pthread_mutex_t lock;       /* then a call's; what follows is under it */
	pthread_cond_t wake;
	struct store_lease *table;
	uint64_t numbers;
	unsigned held, waiting;
	uint64_t lost;
	bool settled; /* the server was told of this mount, since it was last back */
	bool ending;
	bool running;
	pthread_t thread;
};

#endif
