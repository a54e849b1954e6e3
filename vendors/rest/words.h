/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.h - what error responses say, in every known shape.
 *
 * Words are one line, not redacted. Pure; nothing here waits.
 */
#ifndef ROSTERFS_WORDS_H
#define ROSTERFS_WORDS_H

#include <jansson.h>
#include <stddef.h>

struct endpoint;
struct rule_errors;

/* Put what ANSWER, the JSON of an error response, says into WORDS, of SIZE bytes; "": nothing that
 * can be read. NULL is no answer. */
void words_read(const json_t *answer, char *words, size_t size);

/* Put what VALUE, a part of a response that holds its words, says into WORDS, of SIZE bytes. */
void words_of(const json_t *value, char *words, size_t size);

/* Return BODY, of an error response, as JSON, a new reference, or NULL. Its words are worth reading
 * even if they are not UTF-8. BODY may be NULL. */
json_t *words_parse(const char *body, size_t length);

/* Put what BODY, of an error response, or NULL, says into WORDS, of SIZE bytes: as words_read, or
 * its first line if it is plain text. */
void words_of_body(const char *body, size_t length, char *words, size_t size);

/* Let the queue of ENDPOINT know what ERRORS (or NULL) says of limits. Before http_add. */
void words_install(struct endpoint *endpoint, const struct rule_errors *errors);

#endif
