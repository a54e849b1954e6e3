/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_text.h - the bytes of one file in memory, and what they say.
 */
#ifndef ROSTERFS_SCRATCH_TEXT_H
#define ROSTERFS_SCRATCH_TEXT_H

#include "fs/memory/scratch.h"

/* What a text says, where records are concerned. */
enum scratch_text_says {
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
enum scratch_text_says scratch_text_says_after(struct scratch *scratch, const char *data,
					       size_t size, off_t offset);

/* Tell what its text says now, however it was written. */
enum scratch_text_says scratch_text_says(struct scratch *scratch);

/* A write to SCRATCH was refused: its text is not what somebody wanted to save. */
void scratch_text_spoil(struct scratch *scratch);

/* Where a link leads, borrowed; NULL: it is a file. */
const char *scratch_text_target(const struct scratch *scratch);

void scratch_text_attr(struct scratch *scratch, struct stat *attr);

/* A copy of at most SIZE bytes at OFFSET into *DATA (the caller frees; NULL at the end). Bytes or
 * -ENOMEM. */
ssize_t scratch_text_read(struct scratch *scratch, off_t offset, size_t size, char **data);

/* SIZE bytes at OFFSET (negative: at the end). 0, -ENOSPC, -EFBIG, -ENOMEM, or -EPERM:
 * scratch_text_spend. */
int scratch_text_write(struct scratches *all, struct scratch *scratch, const char *data,
		       size_t size, off_t offset);

int scratch_text_truncate(struct scratches *all, struct scratch *scratch, off_t length);

/* The whole text, NUL-terminated; the caller wipes and frees. NULL: no memory. */
char *scratch_text_copy(struct scratch *scratch, size_t *length);

/* Its text is TEXT from now on. As scratch_text_write. */
int scratch_text_set_text(struct scratches *all, struct scratch *scratch, const char *text,
			  size_t length);

/*
 * Its text has become a record's, by a rename. Who still has it open writes to nothing that
 * anybody sees: that is -EPERM from now on.
 */
void scratch_text_spend(struct scratch *scratch);

/* A write to it has failed: what it holds is not what somebody wanted to save. */
bool scratch_text_is_spoilt(struct scratch *scratch);

/* A draft has become the record ID: a link to it. The text is wiped. */
void scratch_text_become(struct scratches *all, struct scratch *scratch, const char *id);

/* The id of that record; the caller frees. NULL: it has not become one. */
char *scratch_text_id(struct scratch *scratch);

/* ---- for scratch.c ---- */

/* Take SIZE bytes of what all files may hold: their lengths count, and something for each. 0 or
 * -ENOSPC. */
int scratch_text_reserve(struct scratches *all, size_t size);

/* What SCRATCH holds does not count any more. */
void scratch_text_discount(struct scratches *all, struct scratch *scratch);

/* TEXT has ROOM bytes, which are wiped before they are freed. */
void scratch_text_wipe(char *text, size_t room);

#endif
