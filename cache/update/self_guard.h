/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self_guard.h - protect the user that rosterfs' own key belongs to.
 */
#ifndef ROSTERFS_SELF_GUARD_H
#define ROSTERFS_SELF_GUARD_H

struct call;
struct roster;

/*
 * Check that the status of record ID of ROSTER may become STATUS. May wait for the vendor (self).
 * Returns 0, also for a vendor whose keys belong to no user, or -EPERM with words in CALL if STATUS
 * is not "active" and the record is the key's own user, or if the vendor does not tell whose the
 * key is.
 */
int self_guard_check(struct call *call, struct roster *roster, const char *id, const char *status);

/*
 * Ask the vendor whose the key is, unless that is known, so that self_guard_check need not wait
 * between a GET and the PUT that must follow it at once. May wait. Errors are ignored:
 * self_guard_check meets and reports them again.
 */
void self_guard_learn(struct call *call, struct roster *roster);

#endif
