/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_membership.h - which members of an Elastic Path store belong to which of its accounts.
 *
 * The vendor has one kind of record, the account membership. It is read in three ways.
 */
#ifndef ROSTERFS_EP_MEMBERSHIP_H
#define ROSTERFS_EP_MEMBERSHIP_H

#include "vendors/vendor.h"

/* The memberships of an account of the store, by their own ids. */
extern const struct collection ep_memberships;

/* The memberships of one member, by their own ids. They can only be listed. */
extern const struct collection ep_own_memberships;

/* The memberships of an account of the store, each by its member's id (PLACE_LINKS). */
extern const struct collection ep_links;

#endif
