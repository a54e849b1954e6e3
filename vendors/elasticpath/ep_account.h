/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_account.h - the accounts of an Elastic Path store: the companies for which its members buy.
 */
#ifndef ROSTERFS_EP_ACCOUNT_H
#define ROSTERFS_EP_ACCOUNT_H

#include "vendors/vendor.h"

extern const struct collection ep_accounts;

#endif
