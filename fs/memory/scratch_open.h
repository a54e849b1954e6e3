/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch_open.h - whether a file in memory is open, and may be opened.
 */
#ifndef ROSTERFS_SCRATCH_OPEN_H
#define ROSTERFS_SCRATCH_OPEN_H

#include "fs/memory/scratch.h"

/* It is open once more, or (negative) less: then it stays, however old it is. */
void scratch_open_count(struct scratch *scratch, int count);

/*
 * It has got the inode that was a record's, and an open may be under way that means the record:
 * nothing must be written here through it. So for a while an open for writing counts only after a
 * look-up of this name, and ESTALE makes the kernel look again.
 */
void scratch_open_doubt(struct scratch *scratch);

void scratch_open_looked_up(struct scratch *scratch);

bool scratch_open_allowed(struct scratch *scratch);

/* Was it removed, with nobody having it open? Then nobody may open it any more. */
bool scratch_open_is_gone(struct scratches *all, struct scratch *scratch);

/* It does not go by itself: a draft. */
void scratch_open_keep(struct scratch *scratch);

#endif
