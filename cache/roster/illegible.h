/* SPDX-License-Identifier: Apache-2.0 */
/*
 * illegible.h - rows whose email cannot be read.
 *
 * Private to cache/roster. A row that is not JSON may hide an email. These users are asked for by
 * id before anything is said about who has an email (fetch_email.h).
 */
#ifndef ROSTERFS_ILLEGIBLE_H
#define ROSTERFS_ILLEGIBLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct call;
struct record;
struct roster;

/*
 * Add RECORD's id to *IDS (NULL: none yet) if its row is not JSON and shows no email. Return 0 or
 * -ENOMEM.
 */
int illegible_add(json_t **ids, const struct record *record);

/*
 * Note that the newest list has the *IDS (or NULL) of such rows. They are moved, not shared,
 * because a json_t stays in one thread: *IDS is NULL afterwards, unless the roster has no use for
 * them.
 */
void illegible_listed_locked(struct roster *roster, json_t **ids);

/* Return true if some of them must be asked for before it is known who has EMAIL. */
bool illegible_due_locked(struct roster *roster, const char *email);

/*
 * Return the negative errno with which that failed less than FAILED_FOR seconds ago, with the
 * message in CALL, or 0.
 */
int illegible_error_locked(const struct roster *roster, double failed_for, struct call *call);

void illegible_free_locked(struct roster *roster);

#endif
