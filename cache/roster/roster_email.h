/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster_email.h - those that have an email, or one that a reader takes for it, as far as a roster
 * knows.
 */
#ifndef ROSTERFS_ROSTER_EMAIL_H
#define ROSTERFS_ROSTER_EMAIL_H

#include <stdbool.h>

struct roster;
struct snapshot;

/*
 * Return those that have EMAIL, in any spelling (address.h), if that is fresh for *SECONDS more: a
 * snapshot of them alone, a new reference. NULL: a vendor must be asked, or no memory. Never waits;
 * the first call for a snapshot takes a while.
 */
struct snapshot *roster_email_peek(struct roster *roster, const char *email, double *seconds);

/*
 * Return those whose emails a reader takes for the one with KEY (address.h, skeleton.h), without
 * those with KEY: a snapshot of them alone, a new reference, by what is known now, fresh or not.
 * NULL: no memory. *KNOWN tells whether that is a whole roster, *MORE whether there are more than
 * the snapshot has. Never waits; the first call for a snapshot takes a while.
 */
struct snapshot *roster_email_similar(struct roster *roster, const char *key, bool *known,
				      bool *more);

/* ---- private to cache/roster ---- */

/* As roster_email_peek. NULL with *SECONDS greater than 0: no memory. */
struct snapshot *roster_email_fresh_locked(struct roster *roster, const char *email,
					   double *seconds);

/*
 * Return true if some that had EMAIL and are no longer listed, or whose row is illegible, must be
 * asked for by id.
 */
bool roster_email_due_locked(struct roster *roster, const char *email);

#endif
