/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mistyped.h - names beside the records that somebody meant for a record's file.
 *
 * `echo inactive > 26.statu` must not look like a deactivation. If a file in memory has such a
 * name, the write that makes its text one status word or one JSON object fails with EINVAL, and so
 * does a rename of such a text to such a name. The log names the file that was meant. Nothing here
 * asks a vendor, and nothing waits.
 */
#ifndef ROSTERFS_MISTYPED_H
#define ROSTERFS_MISTYPED_H

#include "fs/fs.h"

#include <sys/types.h>

struct handle;
struct node;
struct path_name;

/*
 * Return true if the form of NAME, a file in memory, is a record's with a mistyped suffix:
 *   a record's name and ".txt" behind it, in capitals or not, or a dot and once more its own
 *   suffix, mistyped as below (26.json.jsn), unless NAME begins with a dot, or the suffix looks
 *   like six random letters; or
 *   its last dot is followed by letters only, which in lower case are at most two letters away from
 *   "status" or "json" (one added, left out, changed or swapped with its neighbour is one letter),
 *   and are not exactly that word.
 * Else false for a whole record's name and a dot and more behind it, which are names of editors.
 * DRAFTS: in new/, where only what is like ".json" counts.
 */
bool mistyped_form(const char *name, bool drafts);

/*
 * SIZE bytes are about to be written at OFFSET (negative: at the end) of the file in memory that
 * HANDLE has open. 0, or -EINVAL, which has been logged: then they must not be kept.
 */
int mistyped_write(fuse_req_t req, const struct handle *handle, const char *data, size_t size,
		   off_t offset);

/*
 * What stands at FROM in DIRECTORY, a file in memory or a record's, is about to be renamed to NAME
 * there, which is no record's. 0, or -EINVAL, which has been logged.
 */
int mistyped_rename(fuse_req_t req, const struct node *directory, const struct path_name *from,
		    const char *name);

#endif
