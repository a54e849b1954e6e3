/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part.h - settle a change that takes two requests at the vendor, of which only the first was made.
 *
 * What was made is a change of its own: it is published, logged, and kept in the history. The
 * vendor's code knows which fields make a part (basis.h).
 */
#ifndef ROSTERFS_PART_H
#define ROSTERFS_PART_H

struct change;

/* Note, after a request has ended, whether a part of the change was made. */
void part_note(struct change *change);

/*
 * Settle the part that was made of a change that has failed. Makes one more GET, also for a caller
 * that has gone; merge and result are then about that part, as after proof_took, and the message in
 * the call names it. Does nothing if no part was made. May block.
 */
void part_settle(struct change *change);

#endif
