/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part.h - a change that takes two requests, of which only the first was made.
 */
#ifndef ROSTERFS_PART_H
#define ROSTERFS_PART_H

struct change;

/* A request has ended: where the change takes two, the first may have been made. */
void part_note(struct change *change);

/*
 * The change has failed. Where a part of it was made, one more GET is made, that part becomes what
 * merge and result are about, as by proof_took, and is named in the call's words. It may wait,
 * also for a caller that has gone.
 */
void part_settle(struct change *change);

#endif
