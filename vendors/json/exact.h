/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact.h - JSON values that keep the vendor's own characters.
 *
 * jansson reads a number as a 64-bit integer or as a double, and refuses half a surrogate pair and
 * a key with U+0000. A vendor may send 19.990, 1e400, 18446744073709551616 or "\ud83d". If other
 * characters come back, the vendor takes an untouched field for a changed one, or refuses it.
 * Therefore exact_parse is the only way in and exact_print the only way out. Between them a tree
 * holds:
 *
 * - Integers of 64 bits, as jansson reads them. Any other number (a fraction, an exponent, -0, more
 *   digits) is *carried*: a JSON string of "\0n" and the number's own characters.
 * - Strings, as jansson reads them. A string with half a surrogate pair, or one that begins with
 *   U+0000, is carried: a JSON string of "\0s" and the text as JSON, without its quotes.
 * - Keys, as jansson reads them. A key with half a surrogate pair or with U+0000 is carried: "\x1a"
 *   and the key as JSON, without its quotes.
 *
 * No other string begins with U+0000, and no other key with U+001A. As a C string, a carried value
 * is "", so code that looks for a word, an id or an email finds none. Code that compares, hashes or
 * shows values uses the functions below.
 *
 * Functions here are local and quick, keep no state and may be called from any thread.
 */
#ifndef ROSTERFS_EXACT_H
#define ROSTERFS_EXACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a carried key begins with. */
#define EXACT_KEY_MARK 0x1a

/* Return the text of VALUE if it is carried as KIND ('n': number, 's': string), borrowed, else
 * NULL. */
const char *exact_carried(const json_t *value, char kind);

/* Return true if VALUE is a number, carried or not. NULL is none. */
bool exact_is_number(const json_t *value);

/* Return true if VALUE is a string, carried or not, and not a carried number. NULL is none. */
bool exact_is_string(const json_t *value);

/*
 * Return the text of a string that is not carried, borrowed, or NULL. It may hold a NUL, but not at
 * its beginning. For code that looks for a word, an id or a time.
 */
const char *exact_string(const json_t *value);

/* Return the characters of a carried number, borrowed, or NULL if VALUE is none. */
const char *exact_number(const json_t *value);

/* Return true if the numbers A and B are equal, however they are written: 1 and 1.0 are, 0.1 and
 * 0.10 are. */
bool exact_same_number(const json_t *a, const json_t *b);

/* Return a hash of NUMBER: the same for equal numbers, and rarely the same for others. */
uint64_t exact_hash_number(const json_t *number);

/*
 * Return true if VALUE is what a tool makes of ORIGINAL that reads numbers as doubles, or that
 * writes U+FFFD for half a surrogate pair. False if both are equal. Of the numbers that read as the
 * same double, only those count that tools print, or null for a number beyond the range of doubles.
 * Any other number was typed.
 */
bool exact_is_rounded(const json_t *value, const json_t *original);

/* Return true if VALUE is a string with half a surrogate pair in it. */
bool exact_is_unpaired(const json_t *value);

/* Return true if KEY, as it stands in a tree, has half a surrogate pair in it. */
bool exact_is_unpaired_key(const char *key);

/* Return KEY as it stands in a tree, with U+FFFD for each half of a surrogate pair, as other tools
 * write it. The caller frees it. NULL: no memory. */
char *exact_key_replaced(const char *key);

/* Return what a file shows of KEY, which stands in a tree, for messages. Borrowed. */
const char *exact_key_words(const char *key);

/*
 * Return the text of string VALUE in one line, for messages: control characters become blanks, half
 * a surrogate pair stands as \ud83d. The caller frees it. NULL: no memory, or VALUE is no string.
 */
char *exact_string_words(const json_t *value);

/*
 * Return the text of string VALUE, *LENGTH bytes, not terminated. It may hold a NUL anywhere. Half
 * a surrogate pair is three bytes, as UTF-8 would have it, so that no two strings become one. The
 * caller frees it. NULL: no memory, or VALUE is no string.
 */
char *exact_string_bytes(const json_t *value, size_t *length);

#endif
