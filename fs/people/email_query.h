/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_query.h - what a name in by-email asks for: of whom, and of which vendors.
 */
#ifndef ROSTERFS_EMAIL_QUERY_H
#define ROSTERFS_EMAIL_QUERY_H

#include "fs/tree/node.h"
#include "fs/tree/path.h"

/* Enough for the key of an email that has a name which was not cut. */
#define EMAIL_KEY_MAX (4 * PATH_STEM_MAX + 1)

struct email_query {
	struct branch *branch; /* only what it knows; NULL: all of them */
	bool whole;            /* only whole rosters can tell */
	bool exact;            /* the name is the plain one that is listed */
	/* about one person, at all vendors: one that can't be read is left out of it */
	bool person;
	double failed_for; /* how old a vendor's failure may be to count for that, seconds */
	char name[PATH_STEM_MAX + 1]; /* as it was typed, without .json */
	char email[EMAIL_KEY_MAX];    /* its key; not if whole */
};

/*
 * What NODE asks for: by-email itself, a person's directory, a link to a record in either by-email.
 * And what NAME in such a DIRECTORY asks for. False: nothing can be called so.
 */
bool email_query_ask(const struct node *node, struct email_query *query);
bool email_query_ask_name(const struct node *directory, const char *name,
			  struct email_query *query);

#endif
