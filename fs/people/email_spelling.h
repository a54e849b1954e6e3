/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_spelling.h - who is listed in by-email, and who is apart by the spelling of their email.
 */
#ifndef ROSTERFS_EMAIL_SPELLING_H
#define ROSTERFS_EMAIL_SPELLING_H

#include "fs/people/email_index.h"

/* Is RECORD, whose email has the key of people->email, of that spelling, if it matters? */
bool email_spelling_shows(const struct email_index *people, const struct record *record);

/* The name of the directory of RECORD, which has that key too, into STEM. False: no memory. */
bool email_spelling_record_stem(const struct email_index *people, const struct record *record,
				char *stem);

/*
 * For email_person_choose, once people->email is chosen: whom of those with that key TYPED (NULL:
 * the plain name) means. 0 or -ENOMEM.
 */
int email_spelling_choose(struct email_index *people, const char *typed);

/* Collect the emails of all, each once, in order: people->emails, and people->apart. 0 or -ENOMEM.
 */
int email_spelling_list(struct email_index *people);

/* Those of number BRANCH whom the directory of people->email and people->spelling shows; *COUNT of
 * them. */
struct record *const *email_spelling_shown(const struct email_index *people, size_t branch,
					   size_t *count);

#endif
