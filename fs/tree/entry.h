/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.h - what the kernel is told of a node and for how long, and how a record is found that
 * nobody knows yet.
 */
#ifndef ROSTERFS_ENTRY_H
#define ROSTERFS_ENTRY_H

#include "cache/roster/known.h"
#include "fs/fs.h"

struct record;
struct request;
struct snapshot;

/*
 * Fill ATTR for NODE. RECORD (borrowed) is what a record's node shows, or NULL for a placeholder;
 * it stays fresh for SECONDS. Returns the seconds for which the kernel may keep the attributes.
 */
double entry_attr(struct fs *fs, struct node *node, const struct record *record, double seconds,
		  struct stat *attr);

/*
 * Fill ENTRY for NODE, whose reference goes to the kernel. As above; a person's are fresh for
 * SECONDS without a record, but size and times are the caller's to set.
 */
void entry_fill(struct fs *fs, struct node *node, const struct record *record, double seconds,
		struct fuse_entry_param *entry);

/* The record in SNAPSHOT whose stem was cut to STEM, borrowed, or NULL. */
struct record *entry_find_cut(const struct snapshot *snapshot, const char *stem);

/* The roster that says what NODE, which needs a record, shows. */
struct roster *entry_roster(const struct node *node);

/*
 * What is known of NODE's record: *RECORD gets a reference or NULL, *SECONDS the time for
 * which it may be shown. As known_peek; a user's status is known only if the user is.
 */
enum known entry_peek(const struct node *node, struct record **record, double *seconds);

/* Ask for the record of REQUEST's node: by id, or for a cut name in the whole roster. */
void entry_ask(struct request *request, void (*finish)(struct request *request, int error));

/*
 * The wait of REQUEST is over with ERROR: is another question to be asked before entry_found? Then
 * it is being asked, and the finish that was given to entry_ask returns at once: it is called
 * again.
 */
bool entry_again(struct request *request, int error);

/* The wait of REQUEST found its record, or not: *RECORD is borrowed from it. 0 or a negative errno.
 */
int entry_found(struct request *request, int error, struct record **record);

#endif
