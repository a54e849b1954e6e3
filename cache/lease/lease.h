/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.h - the lock of a record on all hosts: a lease, renewed, with a fencing token.
 *
 * A lease is LEASE_SECONDS long. A thread renews those that this mount holds. Those that wait for a
 * record are a queue at the server; who unlocks hands the record to the first, and tells it by its
 * mailbox (feed.h), so that nobody polls. A waiter that died is passed over when its lease ends:
 * all records of a killed mount are free again within 5 s.
 *
 * Each lease has a token that is greater than that of the lease before. No vendor checks it. It
 * shows in which order mounts held a record.
 */
#ifndef ROSTERFS_LEASE_H
#define ROSTERFS_LEASE_H

#include "cache/roster/store.h"

#include <stdbool.h>

#define LEASE_SECONDS 3.0

struct leases;
struct shared;

struct leases *leases_new(struct shared *shared);
void leases_free(struct leases *leases);
int leases_start(struct leases *leases);
void leases_stop(struct leases *leases); /* gives back what is held; idempotent */

/* As the operations of store_ops. */
int lease_lock(struct store_seat *seat, struct call *call, const char *id,
	       struct store_lease **lease);
void lease_unlock(struct store_lease *lease);
int lease_check(struct store_lease *lease, struct call *call);
bool lease_lost(struct store_lease *lease);
int lease_since(struct store_seat *seat, struct store_lease *lease, struct record **newest,
		char host[64]);

/* How many leases are held and waited for, and how many were lost. Does not wait. */
void leases_counts(struct leases *leases, unsigned *held, unsigned *waiting, uint64_t *lost);

#endif
