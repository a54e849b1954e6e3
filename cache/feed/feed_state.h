/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_state.h - struct feed and its parts, for the files of this folder.
 *
 * A stream's mutex `applying` is taken before that of a roster, and is held while what was told is
 * put there; never across a wait for the server. The feed's mutex is a leaf.
 */
#ifndef ROSTERFS_FEED_STATE_H
#define ROSTERFS_FEED_STATE_H

#include "cache/feed/feed.h"
#include "cache/store/shared_state.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#define FEED_EPOCH_MAX 33 /* 32 hex digits */
#define FEED_ID_MAX 24    /* of an entry of a stream: "1767225600000-12" */

/* Milliseconds after which a stream, and its epoch, end that nobody uses. */
#define FEED_EXPIRES INT64_C(86400000)
/* The most entries of a stream, roughly. */
#define FEED_LENGTH 20000

/* Where a stream is: the number and id of an entry, and the epoch in which it has this number. */
struct feed_place {
	char epoch[FEED_EPOCH_MAX];
	uint64_t number;
	char id[FEED_ID_MAX];
};

/* The stream of an account. */
struct feed_stream {
	const char *account;         /* its name in the store; borrowed */
	const char *label;           /* its section's; borrowed */
	char key[SEAL_NAME_MAX];     /* of the stream */
	char counter[SEAL_NAME_MAX]; /* of the hash with epoch and number */
	bool unused; /* an account of which nothing is known: nothing can be missed */
	/* the listener's own */
	struct feed_place
	    expected; /* what must have been heard after the next read; epoch "": nothing */
	uint64_t own; /* the number of the newest entry of this mount */
	size_t read;  /* entries of the last read */
	struct feed_order *order;
	/* what was told, and is applied: */
	pthread_mutex_t applying;
	struct feed_place heard; /* epoch "": nothing is known */
	/* protected by the feed's lock: */
	struct feed_latest *latest; /* feed_latest.h */
	struct feed_place told;     /* the newest entry of this mount; its id is not known */
	bool overflowed;            /* entries were dropped: all must be distrusted */
};

struct feed {
	struct shared *shared;
	struct feed_stream *streams; /* one for each of shared->accounts */
	size_t count;
	char mailbox[SEAL_NAME_MAX];
	void (*on_mail)(void *arg, const char *message);
	void *on_mail_arg;
	void (*on_back)(void *arg);
	void *on_back_arg;
	void (*on_turn)(void *arg);
	void *on_turn_arg;
	void (*on_hold)(void *arg, size_t account, unsigned index, int64_t until);
	void *on_hold_arg;
	pthread_t teller, listener;
	bool started; /* of the thread that starts and stops */

	pthread_mutex_t lock;
	pthread_cond_t due;  /* something is to be told, or it ends */
	pthread_cond_t done; /* something was told or is late; or the listener has tried once */
	struct feed_entry *queue; /* utlist */
	unsigned kept;
	uint64_t sequence; /* of the newest entry of this mount */
	bool telling;      /* the teller runs */
	bool tried;        /* the listener has tried once, or too late */
	bool ending;
	int64_t ends; /* when the teller gives up, clock_milliseconds */
	double complained;

	atomic_ullong told, heard, gaps;
};

#endif
