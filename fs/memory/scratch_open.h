/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_open.h - whether a file in memory is open, may be opened, and may expire.
 */
#ifndef ROSTERFS_SCRATCH_OPEN_H
#define ROSTERFS_SCRATCH_OPEN_H

#include "fs/memory/scratch.h"

/* Count COUNT (1 or -1) more opens of SCRATCH. It does not expire while it is open. */
void scratch_open_count(struct scratch *scratch, int count);

/*
 * Note that SCRATCH has got the inode that was a record's. An open may be under way that means the
 * record, and must not write to this file. So for a few seconds an open for writing is allowed only
 * after a lookup of this name; ESTALE makes the kernel look it up.
 */
void scratch_open_doubt(struct scratch *scratch);

/* Note a lookup of the name of SCRATCH. */
void scratch_open_looked_up(struct scratch *scratch);

/* Return true if SCRATCH may be opened for writing. Uses up the lookup. */
bool scratch_open_allowed(struct scratch *scratch);

/*
 * Return true if SCRATCH has got the inode that was a record's. An open for reading that means the
 * record may be under way even after the backup was removed: it gets the record's text as it was
 * when the backup was made. ESTALE would not do, because the kernel looks the name up only once
 * more, and somebody may save again in between.
 */
bool scratch_open_was_record(struct scratch *scratch);

/* Return true if SCRATCH was removed while no process had it open: then it may no longer be opened,
 * unless it was a record's.
 */
bool scratch_open_is_gone(struct scratches *all, struct scratch *scratch);

/* Keep SCRATCH from expiring: it is a draft. */
void scratch_open_keep(struct scratch *scratch);

#endif
