/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_mend.h - a tree (exact.h) of a text that is not all JSON.
 *
 * Functions here are local and quick, keep no state and may be called from any thread.
 */
#ifndef ROSTERFS_EXACT_MEND_H
#define ROSTERFS_EXACT_MEND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Parse a text that exact_parse refuses, with a stand-in for each string, number or word that
 * cannot be read (bytes that are not UTF-8, a byte order mark, control characters, NaN). Of members
 * with equal keys, the first keeps its key. Returns a new reference, or NULL if the text has
 * another mistake.
 */
json_t *exact_mend(const char *text, size_t length);

/* Return true if OBJECT, which exact_mend made, had two members with KEY, which is plain ASCII. */
bool exact_mend_has_repeated(const json_t *object, const char *key);

/* Return how many parts of VALUE, which exact_mend made, could not be read. */
size_t exact_mend_count(const json_t *value);

/* Return true if VALUE, a member of OBJECT, is a stand-in for one that could not be read. */
bool exact_mend_is_stand_in(const json_t *value, const json_t *object);

#endif
