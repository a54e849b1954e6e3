/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inactive.h - users that this mount has made inactive, and what it takes to restore them.
 *
 * Nothing here waits or changes anything at a vendor.
 */
#ifndef ROSTERFS_INACTIVE_H
#define ROSTERFS_INACTIVE_H

#include "vendors/base/call.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct inactive;
struct record;
struct roster;
struct snapshot;

/* The caller that made a user inactive. */
struct inactive_writer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	char command[CALL_COMMAND_MAX];
	char path[CALL_PATH_MAX];
	bool timed;           /* time is known */
	struct timespec time; /* the vendor's time of update of the inactive record */
};

/*
 * Note that this mount has made ID inactive (INACTIVE unset: active). A fetch that shows something
 * else is logged.
 */
void inactive_note(struct roster *roster, const char *id, bool inactive);

/* Note, after inactive_note, that CALL did it, and that the vendor showed the result in SEEN. */
void inactive_note_writer(struct roster *roster, const char *id, const struct call *call,
			  const json_t *seen);

/*
 * Return true, and set *WRITER, if the last status that this mount wrote to ID is inactive and its
 * writer is known.
 */
bool inactive_writer(struct roster *roster, const char *id, struct inactive_writer *writer);

/*
 * Keep UNDO (copied; NULL: nothing any more), which is what it takes to give ID back what this
 * mount has ended.
 */
void inactive_keep_undo(struct roster *roster, const char *id, const char *undo);

/* Return a copy of what was kept, which the caller frees, or NULL. */
char *inactive_undo(struct roster *roster, const char *id);

/* ---- private to cache/roster ---- */

/* Protected by the roster's lock. */
struct inactive_users {
	struct inactive *table; /* hash table by id */
	size_t reappeared;      /* how many were seen active again */
};

/* Log it if RECORD is active although this mount made it inactive. Takes the lock. */
void inactive_check(struct roster *roster, const struct record *record);

/* As inactive_check, for each record of SNAPSHOT, which has been installed, except those written
 * since. */
void inactive_check_all(struct roster *roster, const struct snapshot *snapshot);

void inactive_free_locked(struct roster *roster);

#endif
