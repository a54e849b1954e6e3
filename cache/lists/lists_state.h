/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists_state.h - a list on its way between the hosts, for the files of this folder.
 *
 * Three keys of a roster, each with a sealed value:
 *
 *	done    the head of the newest complete list
 *	walk    the head of the walk that is under way, or that failed or was left
 *	lock    who fetches; not sealed: a random token, and a beat while the vendor makes it wait
 *
 * and for each walk one hash with its chunks, by number. Only who holds the lock changes them: each
 * script looks first (list_lock.h).
 */
#ifndef ROSTERFS_LISTS_STATE_H
#define ROSTERFS_LISTS_STATE_H

#include "cache/lists/lists.h"
#include "cache/store/shared_state.h"

#include "cache/feed/feed.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIST_ID_MAX 33 /* 32 hex digits */

enum list_phase { LIST_WALKING, LIST_COMPLETE, LIST_FAILED };

/* What is known of a walk. Times are the server's, in milliseconds. */
struct list_head {
	char id[LIST_ID_MAX]; /* of the walk; another one after a restart. "": there is none */
	enum list_phase phase;
	int64_t began, complete;
	int64_t ends;                     /* it is good only until then; 0: no such limit */
	unsigned chunks;                  /* up to the end of a page */
	unsigned pages, total;            /* as progress has them */
	size_t rows, step;                /* STEP: of the first page */
	bool trailed;                     /* the chunks tell how to go on behind them */
	char host[SHARED_HOST_MAX];       /* that fetches */
	char position[FEED_POSITION_MAX]; /* of the feed, before the first request */
};

/* What a look at the store shows. */
struct list_sight {
	struct list_head done, walk; /* their ids are "" if there is none that can be used */
	/* as they are in the store, in order to see whether anything moves; NULL: absent */
	char *walk_raw, *lock_raw;
	size_t walk_length, lock_length;
	double trip; /* seconds that the look took */
};

struct lists_seat {
	char done[SEAL_NAME_MAX], walk[SEAL_NAME_MAX], lock[SEAL_NAME_MAX];
};

/* One load, and the walk that may follow it. It belongs to one thread, but for what the renewing
   thread uses. */
struct list_walk {
	struct store_seat *seat;
	struct store_list *list;

	/* what was read */
	struct list_trail *trail;   /* behind the chunks that were read, as far as it is known */
	unsigned read;              /* chunks of READING */
	unsigned told;              /* pages that were told to LIST */
	size_t taken;               /* records that were given to LIST */
	char reading[LIST_ID_MAX];  /* the walk whose rows LIST has; "": none */
	char rejected[LIST_ID_MAX]; /* a list that cannot be used */
	bool trailing;              /* TRAIL has all chunks */

	/* who fetches */
	char token[LIST_ID_MAX];
	bool mine;                   /* this one has got the lock */
	double trip;                 /* seconds of the last look; not changed while it is renewed */
	char *seen_walk, *seen_lock; /* struct list_sight's, for as long as nothing moves */
	size_t seen_walk_length, seen_lock_length;
	double moved;   /* when something did, monotonic seconds */
	double slowest; /* the longest time between two moves, seconds */

	/* what is saved */
	struct list_head head;
	char *bytes; /* of the next chunk */
	size_t length, room;
	size_t noted;         /* pages of the trail that are in chunks */
	unsigned chunks;      /* saved, also of the page that is being read */
	double flushed, cost; /* when the last chunk was saved, and how long that took */
	bool saving;
	char replaced[LIST_ID_MAX]; /* the complete list that this one will replace; "": none */

	/* the renewing thread */
	bool running;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows; a leaf */
	pthread_cond_t wake;
	char *head_raw; /* as it is in the store */
	size_t head_length;
	bool stop, lost;
};

#endif
