/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gone.h - records that were known and are no longer listed.
 *
 * A record that the newest list lacks may still exist at the vendor. It is remembered, so that it
 * is asked for by id when a process looks for its email. Nothing here waits.
 */
#ifndef ROSTERFS_GONE_H
#define ROSTERFS_GONE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct record;
struct roster;
struct snapshot;

/* Return true if the newest list, which is fresh, lacks ID, and nothing else is known of ID. */
bool gone_never_listed(struct roster *roster, const char *id);

/*
 * Return true if a record ID was known when AT was the roster's generation and OLD (NULL: none) its
 * snapshot. What was learnt since does not count.
 */
bool gone_knew(struct roster *roster, const struct snapshot *old, const char *id, uint64_t at);

/* ---- private to cache/roster ---- */

/*
 * Return true if some that had EMAIL must be asked for by id, because they were not since the list
 * lacks them.
 */
bool gone_due_locked(struct roster *roster, const char *email);

/* Return their ids, a new array. NULL: no memory. Takes the lock. */
json_t *gone_find_due(struct roster *roster, const char *email);

/* Remember RECORD, which was known and which the newest list lacks. */
void gone_lacks_locked(struct roster *roster, const struct record *record);

/* Forget those that NEW, the newest list, has. */
void gone_listed_locked(struct roster *roster, const struct snapshot *new);

/*
 * Note that the absence of ID, as the overlay has it, is proven: by its GET and by the list.
 * Without the lock.
 */
void gone_prove(struct roster *roster, const char *id);

void gone_free_locked(struct roster *roster);

/* Remember RECORD, which was known, if NEW, which is installed, lacks it. Without the lock. */
void gone_note_lack(struct roster *roster, const struct record *record, const struct snapshot *new);

/* As gone_note_lack, for all of OLD (or NULL). It takes as long as the roster is large. */
void gone_note_lacks(struct roster *roster, const struct snapshot *old, const struct snapshot *new);

#endif
