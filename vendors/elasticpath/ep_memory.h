/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_memory.h - what rosterfs remembers of an Elastic Path store: account->memory.
 *
 * Made and freed with the account. Each part has its own lock, and each is a leaf: no other lock is
 * taken while it is held.
 */
#ifndef ROSTERFS_EP_MEMORY_H
#define ROSTERFS_EP_MEMORY_H

#include "vendors/elasticpath/ep_lag.h"
#include "vendors/elasticpath/ep_settings.h"

struct ep_memory {
	struct ep_settings_memory settings;
	struct ep_lag lag;
};

/* As vendor->memory_new: return an empty struct ep_memory, or NULL if there is no memory. */
void *ep_memory_new(void);

/* As vendor->memory_free: free MEMORY, a struct ep_memory. */
void ep_memory_free(void *memory);

#endif
