/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_info.h - the user-authentication-info: the second half of an Elastic Path member.
 *
 * It has the member's id and is in the realm that the settings name (ep_settings.h). It holds the
 * member's name and email.
 */
#ifndef ROSTERFS_EP_INFO_H
#define ROSTERFS_EP_INFO_H

#include "vendors/vendor.h"

/* Return true if the info, and not the member itself, holds the member's field NAME. */
bool ep_info_takes(const char *name);

/* Return the id of INFO, which is the member's. As collection_id; NULL also if INFO is NULL. */
const char *ep_info_id(const json_t *info, char *buffer);

/* Return the member with ID in the form of a member, as far as INFO, its info, has it: a new
 * reference. NULL: no memory. */
json_t *ep_info_member(const json_t *info, const char *id);

/*
 * Update the info of member ID. HALF is everything that an info takes of the member; EDITS is the
 * part of it that has changed. Read the info first and send back what else it has. If the vendor
 * has no such info, send all of HALF.
 *
 * Return as item_put. Set *KNOWN to false if the settings name no realm; nothing was sent then.
 * May block on the vendor.
 */
enum vendor_outcome ep_info_put(struct call *call, struct account *account, const char *id,
				const json_t *half, const json_t *edits, json_t **answer,
				bool *known);

/* Create INFO. Return as item_post; KNOWN as in ep_info_put. May block on the vendor. */
enum vendor_outcome ep_info_post(struct call *call, struct account *account, const json_t *info,
				 json_t **answer, bool *known);

#endif
