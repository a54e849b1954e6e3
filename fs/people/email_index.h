/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_index.h - who has which email: what is known of the rosters, for the names in by-email.
 *
 * A name in by-email stands for an email, and a directory there for a person: the users with that
 * email, in any spelling (address.h), at each vendor. But if one vendor stores several spellings
 * that differ in more than case and surrounding blanks, each of them is a person of its own: its
 * directory has the records of that spelling, and all records of vendors that store only one
 * spelling. One spelling, the plainest, has the plain name; the others are named by their spelling,
 * with %XX for what is not ASCII. Which records these are is looked up each time, because a refresh
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

/* Seconds for which what is known stays fresh if no roster limits it. */
#define EMAIL_INDEX_SECONDS_MAX 3600.0

/* What is known of one branch. */
struct email_index_known {
	struct snapshot
	    *snapshot;       /* the whole roster, or only those with the email; NULL: not asked */
	uint64_t generation; /* of the roster */
	int error;   /* for a person: the negative errno with which it can't be read; 0: none */
	char *words; /* the message of that, owned; NULL: none */
};

struct email_index {
	struct fs *fs;
	bool told;           /* it is all there is to know, or the reason why it can't be known */
	double seconds;      /* for which all of it stays fresh; 0 with an error */
	const char **emails; /* email_spelling_list's: keys */
	size_t count;        /* of these */
	const struct record *
	    *apart;         /* email_spelling_list's: those with a directory of their spelling */
	size_t apart_count; /* of these */
	char *email;        /* email_person_choose's: the key */
	char *spelling;     /* that the directory is about; NULL: no user with that key is apart */
	char *similar;      /* similar_look's */
	struct email_index_known known[]; /* by branch */
};

/* Return an index that knows nothing yet, or NULL: no memory. */
struct email_index *email_index_new(struct fs *fs);
void email_index_free(struct email_index *people); /* NULL is fine */

/* Note that the vendor of KNOWN can't be read: ERROR (negative), with its message in CALL. */
void email_index_fail(struct email_index_known *known, int error, const struct call *call);

/* Return the first of PEOPLE that can't be read, or NULL: there is none. */
const struct email_index_known *email_index_failed(const struct email_index *people);

/* Return true if QUERY concerns BRANCH: it has an API, and is asked. */
bool email_index_concerns(const struct email_query *query, const struct branch *branch);

/* Return the seconds for which PEOPLE, of whole rosters, still shows all there is to know; 0: it
 * does not. */
double email_index_left(const struct email_index *people);

/* Return a number that tells PEOPLE, of whole rosters, from what was known before; never 0. */
uint64_t email_index_version(const struct email_index *people);

/* Return the time at which the oldest of it was fetched. */
struct timespec email_index_fetched(const struct email_index *people);

/* As email_index_fetched, for QUERY, of whole rosters, as they are now, and the seconds that this
 * stays fresh in *SECONDS. */
struct timespec email_index_time(struct fs *fs, const struct email_query *query, double *seconds);

/* Make the indexes that the functions below need; once made, they stay. Return 0 or -ENOMEM. */
int email_index_index(const struct email_index *people);

/* Return the records of KNOWN, whose index has been made, whose email has KEY, and how many they
 * are in *COUNT. */
struct record *const *email_index_with(const struct email_index_known *known, const char *key,
				       size_t *count);

#endif
