/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collection.h - what the table of a collection says about one record: pure functions over JSON.
 */
#ifndef ROSTERFS_COLLECTION_H
#define ROSTERFS_COLLECTION_H

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

struct collection;

/* The value at PATH ("meta.updated_at") in RECORD, borrowed, or NULL. */
json_t *collection_value(const json_t *record, const char *path);

/* Remove the value at PATH from RECORD, if it is there. */
void collection_remove(json_t *record, const char *path);

/* The flags of field NAME in COLLECTION; 0 for a field that the table does not name. */
unsigned collection_flags(const struct collection *collection, const char *name);

/*
 * Take RECORD (a borrowed reference inside ANSWER) out of its envelope {"user":{..}}; an answer
 * that is the bare record passes too: it has an id, or, where there is but one record, its type.
 * Links that stand beside it, where the collection has such a field, are put into it, as in a row
 * of a list. NULL: there is no object.
 */
json_t *collection_unwrap(const struct collection *collection, json_t *answer);

/*
 * The id of RECORD as text, from a string or an integer; written to BUFFER when it is a number
 * (at least 24 bytes). NULL: the record has no id, or an empty one.
 */
const char *collection_id(const struct collection *collection, const json_t *record, char *buffer);

/* The id of RECORD in item paths, like collection_id's. */
const char *collection_path_id(const struct collection *collection, const json_t *record,
			       char *buffer);

/* Could a record have ID, or is something else at its item path? */
bool collection_may_have(const struct collection *collection, const char *id);

/* The email of RECORD, a string that is not empty and may include NUL, borrowed, or NULL. */
const json_t *collection_email_value(const struct collection *collection, const json_t *record);

/* The same as text. NULL: it has none, or one that includes NUL. */
const char *collection_email(const struct collection *collection, const json_t *record);

/*
 * When RECORD was last updated, from the first time key that can be read: "2024-01-02 03:04:05"
 * (UTC), ISO 8601 with Z or an offset, with or without a fraction. False: the record does not tell.
 */
bool collection_time(const struct collection *collection, const json_t *record,
		     struct timespec *time);

/* The same, but the time when it was made does not stand in for it: versions can be told by it. */
bool collection_updated(const struct collection *collection, const json_t *record,
			struct timespec *time);

/* The same: when RECORD was made. */
bool collection_created(const struct collection *collection, const json_t *record,
			struct timespec *time);

/*
 * The first field (FIELD_EACH_TIME) that BODY, which is to be PUT, has not or has as null or "";
 * in static memory. NULL: it has them all.
 */
const char *collection_lacks(const struct collection *collection, const json_t *body);

/*
 * Does RECORD, as the vendor shows it, not tell what it has in field NAME, although the vendor must
 * have been told: a write-only field, or one that it may hide (FIELD_MAY_HIDE) and has not shown?
 */
bool collection_hides(const struct collection *collection, const json_t *record, const char *name);

/* Remove from RECORD what must never be shown: confidential and write-only fields. */
void collection_hide(const struct collection *collection, json_t *record);

/* The path of the list, or with ID of one record, escaped; the caller frees. NULL: no memory. */
char *collection_path(const struct collection *collection, const char *parent, const char *id);

#endif
