/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_common.h - what all collections of an Elastic Path store have in common.
 *
 * Pure: nothing here blocks, allocates or locks. Sources of the facts: vendors/README.md.
 */
#ifndef ROSTERFS_EP_COMMON_H
#define ROSTERFS_EP_COMMON_H

#include "vendors/vendor.h"

extern const char *const ep_common_id_keys[];
extern const char *const ep_common_time_keys[];
extern const char *const ep_common_created_keys[];

/* The "type" of a member's record. */
#define EP_COMMON_MEMBER_TYPE "account_member"

/* The rows of a struct collection that describe a list at this vendor, for its initializer. */
#define EP_COMMON_LIST                                                                             \
	.list_key = "data", .item_key = "data", .offset_ceiling = 10000, .page_size = 100,         \
	.wraps_requests = true, .time_keys = ep_common_time_keys, .paging = ep_common_paging,      \
	.totals = ep_common_totals

/* As collection->paging: page[offset] and page[limit], for each account. */
enum paging ep_common_paging(const struct account *account);

/*
 * As collection->totals. meta.results.total counts records. meta.page.total counts pages and is
 * used only if there is no meta.results.total. A link to a next page overrides both.
 */
void ep_common_totals(const json_t *answer, struct walk_totals *totals);

/* As collection->creates: return true for each account. */
bool ep_common_creates(const struct account *account);

#endif
