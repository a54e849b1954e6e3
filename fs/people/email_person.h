/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_person.h - who a name in by-email is, by what is known of all rosters.
 */
#ifndef ROSTERFS_EMAIL_PERSON_H
#define ROSTERFS_EMAIL_PERSON_H

#include "fs/people/email_index.h"

/* What is known for QUERY and fresh, if it is told. NULL: no memory. */
struct email_index *email_person_peek(struct fs *fs, const struct email_query *query);

/*
 * Find the email that QUERY stands for, if anybody has it, and the spelling, where that matters:
 * people->email, people->spelling. 0, -ENOENT: nobody has it, email_index_failed's error: nobody of
 * those that can be read, or -ENOMEM.
 */
int email_person_choose(struct email_index *people, const struct email_query *query);

#endif
