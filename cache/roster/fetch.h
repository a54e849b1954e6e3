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
 * Hear what other hosts have told, before FLIGHT asks for anything: what it fetches is newer than
 * that. May wait for the store, some seconds at most. Runs on the flight's thread, without the
 * roster's lock.
 */
void fetch_meet(struct flight *flight);

/*
 * Fetch the whole roster of FLIGHT and install it. Runs on the flight's thread, without the
 * roster's lock, and may wait. Returns 0 or a negative errno with a message in the flight's call.
 */
int fetch_whole(struct flight *flight);

#endif
