/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skeleton.h - emails that a reader confuses: what remains of an email without the details that a
 * reader overlooks.
 *
 * Emails of other people with the same skeleton are shown with a person (SIMILAR.MANUAL). Nothing
 * is done to them: a skeleton says that a human should look, not who the person is. Pure functions
 * that never block and need no lock.
 */
#ifndef ROSTERFS_SKELETON_H
#define ROSTERFS_SKELETON_H

#include <stddef.h>
#include <stdint.h>

/* What a reader overlooks. */
enum skeleton_step {
	/* a display name, brackets or quotes around the email, smtp: before it, a comma, a
	 * semicolon or ?subject=x after it */
	SKELETON_NAME = 1,
	SKELETON_TAG = 2,      /* a + in the name, and what follows it */
	SKELETON_DOTS = 4,     /* dots in the name */
	SKELETON_BLANKS = 8,   /* blanks and control characters */
	SKELETON_LETTERS = 16, /* a letter that looks like another, or has a mark on it */
	SKELETON_SIGNS = 32    /* in the domain a comma for a dot, or two dots; two @ */
};

#define SKELETON_ALL 63u

/*
 * Return KEY (address_key of an email, in any case of its ASCII letters) without what the STEPS
 * name. The caller frees it. NULL: no memory.
 */
char *skeleton_make(const char *key, unsigned steps);

/*
 * Return a hash of the skeleton of KEY with all steps. Allocates nothing if the key is plain ASCII.
 * 0: no memory, or by chance.
 */
uint32_t skeleton_hash(const char *key);

/*
 * Return the fewest steps with which the keys A and B, which differ, have the same skeleton. 0:
 * they differ even with all steps, or no memory.
 */
unsigned skeleton_compare(const char *a, const char *b);

/* Return STEP in words, a static string: "a plus-tag". */
const char *skeleton_words(enum skeleton_step step);

#endif
