/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document: JSON in and out, as a strict vendor does it.
 *
 * None of these blocks. json_t values stay in the thread that made them.
 */
#ifndef SANDBOX_DOCUMENT_H
#define SANDBOX_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/* The object in these bytes, or NULL with words in why (never with the bytes themselves: they may
 * hold a password). Refused: anything but an object, a key given twice, bytes that are not UTF-8.
 * The caller owns the result. */
json_t *document_parse(const char *bytes, size_t len, char *why, size_t why_size);

/* Compact text, keys in their order, each decimal as short as it can be; ascii writes \uXXXX for
 * all but ASCII. The caller frees it; never NULL. */
char *document_text(json_t *value, bool ascii);

/* The key by which the store finds an email: the string itself, or NULL if it includes a NUL byte,
 * up to which it would be another one. */
const char *document_email(const json_t *string);

/* Appends the string as a JSON string, quotes included; the bytes must be UTF-8. */
void document_add_string(struct text *text, const char *string);

/* RFC 7396 merge patch of an object in place. With keep_nulls, a null is stored instead of
 * removing. */
void document_patch(json_t *target, json_t *patch, bool keep_nulls);

/* Trims each text of an object, at any depth, and makes its letters small; names stay. */
void document_tidy(json_t *object);

/* Cuts blanks off both ends of each text on the highest level of the object. */
void document_trim(json_t *object);

#endif
