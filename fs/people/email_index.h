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

#include "cache/record/snapshot.h"
#include "fs/tree/node.h"
#include "fs/tree/path.h"

struct call;
struct record;
struct snapshot;

/* ---- what a name asks for ---- */

/* Enough for the key of an email that has a name which was not cut. */
#define PEOPLE_KEY_MAX (4 * PATH_STEM_MAX + 1)

struct email_index_query {
	struct branch *branch; /* only what it knows; NULL: all of them */
	bool whole;            /* only whole rosters can tell */
	bool exact;            /* the name is the plain one that is listed */
	/* about one person, at all vendors: one that can't be read is left out of it */
	bool person;
	double failed_for; /* how old a vendor's failure may be to count for that, seconds */
	char name[PATH_STEM_MAX + 1]; /* as it was typed, without .json */
	char email[PEOPLE_KEY_MAX];   /* its key; not if whole */
};

/*
 * What NODE asks for: by-email itself, a person's directory, a link to a record in either by-email.
 * And what NAME in such a DIRECTORY asks for. False: nothing can be called so.
 */
bool email_index_ask(const struct node *node, struct email_index_query *query);
bool email_index_ask_name(const struct node *directory, const char *name,
			  struct email_index_query *query);

/* ---- what is known ---- */

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
	bool told;                   /* it is all there is to know, or why it can't be known */
	double seconds;              /* that all of it stays fresh; 0 with an error */
	const char **emails;         /* email_index_list's: keys */
	size_t count;                /* of these */
	const struct record **apart; /* email_index_list's: who has a directory by their spelling */
	size_t apart_count;          /* of these */
	char *email;                 /* email_index_choose's: the key */
	char *spelling;              /* of whom it is; NULL: nobody with that key is apart */
	char *similar;               /* similar_look's */
	struct email_index_known known[]; /* by branch */
};

/* Nothing known yet. NULL: no memory. */
struct email_index *email_index_new(struct fs *fs);
void email_index_free(struct email_index *people); /* NULL is fine */

/* What is known for QUERY and fresh, if it is told. NULL: no memory. */
struct email_index *email_index_peek(struct fs *fs, const struct email_index_query *query);

/* The vendor of KNOWN can't be read: ERROR (negative), which is said in CALL. */
void email_index_fail(struct email_index_known *known, int error, const struct call *call);

/* The first of PEOPLE that can't be read, or NULL: there is none. */
const struct email_index_known *email_index_failed(const struct email_index *people);

/* Does QUERY concern BRANCH: has it an API, and is it asked? */
bool email_index_concerns(const struct email_index_query *query, const struct branch *branch);

/* The seconds for which PEOPLE, of whole rosters, still shows all there is to know; 0: it does not.
 */
double email_index_left(const struct email_index *people);

/* A number that tells PEOPLE, of whole rosters, from what was known before; never 0. */
uint64_t email_index_version(const struct email_index *people);

/* When the oldest of it was fetched. */
struct timespec email_index_fetched(const struct email_index *people);

/* The same for what DIRECTORY, which is no person's, shows now; *SECONDS that this stays fresh. */
struct timespec email_index_time(struct fs *fs, const struct node *directory, double *seconds);

/* ---- who it is ---- */

/*
 * Find the email that QUERY stands for, if anybody has it, and the spelling, where that matters:
 * people->email, people->spelling. 0, -ENOENT: nobody has it, email_index_failed's error: nobody of
 * those that can be read, or -ENOMEM.
 */
int email_index_choose(struct email_index *people, const struct email_index_query *query);

/* Is RECORD, whose email has the key of people->email, of that spelling, if it matters? */
bool email_index_shows(const struct email_index *people, const struct record *record);

/* The name of the directory of RECORD, which has that key too, into STEM. False: no memory. */
bool email_index_record_stem(const struct email_index *people, const struct record *record,
			     char *stem);

/*
 * For email_index_choose, once people->email is chosen: whom of those with that key TYPED (NULL:
 * the plain name) means. 0 or -ENOMEM.
 */
int email_index_choose_spelling(struct email_index *people, const char *typed);

/* Collect the emails of all, each once, in order: people->emails, and people->apart. 0 or -ENOMEM.
 */
int email_index_list(struct email_index *people);

/* The plain name of a directory of those with KEY (in any case of its ASCII letters), into STEM
 * (PATH_STEM_MAX + 1 bytes). False: no memory. */
bool email_index_stem(const char *key, char *stem);

/* The name of the directory of those who spell their email as RECORD does, if it is not the plain
 * one. False: no memory. */
bool email_index_apart_stem(const struct record *record, char *stem);

/* Give STEM the case that such a name has: letters are small, the digits of %XX large. */
void email_index_fold(char *stem);

/* Make the indexes that the rest needs; once made they stay. 0 or -ENOMEM. */
int email_index_index(const struct email_index *people);

/* Those whose email has KEY by KNOWN, whose index has been made; *COUNT of them. */
struct record *const *email_index_with(const struct email_index_known *known, const char *key,
				       size_t *count);

/* Those of number BRANCH whom the directory of people->email and people->spelling shows; *COUNT of
 * them. */
struct record *const *email_index_shown(const struct email_index *people, size_t branch,
					size_t *count);

#endif
