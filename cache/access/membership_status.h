/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_status.h - a status that is made of several changes at the vendor: memberships that are ended.
 */
#ifndef ROSTERFS_MEMBERSHIP_STATUS_H
#define ROSTERFS_MEMBERSHIP_STATUS_H

struct attempt;

/*
 * For status_write, when the collection has set_status: make the status of ATTEMPT's record be
 * WORD. What undoes each step is in the log and the audit log before the first one. Complete, or a
 * negative errno and words that say what is left; the same call again does the rest. May wait.
 */
int steps_status(struct attempt *attempt, const char *word);

#endif
