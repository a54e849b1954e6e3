/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sharing.h - the keys of [rosterfs] about the shared store, taken together.
 */
#ifndef ROSTERFS_SHARING_H
#define ROSTERFS_SHARING_H

#include "cache/shared/shared.h"

struct config;
struct keys;
struct section;

/*
 * Check the keys of SECTION, [rosterfs], which CONFIG has: whether this build has a store, the URL,
 * and that the key is given. Reads the files of the key and of the password. What is wrong is added
 * to the faults of KEYS. Blocks on the file system.
 */
void sharing_read(const struct keys *keys, const struct section *section, struct config *config);

/* Return what a store is opened with: CONFIG has one. Borrowed. */
struct shared_settings sharing_settings(const struct config *config);

/* Wipe and free what CONFIG has of it. */
void sharing_clear(struct config *config);

#endif
