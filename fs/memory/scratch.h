/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch.h - files in memory that no vendor has: editors' swap, backup, lock and temporary files,
 * and the drafts in new/.
 *
 * They stand beside the records, live as long as the mount but at most a day, and a write to one is
 * never sent. A file that is removed while it is open stays readable through what is open. All
 * files together hold at most scratch_limit bytes. Texts may hold passwords: they are wiped before
 * they are freed. One mutex protects the names, and one each file's text; nothing here waits.
 *
 * Paths are below the mount point.
 */
#ifndef ROSTERFS_SCRATCH_H
#define ROSTERFS_SCRATCH_H

#include "fs/fs.h"

#include <stdint.h>
#include <sys/stat.h>

struct scratch;
struct scratches;

/* Return the files of a mount, none so far, or NULL: no memory. LIMIT: bytes that they may hold. */
struct scratches *scratch_table_new(size_t limit);
void scratch_table_free(struct scratches *all); /* NULL is fine */

/* The bytes that files may hold in total and how many are left, and how many empty files would fit
 * into either. */
struct scratch_room {
	size_t bytes, bytes_left;
	size_t files, files_left;
};
void scratch_look(struct scratches *all, struct scratch_room *room);

/*
 * Make a file at PATH, or with TARGET (copied) a symbolic link, and store a reference in *SCRATCH.
 * Return 0, -EEXIST, -ENOSPC or -ENOMEM.
 */
int scratch_make(struct scratches *all, const char *path, const char *target,
		 struct scratch **scratch);

/* Make a file at PATH that holds TEXT, in place of what has that name. Return 0, or -ENOSPC, -EFBIG
 * or -ENOMEM, and then nothing has changed. */
int scratch_replace(struct scratches *all, const char *path, const char *text, size_t length);

/* Take another reference to SCRATCH, which may be NULL. Return SCRATCH. */
struct scratch *scratch_hold(struct scratches *all, struct scratch *scratch);

/* Return a reference to the file at PATH, or NULL: there is none. */
struct scratch *scratch_get(struct scratches *all, const char *path);
void scratch_put(struct scratches *all, struct scratch *scratch); /* NULL is fine */

/* Remove the name PATH. Return 0 or -ENOENT. */
int scratch_remove(struct scratches *all, const char *path);

/* Rename PATH to NEW_PATH, in place of what has that name. Return 0, or -ENOENT or -ENOMEM, and
 * then nothing has changed. */
int scratch_rename(struct scratches *all, const char *path, const char *new_path);

/*
 * Remove what was left behind in DIRECTORY for too long. Return how many files of the mount have
 * been removed so until now: a list of names that was made when they were fewer is out of date.
 */
uint64_t scratch_expired(struct scratches *all, const char *directory);

/* Return name number INDEX in DIRECTORY (a path), which the caller frees, or NULL. */
char *scratch_name(struct scratches *all, const char *directory, size_t index);

/* Return the path of SCRATCH now, which the caller frees. NULL: it has no name any more, or no
 * memory. */
char *scratch_path(struct scratches *all, const struct scratch *scratch);

#endif
