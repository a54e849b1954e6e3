/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h - answers to questions from what is known already.
 *
 * The functions with _locked are for flight.c, which holds the roster's lock.
 */
#ifndef ROSTERFS_ANSWER_H
#define ROSTERFS_ANSWER_H

#include <stdbool.h>

struct flight;
struct roster;
struct wait;
struct whole;

/*
 * Return true if it is known which user the key belongs to, or that the vendor does not tell, so
 * that WAIT_SELF needs no request.
 */
bool answer_knows_self(struct roster *roster);

/*
 * Answer WAIT if that needs no vendor. Return false if it does. A whole roster is only noted in
 * WHOLE, for answer_show.
 */
bool answer_locked(struct roster *roster, struct wait *wait, struct whole *whole);

/*
 * Answer WAIT, during the seconds of grace after the ttl, from what is stale. Return false if that
 * is not good enough.
 */
bool answer_old_locked(struct roster *roster, struct wait *wait, struct whole *whole);

/*
 * Set in WAIT what it gets from FLIGHT, which has ended with ERROR. The answer is what the fetch
 * brought, even if the ttl has ended meanwhile: a waiter does not wait twice.
 */
void answer_settle_locked(struct flight *flight, struct wait *wait, struct whole *whole, int error);

/*
 * Give each of WAITS that asked for the whole roster what WHOLE shows, if that is not empty.
 * Without the lock: no other thread knows these waits any more.
 */
void answer_show(struct roster *roster, struct whole *whole, struct wait *waits);

#endif
