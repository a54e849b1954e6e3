/*
 * entry.h - what the kernel is told of a node and for how long, and how a record is found that
 * nobody knows yet.
 */
#ifndef ROSTERFS_ENTRY_H
#define ROSTERFS_ENTRY_H

#include "fs/fs.h"

struct record;
struct request;

/*
 * Fill ATTR for NODE. RECORD (borrowed) is what a record's node shows, or NULL for a placeholder;
 * it stays fresh for SECONDS. Returns the seconds for which the kernel may keep the attributes.
 */
double entry_attr(struct fs *fs, struct node *node, const struct record *record, double seconds,
		  struct stat *attr);

/* Fill ENTRY for NODE, whose reference goes to the kernel. As above. */
void entry_fill(struct fs *fs, struct node *node, const struct record *record, double seconds,
		struct fuse_entry_param *entry);

/* Ask for the record of REQUEST's node: by id, or for a cut name in the whole roster. */
void entry_ask(struct request *request, void (*finish)(struct request *request, int error));

/* The wait of REQUEST found its record, or not: *RECORD is borrowed from it. 0 or a negative errno.
 */
int entry_found(struct request *request, int error, struct record **record);

#endif
