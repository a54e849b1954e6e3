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

/*
 * Return the word (static) that TEXT (LENGTH bytes) is, with or without a newline, or NULL if a
 * .status does not take it.
 */
const char *status_word(const char *text, size_t length);

/*
 * Make WORD (from status_word) the status of record ID. A status is compared with the record that
 * the vendor has now, never with an older version, so it is never a conflict. STATUS_DELETED
 * deletes the user (delete_user.h). May wait. Returns 0 if the vendor has shown the status, or a
 * negative errno with a message in CALL, as update_document does; also -EOPNOTSUPP for a record
 * that has no status.
 */
int status_write(struct call *call, struct roster *roster, struct guard *guard, const char *id,
		 const char *word);

#endif
