/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_query.h - what a name in by-email asks for: about whom, and of which vendors.
 */
#ifndef ROSTERFS_EMAIL_QUERY_H
#define ROSTERFS_EMAIL_QUERY_H

#include "fs/tree/node.h"
#include "fs/tree/path.h"

/* Bytes for the key of any email whose name was not cut. */
#define EMAIL_KEY_MAX (4 * PATH_STEM_MAX + 1)

struct email_query {
	struct branch *branch; /* only what this branch knows; NULL: all branches */
	bool whole;            /* only whole rosters can tell */
	bool exact;            /* the name is the plain one that is listed */
	/* about one person, at all vendors: a vendor that can't be read is left out */
	bool person;
	double failed_for; /* seconds: an older failure of a vendor does not count for that */
	char name[PATH_STEM_MAX + 1]; /* as it was typed, without .json */
	char email[EMAIL_KEY_MAX];    /* its key; unset if whole */
};

/* Each of these fills QUERY. A function that returns bool returns false if nothing can have that
 * name. */

/* All people: of BRANCH, or of all vendors if that is NULL. */
void email_query_whole(struct branch *branch, struct email_query *query);

/* The person whose directory in by-email is called the first LENGTH bytes of NAME. */
bool email_query_person(const char *name, size_t length, struct email_query *query);

/* The person in whose directory NODE stands. */
bool email_query_in_person(const struct node *node, struct email_query *query);

/* The records that NAME, in BRANCH's own by-email, may lead to. */
bool email_query_own(struct branch *branch, const char *name, struct email_query *query);

#endif
