/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete_user.h - delete a user for good.
 */
#ifndef ROSTERFS_DELETE_USER_H
#define ROSTERFS_DELETE_USER_H

struct call;
struct guard;
struct roster;

/*
 * Delete user ID, a record of ROSTER or of the roster of users whose statuses ROSTER has. Counted
 * by status_limit. May wait. Returns 0 if the vendor no longer shows the user, or a negative errno
 * with a message in CALL: -EINVAL without allow_delete, as for any word that is no status,
 * -EOPNOTSUPP if the vendor does not delete users, -EREMOTEIO if it has answered success and still
 * shows the user.
 */
int delete_user(struct call *call, struct roster *roster, struct guard *guard, const char *id);

#endif
