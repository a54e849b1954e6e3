/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_lookup.h - which record stands at a name in a directory of records.
 *
 * A name is answered at once, from what is known: an id that no process has asked for yet gets a
 * provisional inode, with no time to live, and getattr and open find out. So nothing that holds a
 * directory waits for a vendor, except a lookup of a link.
 */
#ifndef ROSTERFS_RECORD_LOOKUP_H
#define ROSTERFS_RECORD_LOOKUP_H

#include "fs/tree/node.h"

/* Answer REQ, a lookup of NAME in DIRECTORY: of a record's file, of the directory with OPS of a
 * record, or of a link, which may wait. */
void record_lookup_file(fuse_req_t req, struct node *directory, const struct path_name *name);
void record_lookup_folder(fuse_req_t req, struct node *directory, const struct node_ops *ops,
			  const struct path_name *name);
void record_lookup_link(fuse_req_t req, struct node *directory, const struct path_name *name);

/* Return a reference to the node of the record's file NAME in DIRECTORY, or NULL: it can be no
 * record's, or no memory. */
struct node *record_lookup_take_file(struct fs *fs, const struct node *directory,
				     const struct path_name *name);

#endif
