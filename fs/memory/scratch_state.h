/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_state.h - what scratch.c and scratch_text.c share. Nobody else includes it.
 */
#ifndef ROSTERFS_SCRATCH_STATE_H
#define ROSTERFS_SCRATCH_STATE_H

#include "cache/document/document.h"
#include "fs/memory/scratch.h"

#include <stdatomic.h>
#include <time.h>

/* What a file costs that holds nothing: its name, and what is kept about it. */
#define SCRATCH_COST ((size_t)512)

struct scratch {
	unsigned references; /* under the table's lock: of the name, and of who uses it */
	char *path;          /* the newest name; under the table's lock */
	char *target;        /* of a link; set once */
	size_t cost;         /* what it is counted for besides its length; set once */
	bool removed; /* it had a name, and nobody had it open then; under the table's lock */
	atomic_int opens;
	atomic_long
	    doubted; /* until then (monotonic seconds) who opens to write must have looked it up */
	atomic_uint looks;    /* look-ups that no open has used */
	atomic_bool kept;     /* it does not go by itself */
	pthread_mutex_t lock; /* of what follows */
	char *text;
	size_t length, room;
	bool patched;            /* not written in order from the start */
	size_t scanned;          /* so much of the text the scanner has seen */
	struct document scanner; /* good if scanned is not 0 */
	char *id;
	bool spoilt, spent;
	bool counted; /* in what all of them hold */
	struct timespec when;
};

struct scratches {
	size_t limit;
	atomic_size_t held;
	pthread_mutex_t lock; /* of the names and the counts of references */
	struct directory *directories;
	uint64_t expired; /* files that nobody has removed */
};

#endif
