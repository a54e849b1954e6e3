/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_json.h - JSON strings: of a text that may not be UTF-8, and of a time.
 */
#ifndef ROSTERFS_TEXT_JSON_H
#define ROSTERFS_TEXT_JSON_H

#include <jansson.h>
#include <time.h>

/*
 * Return TEXT as a JSON string, a new reference. If it is not UTF-8, each byte outside ASCII
 * becomes a question mark. NULL: no memory.
 */
json_t *text_json(const char *text);

#define TEXT_JSON_TIME_MAX 48 /* bytes */

/* Write WHEN to TEXT as lines of JSON have it, "2026-11-21T12:24:24.866Z". Return TEXT. */
const char *text_json_time(const struct timespec *when, char text[TEXT_JSON_TIME_MAX]);

#endif
