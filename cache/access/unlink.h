/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unlink.h - end a link, or delete a record that is not a user.
 */
#ifndef ROSTERFS_UNLINK_H
#define ROSTERFS_UNLINK_H

struct call;
struct guard;
struct roster;

/*
 * End link ID, or delete record ID, of ROSTER. Counted by status_limit. May wait. Returns 0 if the
 * vendor no longer shows it, or a negative errno with a message in CALL: -EPERM without
 * allow_delete, or if the vendor deletes no such records, -EREMOTEIO if it has answered success and
 * still shows the record.
 */
int unlink_record(struct call *call, struct roster *roster, struct guard *guard, const char *id);

#endif
