/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_status.h - the status of Elastic Path's members, which is no field of theirs.
 *
 * A member is active if it has a membership in any account of the store.
 */
#ifndef ROSTERFS_EP_STATUS_H
#define ROSTERFS_EP_STATUS_H

#include "vendors/vendor.h"

/*
 * As vendor->statuses. A record is {id, status, memberships: [{id, account}]}. If the vendor does
 * not show yet what this mount created or ended (ep_lag.h), "unconfirmed" has those memberships.
 */
extern const struct collection ep_statuses;

#endif
