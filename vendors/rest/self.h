/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self.h - the user that the key of an account belongs to.
 */
#ifndef ROSTERFS_SELF_H
#define ROSTERFS_SELF_H

struct account;
struct call;

/*
 * Put the id of the user that ACCOUNT's key belongs to into *ID (the caller frees): what the vendor
 * tells, else the setting self_id. May wait. Returns 0, -ENODATA if neither tells or the key
 * belongs to no user, or another negative errno with words in CALL. Logs the vendor's response if
 * it does not tell, and a self_id that contradicts it.
 */
int self_find(struct call *call, struct account *account, char **id);

/*
 * As vendor->self, for a vendor with self_request: ask it, and its alternatives while a response
 * does not tell. Without self_request nobody tells: -ENODATA.
 */
int self_by_rule(struct call *call, struct account *account, char **id);

#endif
