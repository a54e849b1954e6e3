/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.h - the vendors that `type` of a section may name: those in C, and those that a file
 * describes.
 */
#ifndef ROSTERFS_TYPES_H
#define ROSTERFS_TYPES_H

#include <stddef.h>

struct description;
struct keys;
struct section;
struct vendor;

#define TYPES_FOLDERS_MAX 4

/* What has been found so far. All zero is empty. */
struct types {
	char *folders[TYPES_FOLDERS_MAX + 1]; /* where descriptions are looked for, in this order */
	struct description **list;            /* those that were read; owned */
	size_t count;
};

/* Set the folders for the config FILE. Returns 0 or -ENOMEM. Pair with types_clear. */
int types_init(struct types *types, const char *file);

/* Free everything except the descriptions, which the caller has taken. */
void types_clear(struct types *types);

/*
 * Find the vendor of SECTION, which its key `type` or else its name says, in keys->types. Returns
 * 0, the vendor in *VENDOR and its description in *DESCRIPTION (NULL: it is in C); or -EINVAL if
 * none is known. A misspelt type is a fault, and the one that is meant is found. May block on the
 * description's file.
 */
int types_find(const struct keys *keys, struct section *section, const struct vendor **vendor,
	       struct description **description);

#endif
