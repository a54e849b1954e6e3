/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally.h - counts the users of a list and their statuses, for --check.
 *
 * For check.c alone; one thread. It keeps ids and no records. Nothing here waits.
 */
#ifndef ROSTERFS_TALLY_H
#define ROSTERFS_TALLY_H

#include "vendors/base/table.h"
#include "vendors/rest/list.h"

#include <stdbool.h>
#include <stddef.h>

#define TALLY_WORD_MAX 48

/* Read only outside of tally.c. */
struct tally {
	struct list_sink sink; /* for list_walk: first of the users, then maybe of the statuses */
	/* whose status_key a row's status has; NULL: rows have none, see tally_statuses */
	const struct collection *collection;
	bool of_statuses; /* the rows are statuses, of the users that were counted before */
	struct table ids;
	char *first;                /* id of the first user, or NULL */
	size_t count;               /* users */
	size_t active, inactive;    /* of these */
	size_t others;              /* with another status */
	size_t none;                /* without one */
	char other[TALLY_WORD_MAX]; /* one of the other statuses, cut to its room */
};

/* Begin. USERS: the collection, if the status is a field of its records, else NULL. */
void tally_init(struct tally *tally, const struct collection *users);

void tally_clear(struct tally *tally);

/* From now on the sink takes the records of STATUSES, each with the id of a user. */
void tally_statuses(struct tally *tally, const struct collection *statuses);

/* All statuses came: users without one have what STATUSES calls its absent_status. */
void tally_end(struct tally *tally);

/* Return whether a user with ID came. */
bool tally_has(const struct tally *tally, const char *id);

/* A sink that counts users who are not in TALLY (borrowed), and keeps nothing. */
struct strangers {
	struct list_sink sink;
	const struct tally *tally;
	size_t count;
};

void strangers_init(struct strangers *strangers, const struct tally *tally);

/* Return whether WORD is a status that rosterfs writes: active or inactive. */
bool tally_is_known(const char *word);

#endif
