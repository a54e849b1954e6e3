/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits_state.h - private to cache/limits: what its files share.
 *
 * limits->lock is a leaf, but for what atomics and condition variables do. http->lock may be held
 * when it is taken, so that no function of vendors/http is called with it.
 */
#ifndef ROSTERFS_LIMITS_STATE_H
#define ROSTERFS_LIMITS_STATE_H

#include "cache/store/seal.h"
#include "vendors/http/permit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget;
struct endpoint;
struct memory;
struct quota;
struct shared;

/* An endpoint of an account. */
struct limits_slot {
	struct permit permit; /* first */
	struct limits *limits;
	struct endpoint *endpoint;
	size_t account; /* in shared->accounts */
	unsigned index; /* of the endpoint in its account */
	char budget[SEAL_NAME_MAX], wait[SEAL_NAME_MAX];

	/* budget.c, under limits->lock. All times are clock_milliseconds. */
	bool guessed;    /* SHARE is a guess: the store did not say in time */
	bool starving;   /* other mounts wait for what this one has */
	unsigned hosts;  /* that were seen in the last minute, with this one; 0: never asked */
	int64_t due;     /* when the store is asked next */
	int64_t asked;   /* when it was last asked */
	int64_t pause;   /* between two asks, while it has a share */
	int64_t pending; /* since when a reply is waited for; 0: it is not */

	/* waits.c, under limits->lock */
	int64_t told; /* until when the vendor asked to wait, clock_milliseconds */
	bool tell;    /* the others do not know it yet */
};

struct limits {
	struct shared *shared;
	struct limits_slot *slots;
	size_t count;
	struct budget *budget;
	struct memory *memory;
	struct quota *quota;

	pthread_mutex_t lock; /* of what follows, and of the slots */
	pthread_cond_t wake;  /* of the thread of limits.c; monotonic */
	pthread_t thread;
	bool rung; /* it has something to do */
	bool started, stopping;
};

#endif
