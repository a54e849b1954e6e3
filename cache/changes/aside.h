/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aside.h - what is known of users beside the list that the next one is compared with.
 *
 *	state     set when                      until
 *	WRITTEN   this mount has changed it     a list that was requested later is compared
 *	UNLISTED  a list lacks it, and a GET    a list has it again, or it is REMOVED
 *	          shows it or fails
 *	REMOVED   a line says so                a list has it again
 *
 * What is WRITTEN takes the place of the other two, and they never take its place. There is one
 * mutex, a leaf lock. Any thread; nothing here waits. Without memory a user is not known.
 */
#ifndef ROSTERFS_ASIDE_H
#define ROSTERFS_ASIDE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct aside;
struct asides;
struct record;
struct snapshot;

/* What is known of one user. Pair with aside_clear. */
struct aside_found {
	bool written;          /* by this mount */
	json_t *own;           /* WRITTEN: the document; NULL: deleted */
	uint64_t generation;   /* WRITTEN: the roster's then */
	struct record *record; /* UNLISTED: as it was shown last, a reference */
	bool removed;
};

/* Return an empty table, or NULL: no memory. */
struct asides *aside_table_new(void);
void aside_table_free(struct asides *asides); /* NULL is a no-op */

/* Set *FOUND to what is known of ID: all zero if that is nothing. */
void aside_find(struct asides *asides, const char *id, struct aside_found *found);
void aside_clear(struct aside_found *found);

/* Note that this mount has changed ID to DOCUMENT (borrowed; NULL: deleted), when the roster's
 * generation was GENERATION. */
void aside_write(struct asides *asides, const char *id, const json_t *document,
		 uint64_t generation);

/* Note that a list lacks ID, which RECORD (borrowed) shows; NULL: it is removed. */
void aside_keep(struct asides *asides, const char *id, struct record *record);

/* Forget that ID was UNLISTED or REMOVED: a list has it. */
void aside_forget(struct asides *asides, const char *id);

/* Forget all that were WRITTEN when the roster's generation was GENERATION or before. */
void aside_forget_written(struct asides *asides, uint64_t generation);

/* Call VISIT(ARG, record) for each that is UNLISTED and that LIST lacks, with the lock held. */
void aside_each_unlisted(struct asides *asides, const struct snapshot *list,
			 void (*visit)(void *arg, struct record *record), void *arg);

#endif
