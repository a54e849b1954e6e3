/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_load.h - the writes of earlier mounts, from the directory history_dir.
 */
#ifndef ROSTERFS_HISTORY_LOAD_H
#define ROSTERFS_HISTORY_LOAD_H

struct history;
struct history_store;

/*
 * Add the newest writes in STORE (borrowed) to HISTORY, which has none, and keep those to come
 * there, unless STORE is read-only. Older ones are removed. A damaged one is logged and passed
 * over. Before there are threads. Blocks on the disk. Returns 0 or -ENOMEM.
 */
int history_load(struct history *history, struct history_store *store);

#endif
