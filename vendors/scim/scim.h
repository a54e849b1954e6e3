/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim.h - SCIM 2.0 (RFC 7643, RFC 7644): what its description (kind = scim) leaves to code.
 *
 * That is the PatchOp, and whether a server takes one: its ServiceProviderConfig says so, if it has
 * one. All else, paging and requests and fields, is in the description.
 */
#ifndef ROSTERFS_SCIM_H
#define ROSTERFS_SCIM_H

struct collection;
struct rule_update;

/*
 * Complete COLLECTION, users or groups of a description of kind scim, and its UPDATE: a PATCH with
 * a PatchOp as {changes}, and as its alternative the PUT of {record}.
 */
void scim_hook(struct collection *collection, struct rule_update *update);

#endif
