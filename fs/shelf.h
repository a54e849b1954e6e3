/*
 * shelf.h - one directory's worth of records: where they stand, and the roster that knows them.
 *
 * An account's users are a shelf, and so is each place below its directory (vendor.h): accounts/,
 * accounts/1/members/, settings/... A shelf is made when somebody looks at it first and lives as
 * long as the mount. Nothing here waits.
 */
#ifndef ROSTERFS_SHELF_H
#define ROSTERFS_SHELF_H

#include "fs/fs.h"

#include <stdatomic.h>
#include <uthash.h>

struct place;
struct record;

struct shelf {
	struct branch *branch;
	const struct place *place; /* NULL: the account's users */
	char *path;                /* below the mount point: "acme", "acme/accounts/1/members" */
	struct roster *roster;
	/* where a status is a thing of its own; else the same as roster */
	struct roster *statuses;
	atomic_bool due; /* notify.c: the kernel is to hear what differs */
	/* dir.c: how often the kernel may ask for a single name until those it keeps are dropped */
	atomic_int patience;
	atomic_bool drop;   /* notify.c: they are to be dropped */
	struct shelf *next; /* in the branch; set once */
	UT_hash_handle hh;  /* by path */
};

/* The shelf of BRANCH's users. 0 or -ENOMEM. */
int shelf_users(struct branch *branch);

/*
 * The shelf of PLACE at PATH, below record PARENT or (NULL) the account, made if need be. NULL: no
 * memory.
 */
struct shelf *shelf_take(struct branch *branch, const struct place *place, const char *path,
			 const char *parent);

/* The first of BRANCH's shelves; the others follow by next. */
struct shelf *shelf_first(struct branch *branch);

/* Before the end and at the end, as roster_stop and roster_free. */
void shelf_stop(struct shelf *shelf);
void shelf_free(struct shelf *shelf); /* NULL is fine */

/* Count the next questions to all of BRANCH's shelves as if what they know were old. */
void shelf_refresh_all(struct branch *branch);

/* Somebody's status was written: the links that it is made of may be others now. */
void shelf_refresh_links(struct branch *branch);

/* May records be made here, in new/? */
bool shelf_creates(const struct shelf *shelf);

/* Could a record here have ID? False: the vendor has something else in its place. */
bool shelf_may_have(const struct shelf *shelf, const char *id);

/* Is there a list of records, or only one? */
bool shelf_lists(const struct shelf *shelf);

/* Is each record a link, a directory? */
bool shelf_has_links(const struct shelf *shelf);
bool shelf_has_folders(const struct shelf *shelf);

/*
 * Where record ID stands, in the shelf's directory: "7.json", "1/account.json". SUFFIX is ".json"
 * or ".status". Written to NAME (SHELF_NAME_MAX bytes).
 */
#define SHELF_NAME_MAX 320
void shelf_name(const struct shelf *shelf, const char *id, const char *suffix, char *name);

#endif
