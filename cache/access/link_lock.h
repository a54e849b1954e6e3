/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_lock.h - one writer of a user's links at a time, and of the status that they make up.
 *
 * Private to cache/access. Where a user's status consists of links (roster_statuses), and other
 * hosts share it, who makes or ends a link locks the status first, and then the link: who writes
 * the status has only the first.
 */
#ifndef ROSTERFS_LINK_LOCK_H
#define ROSTERFS_LINK_LOCK_H

#include <stdbool.h>

struct call;
struct roster;

/* As write_lock_take, for link ID of ROSTER. Pair with link_unlock. */
int link_lock(struct roster *roster, struct call *call, const char *id);

/* As write_lock_check. */
int link_lock_check(struct roster *roster, struct call *call, const char *id);

/* Publish, on all hosts, that link ID was made (or, not MADE, ended): each reads the status again.
 * After MADE, no host warns that the user is active. May wait for the store. */
void link_lock_tell(struct roster *roster, const char *id, bool made);

void link_unlock(struct roster *roster, const char *id);

#endif
