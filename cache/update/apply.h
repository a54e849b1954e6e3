/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.h - send a change to the vendor.
 *
 * The functions block while the vendor is asked. They return 0 or a negative errno with a message
 * in the change's call.
 */
#ifndef ROSTERFS_APPLY_H
#define ROSTERFS_APPLY_H

struct change;

/*
 * Lock the record, read it by GET, plan the edits, send a PUT, prove that it took, and publish the
 * record. A PUT is sent only right after the GET that it rests on (basis.h): after a wait of any
 * kind, everything begins again with a GET. One retry_budget covers the whole change. Pair with
 * change_clear, also after an error.
 */
int apply_once(struct change *change);

/*
 * As apply_once, but repeat it for some seconds if the vendor answers that a record does not exist
 * which this mount has just created.
 */
int apply_change(struct change *change);

/* Note that CHANGE ended with ERROR, 0 or a negative errno, in the roster and in the history.
 * Returns ERROR. */
int apply_finish(struct change *change, int error);

#endif
