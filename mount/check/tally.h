/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - count the users of a list and their statuses, for --check.
 *
 * For check.c only, in one thread. It keeps ids and no records. Nothing blocks but tally_walk.
 */
#ifndef ROSTERFS_TALLY_H
#define ROSTERFS_TALLY_H

#include "mount/check/values.h"
#include "vendors/base/progress.h"
#include "vendors/base/table.h"
#include "vendors/list/list.h"

#include <stdbool.h>
#include <stddef.h>

#define TALLY_WORD_MAX 48

/* Other files only read the fields. */
struct tally {
	struct list_sink sink; /* of the users, and then of the statuses, if any */
	/* its status_key names the status of a row; NULL: rows have none, see tally_statuses */
	const struct collection *collection;
	bool of_statuses; /* the rows are statuses of users that were counted before */
	struct table ids;
	char *first;                /* id of the first user, or NULL */
	size_t count;               /* users */
	size_t emails;              /* users with an email, if COLLECTION names them */
	size_t active, inactive;    /* users with this status */
	size_t others;              /* users with another status */
	size_t none;                /* users without a status */
	char other[TALLY_WORD_MAX]; /* one of the other statuses, truncated */
	unsigned pages;             /* of the list of users, those with rows */
	size_t rows;                /* that had come when the last page was counted */
	struct progress progress;   /* of the walk under way */
	struct values values;       /* of the status field, if the table has rules for it */
};

/* Initialize TALLY. USERS: the collection if the status is a field of its records, else NULL. Pair
 * with tally_clear. */
void tally_init(struct tally *tally, const struct collection *users);

void tally_clear(struct tally *tally);

/*
 * Walk COLLECTION of ACCOUNT into TALLY, and tell the progress. May wait. Returns as list_walk.
 */
int tally_walk(struct tally *tally, struct call *call, struct account *account,
	       const struct collection *collection);

/* Let the sink take records of STATUSES from now on, each with the id of a user. */
void tally_statuses(struct tally *tally, const struct collection *statuses);

/* Count the absent_status of STATUSES for users without one, after all statuses have come. */
void tally_end(struct tally *tally);

/* Return true if a user with ID has come. */
bool tally_has(const struct tally *tally, const char *id);

/* A sink that counts the users that are not in TALLY (borrowed), and keeps nothing. */
struct tally_strangers {
	struct list_sink sink;
	const struct tally *tally;
	size_t count;
};

void tally_strangers_init(struct tally_strangers *strangers, const struct tally *tally);

/* Return true if WORD is a status that rosterfs writes: active or inactive. */
bool tally_is_known(const char *word);

#endif
