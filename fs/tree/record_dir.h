/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_dir.h - one directory's worth of records: where they stand, and the roster that knows
 * them.
 *
 * An account's users are a record directory, and so is each place below its directory (vendor.h):
 * accounts/, accounts/1/members/, settings/... A record directory is made when it is first looked
 * at, and lives as long as the mount. Nothing here waits.
 */
#ifndef ROSTERFS_RECORD_DIR_H
#define ROSTERFS_RECORD_DIR_H

#include "fs/fs.h"

#include <stdatomic.h>
#include <uthash.h>

struct figures;
struct place;
struct poll;
struct watch;

struct record_dir {
	struct scope scope; /* its branch, and itself */
	struct branch *branch;
	const struct place *place; /* NULL: the account's users */
	char *path;                /* below the mount point: "acme", "acme/accounts/1/members" */
	struct roster *roster;
	struct roster *statuses; /* the same, or another one if statuses are records of their own */
	struct record_dir_watch {
		struct watch *watch; /* NULL: it is not polled, and its changes are not told */
		struct poll *poll;
	} users_watch, statuses_watch; /* of the two rosters; of users only */
	atomic_bool due;        /* notify.c: compare what the kernel was told with what is known */
	atomic_bool drop;       /* notify.c: drop the names that the kernel caches */
	atomic_bool distrusted; /* notify.c: the kernel must forget all attributes */
	/* dir.c: how many single names the kernel may still look up until those are dropped */
	atomic_int patience;
	struct record_dir *next; /* in the branch; set once */
	UT_hash_handle hh;       /* by path */
};

/* What happens to the records of record directories; fs.c connects it to the nodes that show them.
 * Called with no lock held, before a writer or a waiter hears of it. Must not wait. */
struct record_dir_events {
	/* There is another version of record ID, or it is gone. */
	void (*changed)(struct record_dir *record_dir, const char *id);
	/* A whole list has come. SAME: each record is what it was. */
	void (*replaced)(struct record_dir *record_dir, bool same);
	/* All of what is known may be old, as other hosts say. */
	void (*distrusted)(struct record_dir *record_dir);
	/* A user got or lost an email with KEY. */
	void (*email_changed)(struct record_dir *record_dir, const char *key);
};

/* Make the record directory of BRANCH's users, branch->users. Return 0 or -ENOMEM. */
int record_dir_users(struct branch *branch);

/*
 * Return the record directory of PLACE at PATH, below record PARENT or (NULL) the account, which is
 * made if need be. NULL: no memory.
 */
struct record_dir *record_dir_take(struct branch *branch, const struct place *place,
				   const char *path, const char *parent);

/* Return the first of BRANCH's record directories; the others follow by next. */
struct record_dir *record_dir_first(struct branch *branch);

/* Begin to poll RECORD_DIR, if its account says so. Once, when threads may start. Does not wait. */
void record_dir_poll(struct record_dir *record_dir);

/* Before the end and at the end, as flight_stop and roster_free. */
void record_dir_stop(struct record_dir *record_dir);
void record_dir_free(struct record_dir *record_dir); /* NULL is fine */

/* Count the next questions to all of BRANCH's record directories as if what they know were old. */
void record_dir_refresh_all(struct branch *branch);

/* Fetch again, in the background, each list that RECORD_DIR has fetched before. */
void record_dir_renew(struct record_dir *record_dir);

/* The same for all record directories of BRANCH. */
void record_dir_renew_all(struct branch *branch);

/* As record_dir_refresh_all, for links only, because a user's status was written: the links that it
 * is made of may have changed. */
void record_dir_refresh_links(struct branch *branch);

/* Fill INFO with the figures of BRANCH's users and their statuses, and the last error of any of its
 * rosters that is not over. */
void record_dir_info(struct branch *branch, struct figures *info);

/* Return true if records may be made here, in new/. */
bool record_dir_creates(const struct record_dir *record_dir);

/* Return true if a record here could have ID: the vendor has nothing else in its place. */
bool record_dir_may_have(const struct record_dir *record_dir, const char *id);

/* Return true if there is a list of records, not just one. */
bool record_dir_lists(const struct record_dir *record_dir);

/*
 * Write where record ID stands, below the record directory's path, to NAME (RECORD_DIR_NAME_MAX
 * bytes): "7.json", "1/account.json". SUFFIX is ".json" or ".status".
 */
#define RECORD_DIR_NAME_MAX 320
void record_dir_name(const struct record_dir *record_dir, const char *id, const char *suffix,
		     char *name);

#endif
