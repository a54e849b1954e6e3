/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_member.h - Elastic Path's account members: the users of a store's directory.
 */
#ifndef ROSTERFS_EP_MEMBER_H
#define ROSTERFS_EP_MEMBER_H

#include "vendors/vendor.h"

extern const struct collection ep_members;

#endif
