/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim.h - SCIM 2.0 (RFC 7643, RFC 7644): what its description (kind = scim) leaves to code.
 *
 * That is the PatchOp, and whether a server takes one: its ServiceProviderConfig says so, if it has
 * one. And what pointers cannot find in a record (scim_record.h). All else, paging and requests and
 * fields, is in the description.
 */
#ifndef ROSTERFS_SCIM_H
#define ROSTERFS_SCIM_H

struct collection;
struct rule_status;
struct rule_update;

/*
 * Complete USERS of a description of kind scim, with its UPDATE and STATUS (each NULL: it has
 * none): a PATCH with a PatchOp as {changes}, and as its alternative the PUT of {record}. What the
 * description says otherwise than SCIM about emails and statuses stands.
 */
void scim_hook_users(struct collection *users, struct rule_update *update,
		     struct rule_status *status);

/* Complete PLACE, another collection of such a description, and its UPDATE (or NULL) as well. */
void scim_hook_place(struct collection *place, struct rule_update *update);

#endif
