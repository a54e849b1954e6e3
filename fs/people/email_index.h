/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_index.h - who has which email: the names in by-email, and the records behind them.
 *
 * A name in by-email stands for an email, a directory there for a person: whoever has that email,
 * in any spelling (address.h), at each vendor. But where one vendor stores several spellings that
 * differ in more than blanks at the ends and capitals, each of them is a person of its own: its
 * directory has the records of that spelling, and all records of vendors that store one spelling
 * only. One spelling, the plainest, has the plain name, the others are named by their spelling,
 * with %XX for what is not ASCII. Which records these are is looked up each time, since a refresh
 * may move a person to another record. Nothing here waits for a vendor, and nothing answers the
 * kernel.
 */
#ifndef ROSTERFS_EMAIL_INDEX_H
#define ROSTERFS_EMAIL_INDEX_H

#include "fs/people/email_query.h"
#include "cache/record/snapshot.h"
#include "fs/tree/node.h"
#include "fs/tree/path.h"

struct call;
struct record;
struct snapshot;

/* ---- what is known ---- */

/* What is known of a mount without any API changes never; of others their rosters say. */
#define EMAIL_INDEX_SECONDS_MAX 3600.0

/* Of one branch. */
struct email_index_known {
	struct snapshot
	    *snapshot;       /* the whole roster, or only who has the email; NULL: not asked */
	uint64_t generation; /* of the roster */
	int error;           /* for a person: the negative errno for which it can't be read */
	char *words;         /* of that, owned; NULL: none */
};

struct email_index {
	struct fs *fs;
	bool told;           /* it is all there is to know, or why it can't be known */
	double seconds;      /* that all of it stays fresh; 0 with an error */
	const char **emails; /* email_spelling_list's: keys */
	size_t count;        /* of these */
	const struct record *
	    *apart;         /* email_spelling_list's: who has a directory by their spelling */
	size_t apart_count; /* of these */
	char *email;        /* email_person_choose's: the key */
	char *spelling;     /* of whom it is; NULL: nobody with that key is apart */
	char *similar;      /* similar_look's */
	struct email_index_known known[]; /* by branch */
};

/* Nothing known yet. NULL: no memory. */
struct email_index *email_index_new(struct fs *fs);
void email_index_free(struct email_index *people); /* NULL is fine */

/* The vendor of KNOWN can't be read: ERROR (negative), which is said in CALL. */
void email_index_fail(struct email_index_known *known, int error, const struct call *call);

/* The first of PEOPLE that can't be read, or NULL: there is none. */
const struct email_index_known *email_index_failed(const struct email_index *people);

/* Does QUERY concern BRANCH: has it an API, and is it asked? */
bool email_index_concerns(const struct email_query *query, const struct branch *branch);

/* The seconds for which PEOPLE, of whole rosters, still shows all there is to know; 0: it does not.
 */
double email_index_left(const struct email_index *people);

/* A number that tells PEOPLE, of whole rosters, from what was known before; never 0. */
uint64_t email_index_version(const struct email_index *people);

/* When the oldest of it was fetched. */
struct timespec email_index_fetched(const struct email_index *people);

/* The same for QUERY, of whole rosters, as they are now; *SECONDS that this stays fresh. */
struct timespec email_index_time(struct fs *fs, const struct email_query *query, double *seconds);

/* Make the indexes that the rest needs; once made they stay. 0 or -ENOMEM. */
int email_index_index(const struct email_index *people);

/* Those whose email has KEY by KNOWN, whose index has been made; *COUNT of them. */
struct record *const *email_index_with(const struct email_index_known *known, const char *key,
				       size_t *count);

#endif
