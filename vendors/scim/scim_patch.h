/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim_patch.h - the PatchOp of SCIM 2.0 (RFC 7644, section 3.5.2) that turns one resource into
 * another.
 *
 * Pure; nothing here waits.
 */
#ifndef ROSTERFS_SCIM_PATCH_H
#define ROSTERFS_SCIM_PATCH_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Return the body of a PATCH that makes WANTED of FRESH, a new reference: an operation with a path
 * for each attribute that differs, because servers disagree about operations without one.
 * - A member that WANTED lacks stays; one that is null is removed.
 * - The parts of a complex attribute ("name.givenName") and of an extension
 *   ("urn:...:User:department") have operations of their own.
 * - The elements of a multi-valued attribute are addressed by their `value`
 *   (`emails[value eq "a@example.com"].type`). If they have none, or one twice, the attribute is
 *   replaced as a whole.
 *   With PLAIN it always is: some servers take no such path.
 * - `active` is sent as a boolean, however FRESH writes it.
 * `schemas`, `id` and `meta` are never part of it. Operations is empty if nothing differs. NULL: no
 * memory.
 */
json_t *scim_patch(const json_t *fresh, const json_t *wanted, bool plain);

#endif
