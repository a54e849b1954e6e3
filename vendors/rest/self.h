/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self.h - the user that the key of an account belongs to.
 */
#ifndef ROSTERFS_SELF_H
#define ROSTERFS_SELF_H

struct account;
struct call;

/*
 * Find the id of the user that our key belongs to: what the vendor says, else the setting self_id.
 * Contract as that of vendor->self; -ENODATA also if our keys are no user's. Logs what the vendor
 * answered if it does not tell, and a self_id that contradicts it.
 */
int self_find(struct call *call, struct account *account, char **id);

#endif
