/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collection.h - what the table of a collection says about one record: pure functions over JSON.
 */
#ifndef ROSTERFS_COLLECTION_H
#define ROSTERFS_COLLECTION_H

#include "vendors/json/id_text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct collection;
struct field;

#define COLLECTION_ID_MAX ID_TEXT_MAX /* bytes of the buffer for an id */
#define COLLECTION_WORDS_MAX 256      /* bytes of a pointer as messages write it, with the NUL */

/* Return the value at PATH (pointer.h) in RECORD, borrowed, or NULL. */
json_t *collection_value(const json_t *record, const char *path);

/* Remove the value at PATH from RECORD, if it is there. */
void collection_remove(json_t *record, const char *path);

/* Return POINTER as messages write it, "address.city": POINTER itself, or written to BUFFER. */
const char *collection_words(const char *pointer, char buffer[COLLECTION_WORDS_MAX]);

/* Return the flags of FIELD. One that the vendor shows and takes, and rosterfs does not show
 * (FIELD_CONFIDENTIAL without FIELD_SYSTEM), also has FIELD_WRITE_ONLY. */
unsigned collection_field_flags(const struct field *field);

/* Return the flags of the fields that are at PATH (DEPTH names), or contain it, together. 0: the
 * table names none. */
unsigned collection_flags_at(const struct collection *collection, char *const *path, size_t depth);

/* As collection_flags_at, for member NAME on the top level of a record. */
unsigned collection_flags(const struct collection *collection, const char *name);

/* Return true if a field with any of FLAGS is inside of what is at PATH. */
bool collection_has_below(const struct collection *collection, char *const *path, size_t depth,
			  unsigned flags);

/* Return true if a field with any of FLAGS is not on the top level of a record. */
bool collection_is_nested(const struct collection *collection, unsigned flags);

/* Remove all fields with any of FLAGS from RECORD (or NULL). */
void collection_strip(const struct collection *collection, json_t *record, unsigned flags);

/*
 * Return the record in ANSWER, borrowed, out of its envelope {"user":{..}}; or ANSWER itself, if it
 * is a record: it has an id, or, in a single collection, its type. Links beside the record, if the
 * collection has such a field, are moved into it, where a row of a list has them. NULL: there is no
 * record.
 */
json_t *collection_unwrap(const struct collection *collection, json_t *answer);

/*
 * Return the id of RECORD as text (id_text.h), from a string or an integer: borrowed, or written to
 * BUFFER (COLLECTION_ID_MAX bytes). NULL: the record has no id, an empty one, or one that
 * id_text_of refuses.
 */
const char *collection_id(const struct collection *collection, const json_t *record, char *buffer);

/* Return true if RECORD has a value where its id stands, whatever that is. */
bool collection_has_id(const struct collection *collection, const json_t *record);

/* Return the id of RECORD in item paths. Otherwise as collection_id. */
const char *collection_path_id(const struct collection *collection, const json_t *record,
			       char *buffer);

/* Return false if something other than a record is at the item path of ID. */
bool collection_may_have(const struct collection *collection, const char *id);

/* Return the email of RECORD, borrowed: a string that is not empty and may include NUL; or NULL. */
const json_t *collection_email_value(const struct collection *collection, const json_t *record);

/* Return the email of RECORD as text, or NULL if it has none, or one that includes NUL. */
const char *collection_email(const struct collection *collection, const json_t *record);

/*
 * Set *TIME to the last update of RECORD, from the first time key that can be read: "2024-01-02
 * 03:04:05" (UTC), ISO 8601 with Z or an offset, with or without a fraction; or an epoch, as a
 * number or as digits: seconds, or from 10^11 on milliseconds. Numbers below 10^8 (1973) are no
 * times. Returns false if the record does not tell.
 */
bool collection_time(const struct collection *collection, const json_t *record,
		     struct timespec *time);

/* As collection_time, except that the time of creation does not stand in for an update: versions
 * can be told apart by it. */
bool collection_updated(const struct collection *collection, const json_t *record,
			struct timespec *time);

/* Set *TIME to the creation of RECORD. Otherwise as collection_time. */
bool collection_created(const struct collection *collection, const json_t *record,
			struct timespec *time);

/*
 * Return the first field with FIELD_EACH_TIME that BODY, the body of a PUT, lacks, or has as null
 * or
 * "". The name is static. NULL: it has them all.
 */
const char *collection_lacks(const struct collection *collection, const json_t *body);

/*
 * Return true if RECORD, as the vendor shows it, hides the value of FIELD: a write-only field, or
 * one that the vendor may hide (FIELD_MAY_HIDE) and does not show.
 */
bool collection_hides_field(const struct field *field, const json_t *record);

/* Return true if RECORD hides what is at PATH (DEPTH names), as collection_hides_field tells. */
bool collection_hides(const struct collection *collection, const json_t *record, char *const *path,
		      size_t depth);

/* Remove from RECORD what must never be shown: confidential and write-only fields. */
void collection_hide(const struct collection *collection, json_t *record);

/* Remove from VALUE, which stands at PATH in a record, what must never be shown inside of it. */
void collection_hide_below(const struct collection *collection, char *const *path, size_t depth,
			   json_t *value);

/*
 * Return the path of the list of PARENT (or NULL), or, with ID, of one record, with ids (id_text.h)
 * escaped. The caller frees it. NULL: no memory.
 */
char *collection_path(const struct collection *collection, const char *parent, const char *id);

#endif
