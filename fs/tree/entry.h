/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.h - what the kernel is told of a node, and for how long it may cache that.
 */
#ifndef ROSTERFS_ENTRY_H
#define ROSTERFS_ENTRY_H

#include "fs/fs.h"

struct node;
struct node_fixed;
struct path_name;
struct record;

/*
 * The seconds for which the kernel may cache what never changes by itself. More would save little,
 * and a mount whose process was killed would look intact for that long.
 */
#define ENTRY_FIXED_SECONDS 1.0

/*
 * Fill ATTR for NODE. RECORD (borrowed) is what a record's node shows, or NULL for a placeholder;
 * it stays fresh for SECONDS. Return the seconds for which the kernel may cache the attributes.
 */
double entry_attr(struct fs *fs, struct node *node, const struct record *record, double seconds,
		  struct stat *attr);

/*
 * Fill ENTRY for NODE, whose reference goes to the kernel. RECORD and SECONDS as above. What a
 * person shows is fresh for SECONDS without a record; the caller sets its size and times.
 */
void entry_fill(struct fs *fs, struct node *node, const struct record *record, double seconds,
		struct fuse_entry_param *entry);

/* Answer REQ, a lookup, with NODE (takes its reference; NULL: no memory), RECORD and SECONDS as
 * above. */
void entry_reply(fuse_req_t req, struct node *node, const struct record *record, double seconds);

/* Answer REQ, a lookup of TEXT, if it is a fixed name of DIRECTORY. Else return false. */
bool entry_reply_fixed(fuse_req_t req, const struct node *directory, const char *text);

/* Answer REQ with the attributes of NODE, as entry_attr. */
void entry_reply_attr(fuse_req_t req, struct node *node, const struct record *record,
		      double seconds);

/* As entry_reply_attr, for what REQ names by the number INO, which others may have open. */
void entry_reply_opened_attr(fuse_req_t req, fuse_ino_t ino, struct node *node,
			     const struct record *record, double seconds);

/* Values of attr_seconds and name_seconds in struct node_ops: 0, and SECONDS as it is. */
double entry_never(struct fs *fs, struct node *node, const struct record *record, double seconds,
		   struct stat *attr);
double entry_name_never(struct fs *fs, const struct node *node, const struct record *record,
			double seconds);
double entry_while_fresh(struct fs *fs, struct node *node, const struct record *record,
			 double seconds, struct stat *attr);
double entry_name_while_fresh(struct fs *fs, const struct node *node, const struct record *record,
			      double seconds);

/*
 * As above, for what needs a record: while RECORD is fresh, and not at all while a process writes
 * to NODE or there is no RECORD.
 */
double entry_record(struct fs *fs, struct node *node, const struct record *record, double seconds,
		    struct stat *attr);
double entry_name_record(struct fs *fs, const struct node *node, const struct record *record,
			 double seconds);

#endif
