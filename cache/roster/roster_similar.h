/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster_similar.h - those whose emails a reader takes for a given one, as far as a roster knows.
 */
#ifndef ROSTERFS_ROSTER_SIMILAR_H
#define ROSTERFS_ROSTER_SIMILAR_H

#include <stdbool.h>

struct roster;
struct snapshot;

/*
 * Return those whose emails a reader takes for the one with KEY (address.h, skeleton.h), without
 * those with KEY: a snapshot of them alone, a new reference, by what is known now, fresh or not.
 * NULL: no memory. *KNOWN tells whether that is a whole roster, *MORE whether there are more than
 * the snapshot has. Never waits; the first call for a snapshot takes a while.
 */
struct snapshot *roster_similar_find(struct roster *roster, const char *key, bool *known,
				     bool *more);

#endif
