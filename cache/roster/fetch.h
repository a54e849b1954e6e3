/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.h - what a flight fetches: the whole roster, one record, or the key's own user.
 *
 * Private to cache/roster. The functions run on the flight's thread, without the roster's lock, and
 * may wait. They install what came, and return 0 or a negative errno with a message in the flight's
 * call.
 */
#ifndef ROSTERFS_FETCH_H
#define ROSTERFS_FETCH_H

struct flight;
struct record;

/* Fetch the whole roster. */
int fetch_whole(struct flight *flight);

/*
 * Fetch the record flight->asked. -ENOENT: it does not exist. -EAGAIN: the GET failed as
 * flight->missed, and only the list can tell what that means.
 */
int fetch_record(struct flight *flight);

/*
 * Fetch the record flight->asked by a GET, because its row lacks fields. An error is that of the
 * GET, whatever the list has.
 */
int fetch_detail(struct flight *flight);

/* Fetch the id of the key's own user. -ENODATA: the vendor does not tell. */
int fetch_self(struct flight *flight);

/*
 * Install RECORD (borrowed; NULL: absent) for ID, which FLIGHT has fetched alone, unless the roster
 * has something newer.
 */
void fetch_put(const struct flight *flight, const char *id, struct record *record);

#endif
