/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease_wait.h - wait for a lease. For the files of this folder.
 */
#ifndef ROSTERFS_LEASE_WAIT_H
#define ROSTERFS_LEASE_WAIT_H

struct call;
struct store_lease;

/* Ask for LEASE, which is in the table, until it is held. Returns 0, or a negative errno: words in
 * CALL only for -EINTR. */
int lease_wait(struct store_lease *lease, struct call *call);

/* A message for this mount: see feed_on_mail. ARG: struct leases. */
void lease_wait_mail(void *arg, const char *message);

#endif
