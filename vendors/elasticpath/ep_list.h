/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_list.h - the list of an Elastic Path store's members, also of a store that has more members
 * than page[offset] can reach.
 */
#ifndef ROSTERFS_EP_LIST_H
#define ROSTERFS_EP_LIST_H

#include "vendors/vendor.h"

/*
 * List MEMBERS, the collection of the members. As collection->list otherwise.
 *
 * If the vendor refuses to list all of them, list the user-authentication-info of the members'
 * realm instead, by created_at. A record then has the form of a member, without the fields that
 * only a member has. Fails with EREMOTEIO if the settings name no realm, if the infos do not come
 * in the order of created_at, or if there are fewer infos than members.
 */
int ep_list_walk(struct call *call, struct account *account, const struct collection *members,
		 const char *parent, struct list_sink *sink);

#endif
