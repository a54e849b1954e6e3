/* SPDX-License-Identifier: Apache-2.0 */
/*
 * skeleton.h - emails that a reader takes for one another: what is left without what is overlooked.
 *
 * Other people's emails with one skeleton are shown to whoever looks at a person (SIMILAR.MANUAL).
 * Nothing is done to them on that account: a skeleton tells that somebody should look, not who it
 * is. Pure functions that never block and need no lock.
 */
#ifndef ROSTERFS_SKELETON_H
#define ROSTERFS_SKELETON_H

#include <stddef.h>
#include <stdint.h>

/* What a reader overlooks. */
enum skeleton_step {
	/* a display name, brackets or quotes around the email, smtp: before it, a comma, a
	 * semicolon or ?subject=x behind it */
	SKELETON_NAME = 1,
	SKELETON_TAG = 2,      /* what follows a + in the name */
	SKELETON_DOTS = 4,     /* dots in the name */
	SKELETON_BLANKS = 8,   /* blanks and control characters */
	SKELETON_LETTERS = 16, /* a letter that looks like another, or has a mark on it */
	SKELETON_SIGNS = 32    /* in the domain a comma for a dot, or two dots; two @ */
};

#define SKELETON_ALL 63u

/*
 * KEY (of an email, address.h; in any case of its ASCII letters) without what the STEPS are about.
 * The caller frees; NULL: no memory.
 */
char *skeleton_make(const char *key, unsigned steps);

/*
 * A hash of the skeleton of KEY with all steps. Where the key is plain ASCII, nothing is allocated.
 * 0: no memory, or by chance.
 */
uint32_t skeleton_hash(const char *key);

/*
 * The steps that it takes to make one skeleton of the keys A and B, which differ: without any of
 * them, there are two. 0: they have two with all steps, or no memory.
 */
unsigned skeleton_compare(const char *a, const char *b);

/* A step in words: "a plus-tag". */
const char *skeleton_words(enum skeleton_step step);

#endif
