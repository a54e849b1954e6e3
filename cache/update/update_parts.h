/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_parts.h - private to update.c and status_field.c: the frame of every change of a record.
 */
#ifndef ROSTERFS_UPDATE_PARTS_H
#define ROSTERFS_UPDATE_PARTS_H

struct attempt;
struct call;
struct change;

/* Fill CHANGE for ATTEMPT's record; the caller sets plan and arg. Pair with change_clear. */
void update_begin(struct change *change, struct attempt *attempt);

/* change_run, and again while the vendor does not know yet what this mount has made. As that. */
int update_run(struct change *change);

/* CHANGE ended with ERROR: tell the roster and the history. Returns ERROR. */
int update_finish(struct change *change, int error);

#endif
