/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_entry.h - a mount's entry in the list of hosts, and the differences between two mounts.
 * Private to cache/shared.
 *
 * An entry is JSON: {"host", "version", "time" (the server's, milliseconds), "accounts": [{"name"
 * (of the section), "type", "base_url", "shared_name", "ttl"}]}. Local and quick.
 */
#ifndef ROSTERFS_HOST_ENTRY_H
#define ROSTERFS_HOST_ENTRY_H

#include "cache/store/shared_state.h"

#include <jansson.h>

/* Return the entry of this mount, which says that it was made at TIME, or NULL: no memory. */
json_t *host_entry_own(const struct shared *shared, int64_t time);

/* Return true if OTHER has all parts of an entry. */
bool host_entry_is_whole(const json_t *other);

/* Return the sections of this mount that OTHER shares, an array of names; NULL: no memory. */
json_t *host_entry_shares(const struct shared *shared, const json_t *other);

/* Call SAY(ARG, WORDS) for each way in which OTHER differs from this mount so that people may want
 * to know it. */
void host_entry_differ(const struct shared *shared, const json_t *other,
		       void (*say)(void *arg, const char *words), void *arg);

#endif
