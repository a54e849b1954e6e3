/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_json.h - a JSON string of a text that may not be UTF-8.
 */
#ifndef ROSTERFS_TEXT_JSON_H
#define ROSTERFS_TEXT_JSON_H

#include <jansson.h>

/*
 * Return TEXT as a JSON string, a new reference. If it is not UTF-8, each byte outside ASCII
 * becomes a question mark. NULL: no memory.
 */
json_t *text_json(const char *text);

#endif
