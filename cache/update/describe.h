/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe.h - what a change is, in words and in documents.
 */
#ifndef ROSTERFS_DESCRIBE_H
#define ROSTERFS_DESCRIBE_H

#include <jansson.h>
#include <stdbool.h>

struct change;
struct edit;

/* VALUE of EDIT's field as JSON, cut short, for words; a write-only one is "(set)". The caller
 * frees. */
char *describe_value(const struct change *change, const struct edit *edit, const json_t *value);

/* Is there something to tell of EDIT, or was it at the vendor already? */
bool describe_is_news(const struct change *change, const struct edit *edit);

/* A document of the fields that are to be shown once the change is made, a new reference. */
json_t *describe_accepted(const struct change *change);

/* "firstname: "Jane" -> "Joan", ..." for the log, write-only values as (set). The caller frees. */
char *describe_change(const struct change *change);

/* Say in the log what a status that the change has made to be that of RECORD leaves to be done; the
 * line that says that it is made follows. */
void describe_remains(const struct change *change, const json_t *record);

/* The edits as attempt_set_fields takes them; NULL: there are none. */
json_t *describe_fields(const struct change *change);

/* What a document must set to undo the edits, a new reference; NULL: none can. */
json_t *describe_undo(const struct change *change);

/* -ESTALE, and words that name the field of EDIT and both values. */
int describe_conflict(struct change *change, const struct edit *edit);

#endif
