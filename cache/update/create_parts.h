/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_parts.h - private to create.c, which makes a record of a document, to create_whose.c,
 * which finds out whether a record is the one that was made, and to create_rest.c, which sets what
 * the POST has left out.
 *
 * A creation belongs to the thread that made it.
 */
#ifndef ROSTERFS_CREATE_PARTS_H
#define ROSTERFS_CREATE_PARTS_H

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

/* ---- create_whose.c ---- */

/*
 * Is RECORD (borrowed), which the vendor shows as ID, one that the POST can have made? 0; -EEXIST,
 * and words: it was there before, and has the email that was wanted; or -EREMOTEIO, and words: it
 * is another one. Never waits.
 */
int creation_check(struct creation *creation, const char *id, const json_t *record);

/* Does RECORD leave open whether it is new, so that creation_check must see what a GET shows? */
bool creation_unproven(const struct creation *creation, const json_t *record);

/*
 * The answer to the POST was lost, or is about another record: errno and words are in the call. Did
 * it take? 0 and the id and the record in CREATION, or the negative errno. May wait.
 */
int creation_settle(struct creation *creation);

/* ---- create_rest.c ---- */

/* Keep RECORD (borrowed; NULL: nothing new is known) as what has been made. */
void creation_keep(struct creation *creation, json_t *record);

/*
 * Readers see the record from now on, as far as it is known, also while the vendor's reads lag, or
 * do not know it at all. Never waits.
 */
void creation_show(struct creation *creation);

/*
 * The record is there: GET what the answer has not shown, PUT what the POST has left out, and check
 * that what is given only once was taken. 0, or a negative errno with words in the call; with
 * `stranger` set, the record is another one, and was left alone. May wait.
 */
int creation_set_rest(struct creation *creation);

/* Say in the log what the vendor wrote in another way. */
void creation_log_normalised(const struct creation *creation);

#endif
