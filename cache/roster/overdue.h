/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overdue.h - when a roster counts as unreadable: a fetch that failed or takes too long.
 */
#ifndef ROSTERFS_OVERDUE_H
#define ROSTERFS_OVERDUE_H

#include <stdbool.h>

struct call;
struct failure;
struct flight;
struct roster;

/*
 * Return a negative errno, with the message in CALL, if ROSTER counts as unreadable, else 0. It
 * counts as unreadable in these cases:
 * - What is known is not fresh, and a fetch failed less than FAILED_FOR seconds ago, or the fetch
 *   under way takes longer than 5 s.
 * - Rows have emails that could not be read, not even by GETs by id, less than FAILED_FOR seconds
 *   ago.
 * - EMAIL is not NULL, and the first case holds for those that had EMAIL and are no longer listed.
 * Never waits. EMAIL must be spelled as it was in WAIT_EMAIL.
 */
int overdue_unreadable(struct roster *roster, const char *email, double failed_for,
		       struct call *call);

/* ---- private to cache/roster ---- */

/* Protected by the roster's lock. */
struct overdue {
	struct failure *whole;  /* of the last whole fetch; NULL: it succeeded, or there was none */
	struct failure *emails; /* hash table of the last fetches for emails */
	bool watching;          /* a look at which waits are overdue is scheduled */
};

/*
 * Return -ETIMEDOUT, with a message in CALL, if the fetch under way (of those that had EMAIL; NULL:
 * of the whole roster) takes too long for a brief wait, else 0.
 */
int overdue_error_locked(const struct roster *roster, const char *email, struct call *call);

/* Note that FLIGHT, which fetches the whole roster or is for an email, has ended with ERROR (0: it
 * succeeded). */
void overdue_note_locked(struct flight *flight, int error);

/* Note that a brief wait was added to FLIGHT: it is told when the fetch takes too long. */
void overdue_wait_locked(const struct flight *flight);

void overdue_free_locked(struct roster *roster);

#endif
