/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_state.h - the store in Redis or Valkey, for the folders that it consists of: feed, lease,
 * lists, limits, shared.
 *
 * The struct store that users of store.h see is the first member. Each folder has its own part,
 * which only it looks into.
 */
#ifndef ROSTERFS_SHARED_STATE_H
#define ROSTERFS_SHARED_STATE_H

#include "cache/roster/store.h"
#include "cache/store/seal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feed;
struct feed_seat;
struct hosts;
struct leases;
struct limits;
struct lists_seat;
struct redis;
struct store_clock;

#define SHARED_HOST_MAX 64

struct shared {
	struct store store;
	struct redis *redis;
	struct seal *seal;
	struct store_clock *clock;
	bool started;  /* between start and stop */
	bool required; /* shared_required: without the store nothing is written */
	/* This mount, for the others: the host's name, and a number that no other mount has (32 hex
	   digits; new at each start). */
	char host[SHARED_HOST_MAX];
	char mount[33];
	struct account **accounts;    /* borrowed */
	char (*names)[SEAL_NAME_MAX]; /* of each account: its seal_name, the same on all hosts */
	size_t account_count;

	atomic_int met;            /* what is known of other mounts' key (cache/shared) */
	_Atomic(int64_t) meet_due; /* when to look again */

	struct feed *feed;
	struct hosts *hosts;
	struct leases *leases;
	struct limits *limits;

	pthread_mutex_t lock;     /* of what follows; a leaf */
	pthread_cond_t unused;    /* a seat has no users any more */
	struct store_seat *seats; /* utlist; of seats.h */
};

/* The place of a roster. Its name is the same on all hosts: the account's type, base_url and
 * shared_name, the collection, and the parent. */
struct store_seat {
	struct shared *shared;
	struct roster *roster;
	size_t index;                /* of its account in shared->accounts */
	char account[SEAL_NAME_MAX]; /* shared->names[index] */
	char name[SEAL_NAME_MAX];    /* seal_name of the roster */
	char *identity;       /* the parts of the name, as one text: for names of what is in it */
	char *label;          /* "acme/users", for the log */
	atomic_bool recalled; /* what was told before this seat was taken has been heard */
	struct feed_seat *feed;
	struct lists_seat *lists;
	unsigned users; /* threads that seats.h gave it to, under shared->lock */
	struct store_seat *next, *prev;
};

#endif
