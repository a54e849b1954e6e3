/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.h - send a change to the vendor.
 */
#ifndef ROSTERFS_APPLY_H
#define ROSTERFS_APPLY_H

struct change;

/*
 * Lock the record, GET, plan, PUT, prove, publish. A PUT leaves only right after the GET that it
 * rests on (basis.h); after a wait of any kind all begins anew with a GET. One retry_budget covers
 * the whole change. Returns 0 or a negative errno with words in the call. Pair with change_clear,
 * in any case.
 */
int apply_once(struct change *change);

/* apply_once, and again while the vendor does not know yet what this mount has made. As that. */
int apply_change(struct change *change);

/* CHANGE ended with ERROR: tell the roster and the history. Returns ERROR. */
int apply_finish(struct change *change, int error);

#endif
