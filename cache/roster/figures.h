/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures.h - what .rosterfs/status and metrics show of a roster: its size, age and last error.
 */
#ifndef ROSTERFS_FIGURES_H
#define ROSTERFS_FIGURES_H

#include "cache/record/record.h"
#include "vendors/base/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct call;
struct flight;
struct roster;
struct snapshot;

#define FIGURES_ERROR_MAX 1536 /* bytes: a path and the whole message of a call */

/* What an error was an answer to, so that it is known when it is over. */
enum figures_question { FIGURES_LIST, FIGURES_READ, FIGURES_WRITE };

/* The last error, until the same works again. */
struct figures_error {
	char words[FIGURES_ERROR_MAX]; /* "": there is none */
	time_t when;                   /* wall clock */
	double failed;                 /* the same in monotonic seconds; 0: there was none */
	enum figures_question question;
	bool outage; /* the vendor did not work at all: whatever works is the end of it */
};

struct figures {
	size_t users;               /* in the snapshot, and written since */
	size_t kinds[RECORD_KINDS]; /* of these, those with a status of each kind */
	double age;                 /* seconds */
	struct timespec fetched;    /* wall clock */
	struct progress progress;   /* of the fetch under way; it has no `what` */
	uint64_t fetches;           /* number of whole rosters fetched */
	uint64_t fetch_failures;    /* number of whole rosters that could not be fetched */
	size_t shrunk;     /* how many were listed before the list became less than half as long */
	size_t reappeared; /* users active again after this mount deactivated them */
	double worked;     /* when the vendor last did what was asked, monotonic seconds */
	struct figures_error last; /* of a fetch or a write */
	enum record_kind rest;     /* the kind of those that a list of statuses does not show */
	bool known;                /* there is a snapshot */
	bool fetching;
	bool failing; /* the last fetch of the whole roster failed */
	bool nobody;  /* it has never listed a user, not even the key's own */
};

void figures_get(struct roster *roster, struct figures *figures);

/* Note that a write failed with ERROR (a negative errno) and the message of CALL. */
void figures_note_error(struct roster *roster, const struct call *call, int error);

/* Note that the vendor accepted a write. */
void figures_note_write(struct roster *roster);

/* ---- private to cache/roster ---- */

/* Protected by the roster's lock. */
struct figures_state {
	size_t shrunk;    /* how many were listed before the list became so much shorter, or 0 */
	size_t shrunk_to; /* how many the newest list has, if it did */
	bool nobody;      /* the first list did not even have the user that the key belongs to */
	uint64_t fetches; /* number of whole rosters fetched */
	uint64_t fetch_failures;
	bool failing; /* as struct figures */
	double worked;
	struct figures_error last;
};

/* Note that FLIGHT has ended with ERROR, 0 or a negative errno with a message in its call. LIST: it
 * read the whole list. */
void figures_note_fetch(struct flight *flight, bool list, int error);

/* Count a whole roster that was fetched. */
void figures_count_fetch_locked(struct roster *roster);

/* Forget that the list became much shorter: the owner has seen it, and wants it fetched again. */
void figures_forget_shrunk_locked(struct roster *roster);

/* Log it if NEW, which FLIGHT has brought in place of OLD (or NULL), is suspiciously short. */
void figures_compare(struct flight *flight, const struct snapshot *old, const struct snapshot *new);

#endif
