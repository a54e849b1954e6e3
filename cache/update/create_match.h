/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_match.h - find out whether a record is the one that a POST has created.
 *
 * A response may be about another record: a vendor may return the record that has the email
 * already, and a proxy may mix up responses. A record that was known before, that has another
 * email, or that was created long before the POST is left alone, because the document would
 * overwrite it.
 */
#ifndef ROSTERFS_CREATE_MATCH_H
#define ROSTERFS_CREATE_MATCH_H

#include <jansson.h>
#include <stdbool.h>

struct creation;

/*
 * Read the list of a described vendor before the POST, if it is not fresh and no time of creation
 * will tell a new record from one that was there. May block. Returns 0 or a negative errno with a
 * message in the call.
 */
int create_match_prepare(struct creation *creation);

/*
 * Check that RECORD (borrowed), which the vendor shows as ID, can have been created by the POST.
 * Does not block. Returns 0 or, with a message in the call, -EEXIST if it existed before and has
 * the wanted email, or -EREMOTEIO if it is another record.
 */
int create_match_check(struct creation *creation, const char *id, const json_t *record);

/* Return true if RECORD does not show whether it is new, so that create_match_check must see what a
 * GET shows. */
bool create_match_is_open(const struct creation *creation, const json_t *record);

/*
 * Find out by the email whether a POST took whose response was lost, or was about another record;
 * the error and its message are in the call. The new record is the one that has the email and was
 * certainly not there before. May block. Returns 0 with the id and the record in CREATION, or the
 * error as a negative errno.
 */
int create_match_settle(struct creation *creation);

#endif
