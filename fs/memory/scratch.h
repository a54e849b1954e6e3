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

/* Was it removed, with nobody having it open? Then nobody may open it any more. */
bool scratch_is_gone(struct scratches *all, struct scratch *scratch);

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

/* ---- one file ---- */

/* What a text says, where records are concerned. */
enum scratch_says {
	SCRATCH_NOTHING,
	SCRATCH_STATUS, /* exactly one status word, with or without a newline */
	SCRATCH_OBJECT, /* one whole JSON object, white space around it included */
};

/*
 * Tell what the text of SCRATCH would say after SIZE bytes more at OFFSET (negative: at the end).
 * SCRATCH_NOTHING unless all of it was written in order from the start; a write over all that was
 * there is a new start. SCRATCH_OBJECT only for the write that completes the object. Pieces that
 * were told of before are not read again. Changes nothing that is shown.
 */
enum scratch_says scratch_says_after(struct scratch *scratch, const char *data, size_t size,
				     off_t offset);

/* Tell what its text says now, however it was written. */
enum scratch_says scratch_says(struct scratch *scratch);

/* A write to SCRATCH was refused: its text is not what somebody wanted to save. */
void scratch_spoil(struct scratch *scratch);

/* Where a link leads, borrowed; NULL: it is a file. */
const char *scratch_target(const struct scratch *scratch);

void scratch_attr(struct scratch *scratch, struct stat *attr);

/* A copy of at most SIZE bytes at OFFSET into *DATA (the caller frees; NULL at the end). Bytes or
 * -ENOMEM. */
ssize_t scratch_read(struct scratch *scratch, off_t offset, size_t size, char **data);

/* SIZE bytes at OFFSET (negative: at the end). 0, -ENOSPC, -EFBIG, -ENOMEM, or -EPERM:
 * scratch_spend. */
int scratch_write(struct scratches *all, struct scratch *scratch, const char *data, size_t size,
		  off_t offset);
int scratch_truncate(struct scratches *all, struct scratch *scratch, off_t length);

/* The whole text, NUL-terminated; the caller wipes and frees. NULL: no memory. */
char *scratch_text(struct scratch *scratch, size_t *length);

/* Its text is TEXT from now on. As scratch_write. */
int scratch_set_text(struct scratches *all, struct scratch *scratch, const char *text,
		     size_t length);

/*
 * Its text has become a record's, by a rename. Who still has it open writes to nothing that
 * anybody sees: that is -EPERM from now on.
 */
void scratch_spend(struct scratch *scratch);

/* A write to it has failed: what it holds is not what somebody wanted to save. */
bool scratch_is_spoilt(struct scratch *scratch);

/* It is open once more, or (negative) less: then it stays, however old it is. */
void scratch_opened(struct scratch *scratch, int count);

/*
 * It has got the inode that was a record's, and an open may be under way that means the record:
 * nothing must be written here through it. So for a while an open for writing counts only after a
 * look-up of this name, and ESTALE makes the kernel look again.
 */
void scratch_doubt(struct scratch *scratch);
void scratch_looked_up(struct scratch *scratch);
bool scratch_may_open(struct scratch *scratch);

/* It does not go by itself: a draft. */
void scratch_keep(struct scratch *scratch);

/* A draft has become the record ID: a link to it. The text is wiped. */
void scratch_become(struct scratches *all, struct scratch *scratch, const char *id);

/* The id of that record; the caller frees. NULL: it has not become one. */
char *scratch_id(struct scratch *scratch);

#endif
