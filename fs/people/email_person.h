/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_person.h - which person a name in by-email is, by what is known of all rosters.
 */
#ifndef ROSTERFS_EMAIL_PERSON_H
#define ROSTERFS_EMAIL_PERSON_H

#include "fs/people/email_index.h"

/* Return what is known for QUERY and fresh (see told), or NULL: no memory. */
struct email_index *email_person_peek(struct fs *fs, const struct email_query *query);

/*
 * Find the email that QUERY stands for and, where it matters, the spelling: people->email,
 * people->spelling. Return 0, -ENOENT: no user has it, email_index_failed's error: no user has it
 * at the vendors that can be read, or -ENOMEM.
 */
int email_person_choose(struct email_index *people, const struct email_query *query);

#endif
