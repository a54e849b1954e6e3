/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id_text.h - ids as C strings.
 *
 * Ids are compared, sorted, and handed on as C strings. JSON allows more than a C string holds: a
 * NUL byte, and half a surrogate pair, which UTF-8 has no form for. In the text of an id these are
 * ID_TEXT_MARK and "0" or the four hex digits, as in "d83d"; the mark itself is there twice. So
 * each text is UTF-8, and no two ids have the same. Nearly all ids are their own text.
 *
 * The bytes of an id are what a URL or a file name percent-encodes: NUL is NUL, half a pair is the
 * three bytes that UTF-8 would have for it (ED A0 80 to ED BF BF).
 *
 * Pure functions, for any thread.
 */
#ifndef ROSTERFS_ID_TEXT_H
#define ROSTERFS_ID_TEXT_H

#include <jansson.h>
#include <stddef.h>

#define ID_TEXT_MARK '\x1a'

/* Bytes of the longest text, with its end, of an id with a character that the text marks; other ids
 * may be longer. Also room for a number. */
#define ID_TEXT_MAX 512

/*
 * Return the text of STRING, an id: borrowed from it, or written to BUFFER (ID_TEXT_MAX bytes).
 * NULL: it is no string, or empty, or has a character that must be marked and is too long.
 */
const char *id_text_of(const json_t *string, char *buffer);

/* Return the string whose text is ID, a new reference. NULL: no memory. */
json_t *id_text_json(const char *id);

/* Return the bytes of the id whose text is ID, *LENGTH, not terminated. The caller frees them.
 * NULL: no memory. */
char *id_text_bytes(const char *id, size_t *length);

/* Return the text of the id that has LENGTH BYTES, which may be longer than ID_TEXT_MAX. The caller
 * frees it. NULL: no memory. */
char *id_text_of_bytes(const char *bytes, size_t length);

#endif
