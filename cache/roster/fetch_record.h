/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_record.h - what a flight fetches by id: one record, those with an email, the key's own
 * user.
 *
 * Private to cache/roster. The functions run on the flight's thread, without the roster's lock, and
 * may wait. They install what came, and return 0 or a negative errno with a message in the flight's
 * call.
 */
#ifndef ROSTERFS_FETCH_RECORD_H
#define ROSTERFS_FETCH_RECORD_H

struct flight;
struct record;
struct roster;

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

/*
 * Fetch every record that had the email of FLIGHT and is no longer listed (gone.h), and every
 * record whose row is illegible (illegible.h). Return 0 whether they exist or not, or a negative
 * errno with a message in the flight's call. Runs on the flight's thread; may wait.
 */
int fetch_email(struct flight *flight);

/* Fetch the id of the key's own user. -ENODATA: the vendor does not tell. */
int fetch_self(struct flight *flight);

/*
 * Install RECORD (borrowed; NULL: absent) for ID, which FLIGHT has fetched alone, unless the roster
 * has something newer.
 */
void fetch_put(const struct flight *flight, const char *id, struct record *record);

/* Return a reference to what is held of ID, or NULL. */
struct record *fetch_held(struct roster *roster, const char *id);

/* Let RECORD, which has just come, keep its time if what is held of it was saved here. */
void fetch_keep_time(struct roster *roster, struct record *record);

#endif
