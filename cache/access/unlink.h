/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unlink.h - end a link, or delete a record that is no user.
 */
#ifndef ROSTERFS_UNLINK_H
#define ROSTERFS_UNLINK_H

struct call;
struct guard;
struct roster;

/*
 * Delete record ID: counted by status_limit. 0 when the vendor shows it no more, or a negative
 * errno with words in CALL: -EPERM without allow_delete, or where the vendor deletes none,
 * -EREMOTEIO where it says that it has, and goes on showing it. May wait.
 */
int unlink_record(struct call *call, struct roster *roster, struct guard *guard, const char *id);

#endif
