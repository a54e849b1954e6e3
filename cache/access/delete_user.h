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
 * Delete user ID, of ROSTER or whose status it is, for good: counted by status_limit. As
 * unlink_record, but -EINVAL without allow_delete, as for any other word that is no status, and
 * -EOPNOTSUPP where the vendor deletes none.
 */
int delete_user(struct call *call, struct roster *roster, struct guard *guard, const char *id);

#endif
