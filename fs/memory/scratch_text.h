/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_text.h - the bytes of one file in memory, and what they say.
 */
#ifndef ROSTERFS_SCRATCH_TEXT_H
#define ROSTERFS_SCRATCH_TEXT_H

#include "fs/memory/scratch.h"

/* What a text says, as far as records are concerned. */
enum scratch_text_says {
	SCRATCH_NOTHING,
	SCRATCH_STATUS, /* exactly one status word, with or without a newline */
	SCRATCH_OBJECT, /* one whole JSON object, with or without white space around it */
};

/*
 * Return what the text of SCRATCH would say after SIZE bytes more at OFFSET (negative: at the end).
 * SCRATCH_NOTHING unless all of it was written in order from the start; a write over everything
 * that was there is a new start. SCRATCH_OBJECT only for the write that completes the object.
 * Pieces that were scanned before are not read again. Changes nothing that is shown.
 */
enum scratch_text_says scratch_text_says_after(struct scratch *scratch, const char *data,
					       size_t size, off_t offset);

/* Return what the text says now, however it was written. */
enum scratch_text_says scratch_text_says(struct scratch *scratch);

/* Note that a write to SCRATCH was refused: its text is not what the caller wanted to save. */
void scratch_text_spoil(struct scratch *scratch);

/* Return true if a write to SCRATCH has failed or was refused. */
bool scratch_text_is_spoilt(struct scratch *scratch);

/* Return the target of a link, borrowed, or NULL: it is a file. */
const char *scratch_text_target(const struct scratch *scratch);

/* Set the size, the time and the number of names of SCRATCH in ATTR. */
void scratch_text_attr(struct scratch *scratch, struct stat *attr);

/* Copy at most SIZE bytes at OFFSET to *DATA, which the caller frees; NULL at the end. Return how
 * many, or -ENOMEM. */
ssize_t scratch_text_read(struct scratch *scratch, off_t offset, size_t size, char **data);

/* Write SIZE bytes at OFFSET (negative: at the end). Return 0, -ENOSPC, -EFBIG, -ENOMEM, or -EPERM
 * after scratch_text_spend. */
int scratch_text_write(struct scratches *all, struct scratch *scratch, const char *data,
		       size_t size, off_t offset);

/* Set the length; new bytes are zero. Return as scratch_text_write. */
int scratch_text_truncate(struct scratches *all, struct scratch *scratch, off_t length);

/* Return the whole text, NUL-terminated, which the caller wipes and frees, or NULL: no memory. */
char *scratch_text_copy(struct scratch *scratch, size_t *length);

/* Replace the text by TEXT. Return as scratch_text_write. */
int scratch_text_set_text(struct scratches *all, struct scratch *scratch, const char *text,
			  size_t length);

/*
 * Note that the text has become a record's, by a rename. From now on, writes fail with EPERM: a
 * process that still has the file open would write to something that no process sees.
 */
void scratch_text_spend(struct scratch *scratch);

/* Make a draft the link to record ID (copied), and wipe the text. */
void scratch_text_become(struct scratches *all, struct scratch *scratch, const char *id);

/* Return the id of that record, which the caller frees, or NULL: SCRATCH is no such link. */
char *scratch_text_id(struct scratch *scratch);

/* ---- for scratch.c ---- */

/* Take SIZE bytes of what all files may hold: their lengths, and something for each file. Return 0
 * or -ENOSPC. */
int scratch_text_reserve(struct scratches *all, size_t size);

/* Give back what SCRATCH holds: it does not count any more. */
void scratch_text_discount(struct scratches *all, struct scratch *scratch);

/* Wipe and free TEXT, which has ROOM bytes. */
void scratch_text_wipe(char *text, size_t room);

#endif
