/*
 * person.h - the links in by-email: in a person's directory those to each vendor's record, status
 * and MANUAL, in a vendor's own by-email those to its records. Nothing here waits.
 */
#ifndef ROSTERFS_PERSON_H
#define ROSTERFS_PERSON_H

#include "fs/people.h"

/* A link in by-email. */
struct person_link {
	char name[PATH_NAME_MAX + 1];
	const struct branch *branch; /* where it leads */
	const struct record *record; /* borrowed from people; NULL: branch can't be read */
	const char *suffix;          /* of the record's file: ".json" */
};

/*
 * Number INDEX of the links to records in the directory of people->email, vendor by vendor; of one
 * that can't be read the two that it would have if it knew one such person. False: there are no
 * more.
 */
bool person_link(const struct people *people, size_t index, struct person_link *link);

/* The same for BRANCH's own by-email. */
bool person_own_link(const struct people *people, const struct branch *branch, size_t index,
		     struct person_link *link);

/*
 * Write the stem of the links to RECORD of BRANCH, one of COUNT that the directory shows of it,
 * into STEM (PATH_STEM_MAX + 1 bytes): "partnerize", or "partnerize~7".
 */
void person_stem(struct fs *fs, const struct branch *branch, const struct record *record,
		 size_t count, char *stem);

/*
 * Find the link to a record that is called NAME in the directory that QUERY is about. 0, or
 * -ENOENT: there is none of its name, the errno of the vendor that could tell but can't be read, or
 * -ENOMEM. What it borrows is PEOPLE's.
 */
int person_find(struct people *people, const struct people_query *query, const char *name,
		struct person_link *link);

/* Where LINK, which has a record, leads from NODE, into TARGET (NODE_PATH_MAX bytes). */
void person_target(const struct person_link *link, const struct node *node, char *target);

/* Could NAME be the name of a link to somebody's record in a person's directory? */
bool person_may_link(const struct fs *fs, const char *name);

/* Is NAME the name of the link to a branch's MANUAL there? */
bool person_is_manual(struct fs *fs, const char *name);

/* Number INDEX of these names, into NAME (PATH_NAME_MAX + 1 bytes). False: there are no more. */
bool person_manual(const struct fs *fs, size_t index, char *name);

#endif
