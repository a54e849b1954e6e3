/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_match.h - find out whether a record is the one that a POST has created.
 */
#ifndef ROSTERFS_CREATE_MATCH_H
#define ROSTERFS_CREATE_MATCH_H

#include <jansson.h>
#include <stdbool.h>

struct creation;

/*
 * Is RECORD (borrowed), which the vendor shows as ID, one that the POST can have made? 0; -EEXIST,
 * and words: it was there before, and has the email that was wanted; or -EREMOTEIO, and words: it
 * is another one. Never waits.
 */
int create_match_check(struct creation *creation, const char *id, const json_t *record);

/* Does RECORD leave open whether it is new, so that create_match_check must see what a GET shows?
 */
bool create_match_is_open(const struct creation *creation, const json_t *record);

/*
 * The answer to the POST was lost, or is about another record: errno and words are in the call. Did
 * it take? 0 and the id and the record in CREATION, or the negative errno. May wait.
 */
int create_match_settle(struct creation *creation);

#endif
