/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight.h - at most one fetch of a kind at a time, and the requests that wait for it.
 *
 * A question that is fresh is answered at once. For any other, one fetch runs, however many wait
 * for it.
 */
#ifndef ROSTERFS_FLIGHT_H
#define ROSTERFS_FLIGHT_H

#include <stdbool.h>

struct roster;
struct wait;

/*
 * Ask ROSTER. WAIT's done is called exactly once, with no lock held: from this thread before
 * flight_ask returns if the answer is known, else later from another thread. Without a fresh
 * roster, the first record that is asked for by id is fetched alone, and the next one fetches the
 * whole roster. An email always needs the whole roster. Does not block.
 */
void flight_ask(struct roster *roster, struct wait *wait);

/*
 * Ask ROSTER for a list that is fetched from now on, although the one that is known may be fresh;
 * a fetch that is under way counts, and one of another host. WAIT (WAIT_WHOLE) as for flight_ask;
 * NULL: nothing waits for it, and what is known stays if it fails. Does not block.
 */
void flight_renew(struct roster *roster, struct wait *wait);

/*
 * Withdraw WAIT. Return true if done will not be called any more, false if it was called or is
 * being called. A fetch without waiters is cancelled.
 */
bool flight_leave(struct roster *roster, struct wait *wait);

/*
 * Cancel all fetches of ROSTER. Their waiters get -EINTR, and so does every later question.
 * Idempotent.
 */
void flight_stop(struct roster *roster);

#endif
