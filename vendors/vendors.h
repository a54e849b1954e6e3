/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vendors.h - the list of vendors that are written in C.
 */
#ifndef ROSTERFS_VENDORS_H
#define ROSTERFS_VENDORS_H

struct vendor;

/* All of them, ending with NULL. */
extern const struct vendor *const vendors[];

/* Return the vendor whose type is TYPE, or NULL. */
const struct vendor *vendors_find(const char *type);

#endif
