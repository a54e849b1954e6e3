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
 * Link user ID into ROSTER, which is one of links: counted by status_limit. 0 (also when somebody
 * else has made the link) or a negative errno with words in CALL. May wait.
 */
int link_create(struct call *call, struct roster *roster, struct guard *guard, const char *id);

#endif
