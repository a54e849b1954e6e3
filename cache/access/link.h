/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - make a link.
 */
#ifndef ROSTERFS_LINK_H
#define ROSTERFS_LINK_H

struct call;
struct guard;
struct roster;

/*
 * Link user ID into ROSTER, a roster of links. Counted by status_limit. May wait. Returns 0, also
 * if the link was there already, or a negative errno with a message in CALL.
 */
int link_create(struct call *call, struct roster *roster, struct guard *guard, const char *id);

#endif
