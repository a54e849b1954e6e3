/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease_script.h - ask the server about a lease, in one round trip. For the files of this folder.
 *
 * Functions wait, and return 0 or a negative errno.
 */
#ifndef ROSTERFS_LEASE_SCRIPT_H
#define ROSTERFS_LEASE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leases;
struct store_lease;

/* What the server says to who asks for a record. */
struct lease_turn {
	bool granted;
	int64_t token;  /* of the grant */
	int64_t time;   /* the server's, in milliseconds */
	unsigned again; /* milliseconds until it is worth asking again, without a message */
};

/* Take LEASE if its record is free, or extend it, or stay in the queue for it. */
int lease_script_ask(struct store_lease *lease, struct lease_turn *turn);

/* Hand the record to the next that waits, if LEASE has it; leave the queue. */
int lease_script_leave(struct store_lease *lease);

/* Let a server that is new, or may have forgotten leases, begin the time for which it gives none,
 * so that it has passed when the first is asked for. */
int lease_script_settle(struct leases *leases);

/* Extend the leases that LINES names, each "KEY TICKET\\n". RESULT (COUNT bytes and a NUL) gets '1'
 * for each that is held, else '0'. */
int lease_script_renew(struct leases *leases, const char *lines, char *result, size_t count);

#endif
