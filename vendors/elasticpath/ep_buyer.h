/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_buyer.h - the sign-in of an Elastic Path buyer: a request whose response is a token.
 */
#ifndef ROSTERFS_EP_BUYER_H
#define ROSTERFS_EP_BUYER_H

#include "vendors/vendor.h"

/* As vendor->transaction. The vendor's response is passed on unchanged. */
extern const struct transaction ep_buyer_tokens;

#endif
