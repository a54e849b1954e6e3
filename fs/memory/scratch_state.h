/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_state.h - the structures that scratch.c, scratch_text.c and scratch_open.c share. No
 * other file includes it.
 */
#ifndef ROSTERFS_SCRATCH_STATE_H
#define ROSTERFS_SCRATCH_STATE_H

#include "cache/document/document.h"
#include "fs/memory/scratch.h"

#include <stdatomic.h>
#include <time.h>

/* What an empty file counts for: its name, and these structures. */
#define SCRATCH_COST ((size_t)512)

struct scratch {
	unsigned references; /* of the name, and of its users; under the table's lock */
	char *path;          /* the newest name; under the table's lock */
	char *target;        /* of a link; set once */
	size_t cost;         /* what it is counted for besides its length; set once */
	bool removed; /* it lost its name while no process had it open; under the table's lock */
	atomic_int opens;
	atomic_long doubted; /* until then (monotonic seconds) an open for writing needs a lookup */
	atomic_uint looks;   /* lookups that no open has used */
	atomic_bool kept;    /* it does not expire */
	atomic_bool nameless; /* it lost its name, for good */
	pthread_mutex_t lock; /* of what follows */
	char *text;
	size_t length, room;
	bool patched;            /* not written in order from the start */
	size_t scanned;          /* bytes of the text that the scanner has seen */
	struct document scanner; /* valid if scanned is not 0 */
	char *id;
	bool spoilt, spent;
	bool counted; /* in scratches->held */
	struct timespec when;
};

struct scratches {
	size_t limit;
	atomic_size_t held;
	pthread_mutex_t lock; /* of the names and the counts of references */
	struct directory *directories;
	uint64_t expired; /* how many files have expired */
};

#endif
