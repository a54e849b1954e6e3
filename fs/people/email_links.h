/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_links.h - which links there are in by-email: in a person's directory those to each vendor's
 * record, status and MANUAL, and in a vendor's own by-email those to its records. Nothing here
 * waits.
 */
#ifndef ROSTERFS_EMAIL_LINKS_H
#define ROSTERFS_EMAIL_LINKS_H

#include "fs/people/email_index.h"

/* A link in by-email. */
struct email_links_link {
	char name[PATH_NAME_MAX + 1];
	const struct branch *branch; /* where it leads */
	const struct record *record; /* borrowed from people; NULL: branch can't be read */
	const char *suffix;          /* of the record's file: ".json" */
};

/*
 * Store number INDEX of the links to records in the directory of people->email, vendor by vendor,
 * in *LINK. A vendor that can't be read has the two links that it would have if it knew one such
 * person. Return false if there are no more.
 */
bool email_links_link(const struct email_index *people, size_t index,
		      struct email_links_link *link);

/* As email_links_link, for BRANCH's own by-email. */
bool email_links_own_link(const struct email_index *people, const struct branch *branch,
			  size_t index, struct email_links_link *link);

/* Write the stem of the links to RECORD of BRANCH, one of COUNT that the directory shows of it, to
 * STEM (PATH_STEM_MAX + 1 bytes): "partnerize", or "partnerize~7". */
void email_links_stem(struct fs *fs, const struct branch *branch, const struct record *record,
		      size_t count, char *stem);

/*
 * Find the link NAME to a record in the directory that QUERY is about. *LINK borrows from PEOPLE.
 * Return 0, -ENOENT: there is none of that name, the errno of the vendor that could tell but can't
 * be read, or -ENOMEM.
 */
int email_links_find(struct email_index *people, const struct email_query *query, const char *name,
		     struct email_links_link *link);

/* Write where LINK, which has a record, leads from the directory NODE, or from a link NODE in it,
 * to TARGET (NODE_PATH_MAX bytes). */
void email_links_target(const struct email_links_link *link, const struct node *node, char *target);

/* Return true if NAME could be the name of a link to a record in a person's directory. */
bool email_links_may_link(const struct fs *fs, const char *name);

/* Return true if NAME is the name of the link to a branch's MANUAL there. */
bool email_links_is_manual(struct fs *fs, const char *name);

/* Write number INDEX of these names to NAME (PATH_NAME_MAX + 1 bytes). Return false if there are no
 * more. */
bool email_links_manual(const struct fs *fs, size_t index, char *name);

#endif
