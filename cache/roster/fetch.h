/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.h - a flight fetches the whole roster: from the vendor, or what other hosts have fetched.
 *
 * Private to cache/roster.
 */
#ifndef ROSTERFS_FETCH_H
#define ROSTERFS_FETCH_H

struct flight;

/*
 * Fetch the whole roster of FLIGHT and install it. Runs on the flight's thread, without the
 * roster's lock, and may wait. Returns 0 or a negative errno with a message in the flight's call.
 */
int fetch_whole(struct flight *flight);

#endif
