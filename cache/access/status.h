/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h - write the status of a record.
 */
#ifndef ROSTERFS_STATUS_H
#define ROSTERFS_STATUS_H

#include <stddef.h>

struct call;
struct guard;
struct roster;

/* Is TEXT a word that a .status takes, with or without a newline? The word (static), or NULL. */
const char *status_word(const char *text, size_t length);

/*
 * Make the status of record ID be WORD (of status_word). As update_document; also -EOPNOTSUPP for a
 * record that has no status. Compared with the vendor's record, never with an older version. A user
 * to be deleted is delete_user's.
 */
int status_write(struct call *call, struct roster *roster, struct guard *guard, const char *id,
		 const char *word);

#endif
