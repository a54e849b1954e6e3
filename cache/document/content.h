/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.h - what a record of a collection says, apart from where it came from.
 *
 * Nothing here waits, or changes a record.
 */
#ifndef ROSTERFS_CONTENT_H
#define ROSTERFS_CONTENT_H

#include <jansson.h>
#include <stdbool.h>

struct collection;

#define CONTENT_STAMP_MAX 24

/*
 * Return the stamp that RECORD has at COLLECTION's stamp_key, a text or the characters of a number;
 * or NULL. It is borrowed from RECORD, or stands in BUFFER.
 */
const char *content_stamp(const struct collection *collection, const json_t *record,
			  char buffer[CONTENT_STAMP_MAX]);

/*
 * Return true if A and B are alike in all fields that the vendor does not assign. A null is the
 * same as a field that is not there. False also without memory.
 */
bool content_same(const struct collection *collection, const json_t *a, const json_t *b);

/*
 * Return true if A and B both have a field that the vendor does not assign, with different values:
 * they are not one version then. True also without memory.
 */
bool content_contradicts(const struct collection *collection, const json_t *a, const json_t *b);

#endif
