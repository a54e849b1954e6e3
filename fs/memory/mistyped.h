/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mistyped.h - names beside the records that were meant for a record's file.
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
 *
 *   - a record's name followed by ".txt" in upper or lower case, or by a dot and its own suffix
 * once more, mistyped as below (26.json.jsn), unless NAME begins with a dot, or the suffix looks
 * like six random letters; or
 *   - a name whose last dot is followed by letters only, which in lower case are at most two
 * letters away from "status" or "json", and are not exactly that word. One letter that is added,
 * left out, changed or swapped with its neighbour is one letter away.
 *
 * Return false for a whole record's name followed by a dot and something else: editors use such
 * names. DRAFTS: in new/, where only what is like ".json" counts.
 */
bool mistyped_form(const char *name, bool drafts);

/*
 * Check SIZE bytes that are about to be written at OFFSET (negative: at the end) of the file in
 * memory that HANDLE has open. Return 0, or -EINVAL, which has been logged: then they must not be
 * kept.
 */
int mistyped_write(fuse_req_t req, const struct handle *handle, const char *data, size_t size,
		   off_t offset);

/* Check a rename of FROM in DIRECTORY, a file in memory or a record's, to NAME there, which is no
 * record's. Return 0, or -EINVAL, which has been logged. */
int mistyped_rename(fuse_req_t req, const struct node *directory, const struct path_name *from,
		    const char *name);

#endif
