/* SPDX-License-Identifier: Apache-2.0 */
/*
 * creation.h - the state of a record that is being created.
 *
 * A creation belongs to one thread. Nothing here waits.
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
	json_t *wanted;          /* the document without what the vendor assigns */
	json_t *made;            /* the record as far as it is known, or NULL */
	time_t began;            /* when the POST was sent */
	struct snapshot *before; /* the list that was known then, or NULL */
	uint64_t generation;     /* of the roster, at that time */
	bool all_known;          /* that list was fresh: no other record existed */
	bool settled;            /* the response was lost, or about another record */
	bool unproven;           /* the response does not show whether its record is new */
	bool stranger;           /* ...and it is not: nothing of it may be changed */
	char *name;              /* locked on all hosts meanwhile; NULL: there are no others */
	char *id;                /* of the new record, or NULL */
};

/* Return the account that the record is created in, borrowed. */
static inline struct account *creation_account(const struct creation *creation)
{
	return roster_account(creation->roster);
}

/* Keep RECORD (borrowed) as what was created. NULL is a no-op. */
void creation_keep(struct creation *creation, json_t *record);

/*
 * Publish the new record, as far as it is known, also while the vendor's reads lag or do not find
 * it.
 */
void creation_show(struct creation *creation);

/* Log each value that the vendor has made something else of. */
void creation_log_normalised(const struct creation *creation);

#endif
