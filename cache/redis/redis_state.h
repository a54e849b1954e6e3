/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_state.h - the client, for the files of this folder.
 */
#ifndef ROSTERFS_REDIS_STATE_H
#define ROSTERFS_REDIS_STATE_H

#include "cache/redis/redis.h"

#include <pthread.h>
#include <stdatomic.h>

#define REDIS_IDLE_MAX 16
#define REDIS_OPEN_MAX 64

struct connection;

struct redis {
	struct redis_settings settings;
	char *where;
	int stop_fd; /* a timer, readable from redis_stop on, or when redis_end_in is over */
	atomic_bool stopped, down;
	atomic_int_least64_t ends; /* when redis_end_in is over, monotonic milliseconds; 0: never */

	pthread_mutex_t lock; /* of what follows; a leaf */
	pthread_cond_t freed; /* monotonic; one of REDIS_OPEN_MAX is free, or none will be */

	struct connection *idle[REDIS_IDLE_MAX]; /* the newest last */
	double idle_since[REDIS_IDLE_MAX];
	size_t idle_count;
	unsigned open;       /* those in use too, but not those of lines */
	unsigned generation; /* raised when the server goes down: what is older is not kept */

	int error;                    /* why it is down, or was last */
	char words[REDIS_WORDS_MAX];  /* the same for people */
	char logged[REDIS_WORDS_MAX]; /* as it was logged last */
	double down_since, up_since;  /* monotonic seconds */

	struct redis_stats stats;
};

struct redis_line {
	struct redis *redis;
	struct connection *connection;
};

#endif
