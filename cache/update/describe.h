/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe.h - describe a change, in text and in JSON.
 *
 * For the log, the audit log, the history and messages of errors. Nothing here waits. No text has
 * the value of a write-only field.
 */
#ifndef ROSTERFS_DESCRIBE_H
#define ROSTERFS_DESCRIBE_H

#include <jansson.h>
#include <stdbool.h>

struct change;
struct edit;

/*
 * Return VALUE (NULL: none), of EDIT's field, as JSON of at most 100 bytes; the caller frees. The
 * value of a write-only field is "(set)".
 */
char *describe_value(const struct change *change, const struct edit *edit, const json_t *value);

/* Return true if EDIT changes what the vendor had, or if its field is write-only. */
bool describe_is_news(const struct change *change, const struct edit *edit);

/* Return a document (a new reference) with the fields that the record must show once the change is
 * made. */
json_t *describe_accepted(const struct change *change);

/* Return the edits as "firstname: "Jane" -> "Joan", ..."; the caller frees. NULL: no memory. */
char *describe_change(const struct change *change);

/*
 * If the change has made the status of RECORD inactive, log what the vendor leaves to do by hand.
 * Call it before the line that says that the change is made.
 */
void describe_remains(const struct change *change, const json_t *record);

/* Return the edits, and what they have emptied, as attempt_set_fields takes them, or NULL: there
 * are none. */
json_t *describe_fields(const struct change *change);

/* Return the document (a new reference) that undoes the edits, and restores what they have emptied,
 * or NULL: none does. */
json_t *describe_undo(const struct change *change);

/* Fail the call because EDIT's field was changed on both sides: the message has both values.
 * Returns -ESTALE. */
int describe_conflict(struct change *change, const struct edit *edit);

/* Fail the call because the vendor has emptied what the change left out (change->lost): the message
 * names it. Returns a negative errno. */
int describe_lost(struct change *change);

/* Log the names of what is empty since the change (change->lost). */
void describe_emptied(const struct change *change);

#endif
