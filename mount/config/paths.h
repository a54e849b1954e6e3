/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paths.h - the paths that the config file gives.
 *
 * For the reader of the config only. No message quotes a value, because it may be a secret.
 */
#ifndef ROSTERFS_PATHS_H
#define ROSTERFS_PATHS_H

struct entry;
struct keys;

/*
 * Make the absolute path of ENTRY's value, which is relative to the config file's directory: the
 * process leaves its working directory when it goes to the background. Returns 0 and *PATH, which
 * the caller frees, or a negative errno and a fault in KEYS.
 */
int paths_make(const struct keys *keys, const struct entry *entry, char **path);

#endif
