/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures.h - what .rosterfs/status and metrics show of a roster: its size, age and last error.
 */
#ifndef ROSTERFS_FIGURES_H
#define ROSTERFS_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct call;
struct flight;
struct roster;
struct snapshot;

#define FIGURES_ERROR_MAX 1536 /* bytes: a path and the whole message of a call */

struct figures {
	bool known;              /* there is a snapshot */
	size_t users;            /* in it */
	double age;              /* seconds */
	struct timespec fetched; /* wall clock */
	bool fetching;
	unsigned pages; /* of the fetch under way */
	size_t rows;
	uint64_t fetches;  /* number of whole rosters fetched */
	size_t shrunk;     /* how many were listed before the list became less than half as long */
	bool nobody;       /* it has never listed a user, not even the key's own */
	size_t reappeared; /* users active again after this mount deactivated them */
	char last_error[FIGURES_ERROR_MAX]; /* "", or the last error of a fetch or a write, with its
					       time */
	double failed;                      /* time of that error, monotonic seconds */
};

void figures_get(struct roster *roster, struct figures *figures);

/* Note ERROR (a negative errno) and the message of CALL as the last error. */
void figures_note_error(struct roster *roster, const struct call *call, int error);

/* ---- private to cache/roster ---- */

/* Protected by the roster's lock. */
struct figures_state {
	size_t shrunk;    /* how many were listed before the list became so much shorter, or 0 */
	size_t shrunk_to; /* how many the newest list has, if it did */
	bool nobody;      /* the first list did not even have the user that the key belongs to */
	uint64_t fetches; /* number of whole rosters fetched */
	char last_error[FIGURES_ERROR_MAX];
	double failed; /* when that was, monotonic seconds */
};

/* Count a whole roster that was fetched. */
void figures_count_fetch_locked(struct roster *roster);

/* Forget that the list became much shorter: the owner has seen it, and wants it fetched again. */
void figures_forget_shrunk_locked(struct roster *roster);

/* Log it if NEW, which FLIGHT has brought in place of OLD (or NULL), is suspiciously short. */
void figures_compare(struct flight *flight, const struct snapshot *old, const struct snapshot *new);

#endif
