/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absence.h - whether a vendor has a record: its GET by id and its list, together.
 *
 * A GET by id that answers 404 proves nothing alone, and neither does a list that lacks a record: a
 * vendor may list active users only, and another one may have no GET by id. A record does not exist
 * if both agree: the GET answers 404 (or 400, for an id that can be none, or 405), and the newest
 * complete list, read again where it is not fresh or still has the record, lacks it. If the list
 * has it, the vendor has no GET by id: the row is read anew and is the record, also for writes. If
 * it has a record whose GET answers 400, that 400 stands.
 */
#ifndef ROSTERFS_ABSENCE_H
#define ROSTERFS_ABSENCE_H

#include <jansson.h>
#include <stdbool.h>

struct call;
struct roster;

/*
 * Fetch record ID for a change, or to see what became of one: as item_get, with the same ETAG
 * (*ETAG is NULL where the record is a row), but -ENOENT means that the record does not exist. Then
 * the roster knows it, unless the record was made here just now. The row is that of a list, or of
 * its page, that was asked for after the GET. *BY_ROW (BY_ROW may be NULL): it is a row. -EREMOTEIO
 * for a write whose row shows less than GETs of other records do: what it lacks would be lost. May
 * wait.
 */
int absence_get(struct roster *roster, struct call *call, const char *id, json_t **record,
		char **etag, bool *by_row);

/*
 * Fetch the status of user ID from ROSTER, whose collection has an absent_status. As absence_get
 * for the user. If the vendor has the user and shows no status, the list of statuses has it.
 * -ENOENT: there is no such user. May wait.
 */
int absence_get_status(struct roster *roster, struct call *call, const char *id, json_t **record);

#endif
