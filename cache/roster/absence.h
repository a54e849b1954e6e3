/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absence.h - whether a vendor has a record: its GET by id and its list, together.
 *
 * A GET by id that answers 404 proves nothing alone, and neither does a list that lacks a record: a
 * vendor may list active users only, and another vendor may have no GET by id. A record does not
 * exist if both agree: the GET answers 404 (or 400, for an id that cannot exist, or 405), and the
 * newest complete list, read again if it is not fresh or still has the record, lacks it. If the
 * list has the record, the vendor has no GET by id: the row is read again and is the record, also
 * for writes. If the list has a record whose GET answers 400, the 400 stands.
 */
#ifndef ROSTERFS_ABSENCE_H
#define ROSTERFS_ABSENCE_H

#include <jansson.h>
#include <stdbool.h>

struct call;
struct flight;
struct roster;
struct wait;

/*
 * Fetch record ID for a change, or to find out what became of one. As item_get, with the same
 * ETAG (*ETAG is NULL if the record is a row), but -ENOENT means that the record does not exist.
 * The roster then knows that, unless this mount has just made the record. The row is that of a
 * list, or of its page, that was requested after the GET. *BY_ROW tells whether the record is a
 * row; BY_ROW may be NULL. Fails with -EREMOTEIO for a write if the row shows less than GETs of
 * other records do, because the rest would be lost. May wait.
 */
int absence_get(struct roster *roster, struct call *call, const char *id, json_t **record,
		char **etag, bool *by_row);

/*
 * Fetch the status of user ID from ROSTER, whose collection has an absent_status. As absence_get
 * for the user. If the vendor has the user and shows no status, the list of statuses has it.
 * -ENOENT: there is no such user. May wait.
 */
int absence_get_status(struct roster *roster, struct call *call, const char *id, json_t **record);

/*
 * Note what the whole list, which FLIGHT has fetched because the GET of its record failed as
 * flight->missed, says of that record. Without the lock.
 */
void absence_note_list(struct flight *flight);

/*
 * Answer WAIT if it is for the record whose GET failed as flight->missed. FLIGHT has ended with
 * ERROR. Return false if WAIT is for something else, or if what is known by now answers it.
 */
bool absence_settle_locked(struct flight *flight, struct wait *wait, int error);

/*
 * Return true if the whole list that FLIGHT has just brought leaves WAIT unanswered: it lacks a
 * record that may still exist, or a user that had an email, or has a row that is not JSON. The
 * vendor must then be asked by id.
 */
bool absence_asks_on_locked(const struct flight *flight, const struct wait *wait);

#endif
