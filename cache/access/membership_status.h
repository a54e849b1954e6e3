/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_status.h - write a status that takes several changes at the vendor: memberships.
 */
#ifndef ROSTERFS_MEMBERSHIP_STATUS_H
#define ROSTERFS_MEMBERSHIP_STATUS_H

struct attempt;

/*
 * Make the status of ATTEMPT's record WORD (STATUS_ACTIVE or STATUS_INACTIVE). The collection has
 * set_status. The log and the audit log have what takes back each step before the first one is
 * sent. May wait. Returns 0 if all steps have taken effect, or a negative errno with a message in
 * the call that says what remains; the same call again does the rest.
 */
int membership_status_write(struct attempt *attempt, const char *word);

#endif
