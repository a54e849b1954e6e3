/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hosts.h - which other mounts use the store, what they share with this one, and in what their
 * hosts differ.
 *
 * Each mount keeps an entry in the store, sealed: its host, its version and its accounts. It reads
 * those of the others when the server can be used (again), and a few times a minute. A difference
 * is logged once; none does any harm.
 */
#ifndef ROSTERFS_HOSTS_H
#define ROSTERFS_HOSTS_H

#include "cache/store/shared_state.h"

#include <stdio.h>

struct hosts;

/* Create what is known of the hosts, which is nothing yet, or NULL: no memory. */
struct hosts *hosts_new(struct shared *shared);
void hosts_free(struct hosts *hosts); /* NULL is a no-op */

/* Renew this mount's entry and read those of others. Waits for the server, a few seconds at most;
 * one thread at a time. */
void hosts_meet(struct hosts *hosts);

/* Delete this mount's entry. Waits for the server, for less than half a second. */
void hosts_leave(struct hosts *hosts);

/* Print the line of .rosterfs/status about other mounts, and one about this host's clock if that
 * is wrong by the server's, into STREAM; or nothing. Does not wait. */
void hosts_print(struct hosts *hosts, FILE *stream);

/* Return how many other mounts there are. Does not wait. */
unsigned hosts_count(struct hosts *hosts);

#endif
