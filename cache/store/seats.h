/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seats.h - the seats of the rosters that this mount has now, for what arrives from other mounts.
 *
 * A seat that was found stays until seats_done: seats_remove waits for that. No lock is held while
 * the caller uses a seat. Any thread, except that who uses a seat must not remove one.
 */
#ifndef ROSTERFS_SEATS_H
#define ROSTERFS_SEATS_H

#include "cache/store/shared_state.h"

/* Let SEAT be found from now on. */
void seats_add(struct store_seat *seat);

/* Let SEAT not be found any more, and wait until nobody uses it. A no-op if it was not added. */
void seats_remove(struct store_seat *seat);

/* Return the seat with NAME, of the account with the name ACCOUNT, for seats_done; or NULL: this
 * mount has no such roster now. */
struct store_seat *seats_find(struct shared *shared, const char *account, const char *name);
void seats_done(struct store_seat *seat); /* NULL is a no-op */

/* Call RUN(ARG, SEAT) with each seat of the account with the name ACCOUNT (NULL: of all), with no
 * lock held. One that is added meanwhile may be left out. Returns 0 or -ENOMEM: RUN was not called.
 */
int seats_each(struct shared *shared, const char *account,
	       void (*run)(void *arg, struct store_seat *seat), void *arg);

#endif
