/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim_record.h - what a SCIM resource (RFC 7643) says beyond what pointers can find.
 *
 * Pure; nothing here waits.
 */
#ifndef ROSTERFS_SCIM_RECORD_H
#define ROSTERFS_SCIM_RECORD_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Return the email of USER, borrowed: the primary one of `emails`, else the first one there, else
 * the userName if it is an address. NULL: there is none.
 */
const json_t *scim_record_email(const json_t *user);

/* Return the status word for ACTIVE, the attribute or NULL: true, a text "true" in any case, null
 * and none at all mean active, anything else inactive. */
const char *scim_record_status(const json_t *active);

/* Add `schemas` to USER if it has none: those of a user and of its extensions. Unless CREATED, add
 * `active` too: servers take its absence in a PUT for true or for false. Returns 0 or -ENOMEM. */
int scim_record_complete_user(json_t *user, bool created);

/* Add `schemas` to GROUP if it has none. Returns 0 or -ENOMEM. */
int scim_record_complete_group(json_t *group, bool created);

#endif
