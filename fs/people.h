/*
 * people.h - who has which email: the names in by-email, and the records behind them.
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
#ifndef ROSTERFS_PEOPLE_H
#define ROSTERFS_PEOPLE_H

#include "fs/node.h"
#include "fs/path.h"

struct call;
struct record;
struct snapshot;

/* ---- what a name asks for ---- */

/* Enough for the key of an email that has a name which was not cut. */
#define PEOPLE_KEY_MAX (4 * PATH_STEM_MAX + 1)

struct people_query {
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
bool people_ask(const struct node *node, struct people_query *query);
bool people_ask_name(const struct node *directory, const char *name, struct people_query *query);

/* ---- what is known ---- */

/* Of one branch. */
struct people_known {
	struct snapshot
	    *snapshot;       /* the whole roster, or only who has the email; NULL: not asked */
	uint64_t generation; /* of the roster */
	int error;           /* for a person: the negative errno for which it can't be read */
	char *words;         /* of that, owned; NULL: none */
};

struct people {
	struct fs *fs;
	bool told;                   /* it is all there is to know, or why it can't be known */
	double seconds;              /* that all of it stays fresh; 0 with an error */
	const char **emails;         /* people_list's: keys */
	size_t count;                /* of these */
	const struct record **apart; /* people_list's: who has a directory by their spelling */
	size_t apart_count;          /* of these */
	char *email;                 /* people_choose's: the key */
	char *spelling;              /* of whom it is; NULL: nobody with that key is apart */
	char *similar;               /* similar_look's */
	struct people_known known[]; /* by branch */
};

/* Nothing known yet. NULL: no memory. */
struct people *people_new(struct fs *fs);
void people_free(struct people *people); /* NULL is fine */

/* What is known for QUERY and fresh, if it is told. NULL: no memory. */
struct people *people_peek(struct fs *fs, const struct people_query *query);

/* The vendor of KNOWN can't be read: ERROR (negative), which is said in CALL. */
void people_fail(struct people_known *known, int error, const struct call *call);

/* The first of PEOPLE that can't be read, or NULL: there is none. */
const struct people_known *people_failed(const struct people *people);

/* Does QUERY concern BRANCH: has it an API, and is it asked? */
bool people_concerns(const struct people_query *query, const struct branch *branch);

/* The seconds for which PEOPLE, of whole rosters, still shows all there is to know; 0: it does not.
 */
double people_left(const struct people *people);

/* A number that tells PEOPLE, of whole rosters, from what was known before; never 0. */
uint64_t people_version(const struct people *people);

/* When the oldest of it was fetched. */
struct timespec people_fetched(const struct people *people);

/* The same for what DIRECTORY, which is no person's, shows now; *SECONDS that this stays fresh. */
struct timespec people_time(struct fs *fs, const struct node *directory, double *seconds);

/* ---- who it is ---- */

/*
 * Find the email that QUERY stands for, if anybody has it, and the spelling, where that matters:
 * people->email, people->spelling. 0, -ENOENT: nobody has it, people_failed's error: nobody of
 * those that can be read, or -ENOMEM.
 */
int people_choose(struct people *people, const struct people_query *query);

/* Is RECORD, whose email has the key of people->email, of that spelling, if it matters? */
bool people_shows(const struct people *people, const struct record *record);

/* The name of the directory of RECORD, which has that key too, into STEM. False: no memory. */
bool people_record_stem(const struct people *people, const struct record *record, char *stem);

/*
 * For people_choose, once people->email is chosen: whom of those with that key TYPED (NULL: the
 * plain name) means. 0 or -ENOMEM.
 */
int people_choose_spelling(struct people *people, const char *typed);

/* Collect the emails of all, each once, in order: people->emails, and people->apart. 0 or -ENOMEM.
 */
int people_list(struct people *people);

/* The plain name of a directory of those with KEY (in any case of its ASCII letters), into STEM
 * (PATH_STEM_MAX + 1 bytes). False: no memory. */
bool people_stem(const char *key, char *stem);

/* The name of the directory of those who spell their email as RECORD does, if it is not the plain
 * one. False: no memory. */
bool people_apart_stem(const struct record *record, char *stem);

/* Give STEM the case that such a name has: letters are small, the digits of %XX large. */
void people_fold(char *stem);

/* Make the indexes that the rest needs; once made they stay. 0 or -ENOMEM. */
int people_index(const struct people *people);

/* Those whose email has KEY by KNOWN, whose index has been made; *COUNT of them. */
struct record *const *people_with(const struct people_known *known, const char *key, size_t *count);

/* Those of number BRANCH whom the directory of people->email and people->spelling shows; *COUNT of
 * them. */
struct record *const *people_shown(const struct people *people, size_t branch, size_t *count);

#endif
