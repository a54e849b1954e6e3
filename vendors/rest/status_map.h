/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_map.h - the word for the status of a record, and the value that stands for a word.
 *
 * The words are "active" and "inactive" (status_words.h). By the table, the vendor may write them
 * as true and false, as 1 and 3, as a time or its absence. Other values are shown as they are.
 * Pure; nothing here waits.
 */
#ifndef ROSTERFS_STATUS_MAP_H
#define ROSTERFS_STATUS_MAP_H

#include <jansson.h>
#include <stdbool.h>

struct collection;

#define STATUS_MAP_MAX 128 /* bytes of a word that is made of a value, with the NUL */

/* Return true if the values of COLLECTION's status are the words themselves, and an update sets
 * them: then another word may be written over any. */
bool status_map_is_plain(const struct collection *collection);

/*
 * Return the word for the status that RECORD shows: a static text, borrowed from RECORD, or written
 * to BUFFER. NULL: it shows none, or one that is no word on one line.
 */
const char *status_map_word(const struct collection *collection, const json_t *record,
			    char buffer[STATUS_MAP_MAX]);

/*
 * Set the field of RECORD that holds the status to the value for WORD, as an update sends it.
 * Returns 0, -EOPNOTSUPP if the table has no value that could be sent, or -ENOMEM.
 */
int status_map_set(const struct collection *collection, json_t *record, const char *word);

/*
 * Return the value that a change to WORD is described with, a new reference: the one that an update
 * sends; if there is none, null where the table has `absent` for WORD, else WORD itself. NULL: no
 * memory.
 */
json_t *status_map_value(const struct collection *collection, const char *word);

/* Return true if status_map_set can set WORD. */
bool status_map_can_set(const struct collection *collection, const char *word);

/* Return true if writing WORD takes a request of its own, not an update of the record. */
bool status_map_has_request(const struct collection *collection, const char *word);

/* Return true if writing "active" or "inactive" takes a request of its own: no document may change
 * the status then. */
bool status_map_has_requests(const struct collection *collection);

/*
 * Return true if RECORD may be made active: it is inactive, or active already, or a request to
 * activate names its status. A vendor's other statuses ("locked", "pending") are not ended by
 * writing a word over them.
 */
bool status_map_may_activate(const struct collection *collection, const json_t *record);

#endif
