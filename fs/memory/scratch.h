/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch.h - files in memory that no vendor has: editors' swap, backup, lock and temporary files,
 * and the drafts in new/.
 *
 * They stand beside the records, live as long as the mount and at most a day, and are never sent by
 * being written. A file that is removed while it is open stays readable through what is open. All
 * of them together hold at most scratch_limit bytes. Texts may hold passwords: they are wiped
 * before they are freed. One mutex for the names, one a file; nothing here waits.
 */
#ifndef ROSTERFS_SCRATCH_H
#define ROSTERFS_SCRATCH_H

#include "fs/fs.h"

#include <stdint.h>
#include <sys/stat.h>

struct scratch;
struct scratches;

/* All of a mount's; LIMIT: bytes. NULL: no memory. */
struct scratches *scratches_new(size_t limit);
void scratches_free(struct scratches *all); /* NULL is fine */

/* What they may hold in all and what is left of that, in bytes, and how many empty files would fit
 * into either. */
struct scratch_room {
	size_t bytes, bytes_left;
	size_t files, files_left;
};
void scratch_look(struct scratches *all, struct scratch_room *room);

/* ---- names; PATH is below the mount point ---- */

/*
 * A new one at PATH, a reference: a file, or with TARGET (copied) a symbolic link. 0, -EEXIST,
 * -ENOSPC or -ENOMEM.
 */
int scratch_make(struct scratches *all, const char *path, const char *target,
		 struct scratch **scratch);

/* A new file at PATH that holds TEXT; what was called so goes. 0, -ENOSPC, -EFBIG or -ENOMEM, and
 * then nothing has changed. */
int scratch_replace(struct scratches *all, const char *path, const char *text, size_t length);

/* One more reference to SCRATCH, which may be NULL. */
struct scratch *scratch_hold(struct scratches *all, struct scratch *scratch);

/* The one at PATH, a reference, or NULL. */
struct scratch *scratch_get(struct scratches *all, const char *path);
void scratch_put(struct scratches *all, struct scratch *scratch); /* NULL is fine */

/* Take the name PATH away. 0 or -ENOENT. */
int scratch_remove(struct scratches *all, const char *path);

/* PATH is called NEW_PATH from now on; what was called so goes. 0, or -ENOENT or -ENOMEM, and then
 * nothing has changed. */
int scratch_rename(struct scratches *all, const char *path, const char *new_path);

/*
 * What was left behind in DIRECTORY for too long goes. Returns how many files have gone so by now:
 * a list of names that was made when they were fewer is out of date.
 */
uint64_t scratch_expired(struct scratches *all, const char *directory);

/* The name of number INDEX in DIRECTORY (a path), which the caller frees, or NULL. */
char *scratch_name(struct scratches *all, const char *directory, size_t index);

/* The path of SCRATCH now; the caller frees. NULL: it has no name any more, or no memory. */
char *scratch_path(struct scratches *all, const struct scratch *scratch);

#endif
