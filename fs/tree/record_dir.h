/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_dir.h - one directory's worth of records: where they stand, and the roster that knows
 * them.
 *
 * An account's users are a record directory, and so is each place below its directory (vendor.h):
 * accounts/, accounts/1/members/, settings/... A record directory is made when somebody looks at it
 * first and lives as long as the mount. Nothing here waits.
 */
#ifndef ROSTERFS_RECORD_DIR_H
#define ROSTERFS_RECORD_DIR_H

#include "fs/fs.h"

#include <stdatomic.h>
#include <uthash.h>

struct place;
struct figures;

struct record_dir {
	struct scope scope; /* its branch, and itself */
	struct branch *branch;
	const struct place *place; /* NULL: the account's users */
	char *path;                /* below the mount point: "acme", "acme/accounts/1/members" */
	struct roster *roster;
	/* where a status is a thing of its own; else the same as roster */
	struct roster *statuses;
	atomic_bool due; /* notify.c: the kernel is to hear what differs */
	/* dir.c: how often the kernel may ask for a single name until those it keeps are dropped */
	atomic_int patience;
	atomic_bool drop;        /* notify.c: they are to be dropped */
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
	/* A user got or lost an email with KEY. */
	void (*email_changed)(struct record_dir *record_dir, const char *key);
};

/* The record directory of BRANCH's users. 0 or -ENOMEM. */
int record_dir_users(struct branch *branch);

/*
 * The record directory of PLACE at PATH, below record PARENT or (NULL) the account, made if need
 * be. NULL: no memory.
 */
struct record_dir *record_dir_take(struct branch *branch, const struct place *place,
				   const char *path, const char *parent);

/* The first of BRANCH's record directories; the others follow by next. */
struct record_dir *record_dir_first(struct branch *branch);

/* Before the end and at the end, as flight_stop and roster_free. */
void record_dir_stop(struct record_dir *record_dir);
void record_dir_free(struct record_dir *record_dir); /* NULL is fine */

/* Count the next questions to all of BRANCH's record directories as if what they know were old. */
void record_dir_refresh_all(struct branch *branch);

/* Somebody's status was written: the links that it is made of may be others now. */
void record_dir_refresh_links(struct branch *branch);

/* Fill INFO with the figures of BRANCH's users, and the last error of any of its rosters. */
void record_dir_info(struct branch *branch, struct figures *info);

/* May records be made here, in new/? */
bool record_dir_creates(const struct record_dir *record_dir);

/* Could a record here have ID? False: the vendor has something else in its place. */
bool record_dir_may_have(const struct record_dir *record_dir, const char *id);

/* Is there a list of records, or only one? */
bool record_dir_lists(const struct record_dir *record_dir);

/* Is each record a link, a directory? */
bool record_dir_has_links(const struct record_dir *record_dir);
bool record_dir_has_folders(const struct record_dir *record_dir);

/*
 * Where record ID stands, in the record directory's directory: "7.json", "1/account.json". SUFFIX
 * is ".json" or ".status". Written to NAME (RECORD_DIR_NAME_MAX bytes).
 */
#define RECORD_DIR_NAME_MAX 320
void record_dir_name(const struct record_dir *record_dir, const char *id, const char *suffix,
		     char *name);

#endif
