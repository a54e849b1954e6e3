/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease_keep.h - the thread that renews leases. For the files of this folder.
 */
#ifndef ROSTERFS_LEASE_KEEP_H
#define ROSTERFS_LEASE_KEEP_H

struct leases;

/* Start it. Returns 0 or a negative errno. */
int lease_keep_start(struct leases *leases);
/* End it, and wait for that. Idempotent. */
void lease_keep_stop(struct leases *leases);

#endif
