/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_spelling.h - which people are listed in by-email, and which of them have a directory of
 * their own by the spelling of their email.
 */
#ifndef ROSTERFS_EMAIL_SPELLING_H
#define ROSTERFS_EMAIL_SPELLING_H

#include "fs/people/email_index.h"

/* Return true if the directory that PEOPLE has chosen shows RECORD, whose email has the key of
 * people->email: the spelling matches, or does not matter. */
bool email_spelling_shows(const struct email_index *people, const struct record *record);

/* Write the name of the directory of RECORD, which has that key too, to STEM. Return false without
 * memory. */
bool email_spelling_record_stem(const struct email_index *people, const struct record *record,
				char *stem);

/* Choose people->spelling, after people->email: that which TYPED (NULL: the plain name) means.
 * Return 0 or -ENOMEM. */
int email_spelling_choose(struct email_index *people, const char *typed);

/* Collect the emails of all, each once, in order: people->emails, and people->apart. Return 0 or
 * -ENOMEM. */
int email_spelling_list(struct email_index *people);

/* Return the records of branch number BRANCH that the directory of people->email and
 * people->spelling shows, and how many they are in *COUNT. */
struct record *const *email_spelling_shown(const struct email_index *people, size_t branch,
					   size_t *count);

/* ---- the records with one key at one vendor ---- */

/* Return true if the COUNT records WITH spell the key in several ways: each is a person then. */
bool email_spelling_is_split(struct record *const *with, size_t count);

/* Return the first of *COUNT records WITH the key that is spelled as SPELLING, and how many such
 * there are in *COUNT. */
struct record *const *email_spelling_with(struct record *const *with, size_t *count,
					  const char *spelling);

/* Return the spelling of those with KEY whose directory has the plain name; the caller frees it.
 * NULL: no memory. */
char *email_spelling_main(const struct email_index *people, const char *key);

#endif
