/* SPDX-License-Identifier: Apache-2.0 */
/*
 * creation.h - a record that is being created.
 *
 * A creation belongs to the thread that made it.
 */
#ifndef ROSTERFS_CREATION_H
#define ROSTERFS_CREATION_H

#include "cache/roster/roster.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct attempt;
struct call;
struct collection;
struct guard;
struct snapshot;

struct creation {
	struct attempt *attempt;
	struct call *call;
	struct roster *roster;
	struct guard *guard;
	const struct collection *collection;
	json_t *wanted; /* the document without what the vendor assigns */
	json_t *made;   /* the record as far as it is known, or NULL */
	time_t began;
	struct snapshot *before; /* who was known when it began, or NULL */
	uint64_t generation;     /* of the roster, when it began */
	bool all_known;          /* nobody else was there */
	bool settled;            /* the answer was lost, or about another record */
	bool unproven;           /* the answer does not show whether its record is a new one */
	bool stranger;           /* ...and it is none: nothing of it may be changed */
	char *id;
};

static inline struct account *creation_account(const struct creation *creation)
{
	return roster_account(creation->roster);
}

/* Keep RECORD (borrowed; NULL: nothing new is known) as what has been made. */
void creation_keep(struct creation *creation, json_t *record);

/*
 * Readers see the record from now on, as far as it is known, also while the vendor's reads lag, or
 * do not know it at all. Never waits.
 */
void creation_show(struct creation *creation);

/* Say in the log what the vendor wrote in another way. */
void creation_log_normalised(const struct creation *creation);

#endif
