/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact.h - JSON that keeps what nobody edits in the vendor's own characters.
 *
 * jansson reads a number as an integer of 64 bits or as a double, and refuses half a surrogate pair
 * and a key with U+0000. A vendor may send 19.990, 1e400, 18446744073709551616 or "\ud83d", and
 * takes a field that nobody touched for changed, or refuses it, if other characters come back. So
 * exact_parse is the only way in and exact_print the only way out; between them a tree has:
 *
 * - integers of 64 bits, as jansson's. Any other number (a fraction, an exponent, -0, more digits)
 *   is *carried*: a JSON string of "\0n" and the number's own characters.
 * - strings, as jansson's. One with half a surrogate pair, or that begins with U+0000, is carried:
 *   a JSON string of "\0s" and the text as JSON, without its quotes.
 * - keys, as jansson's. One with half a surrogate pair or with U+0000 is carried: "\x1a" and the
 *   key as JSON, without its quotes.
 *
 * No other string begins with U+0000, and no other key with U+001A. A C string of a carried value
 * is "", so code that wants a word, an id or an email finds none. Code that compares, hashes or
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

/* exact_parse's flags: */
#define EXACT_ANY 0x1        /* any value, not only an object or an array */
#define EXACT_NO_REPEATS 0x2 /* refuse an object with two equal keys */

/* Why a text is not JSON. WORDS quote nothing of it. */
struct exact_error {
	char words[128];
	size_t position;     /* bytes of the text before the mistake */
	size_t line, column; /* counted from 1 and from 0; a column is a byte */
};

/*
 * Parse the LENGTH bytes at TEXT, one JSON text in UTF-8 without a byte order mark, nested at most
 * 2048 levels deep. Returns a new reference, or NULL with *ERROR (may be NULL).
 */
json_t *exact_parse(const char *text, size_t length, unsigned flags, struct exact_error *error);

/*
 * Parse a text that exact_parse refuses, with something else in place of each string, number or
 * word that cannot be read (bytes that are not UTF-8, a byte order mark, control characters, NaN).
 * Of members with equal keys the first keeps its name. Returns a new reference, or NULL: that was
 * not all.
 */
json_t *exact_mend(const char *text, size_t length);

/* Had OBJECT, which exact_mend made, two members with KEY, which is plain ASCII? */
bool exact_has_repeated(const json_t *object, const char *key);

/* How much in VALUE, which exact_mend made, could not be read. */
size_t exact_count_mended(const json_t *value);

/* Is VALUE, a member of OBJECT, what exact_mend put in place of one that could not be read? */
bool exact_is_stand_in(const json_t *value, const json_t *object);

/* exact_print's flags: */
#define EXACT_INDENT 0x1  /* as a record's file: two spaces a level; else without any space */
#define EXACT_SORT 0x2    /* members by their keys; else in the tree's order */
#define EXACT_NEWLINE 0x4 /* one behind it */

/* Text that grows; all zero to begin with. Not a string: there is no NUL at its end. */
struct exact_text {
	char *text; /* owned; free() it */
	size_t length, room;
};

/* Append VALUE (any kind) to OUT. Returns 0, or -ENOMEM: OUT's text is unspecified then. */
int exact_print(struct exact_text *out, const json_t *value, unsigned flags);

/* VALUE as a string that the caller frees. NULL: no memory, or VALUE is NULL. */
char *exact_dump(const json_t *value, unsigned flags);

/* Is VALUE a number, carried or not? NULL is none. */
bool exact_is_number(const json_t *value);

/* Is VALUE a string, carried or not, and no carried number? NULL is none. */
bool exact_is_string(const json_t *value);

/* The text of a string that is not carried, borrowed, or NULL. It may have a NUL in it, not at its
 * beginning. For all that looks for a word, an id or a time. */
const char *exact_string(const json_t *value);

/* The characters of a carried number, borrowed, or NULL: VALUE is none. */
const char *exact_number(const json_t *value);

/* Are two numbers equal, whatever they are written like? 1 and 1.0 are, 0.1 and 0.10 are. */
bool exact_same_number(const json_t *a, const json_t *b);

/* The same for equal numbers, and hardly ever for others. */
uint64_t exact_hash_number(const json_t *number);

/*
 * Is VALUE what a tool makes of ORIGINAL if it reads numbers as doubles, or writes U+FFFD for half
 * a surrogate pair? False if both are equal. Not every number that reads as the same double is:
 * only what tools print for that, or null for what lies beyond its range. Any other was typed.
 */
bool exact_is_rounded(const json_t *value, const json_t *original);

/* Is VALUE a string with half a surrogate pair in it? */
bool exact_is_unpaired(const json_t *value);

/* The same for a member's KEY, as it stands in a tree. */
bool exact_is_unpaired_key(const char *key);

/* KEY with U+FFFD for each half of a surrogate pair, as other tools write it, as it stands in a
 * tree; the caller frees. NULL: no memory. */
char *exact_key_replaced(const char *key);

/* KEY, as it stands in a tree, for words: what a file shows of it, borrowed. */
const char *exact_key_words(const char *key);

/*
 * The text of string VALUE for words, one line: control characters are blanks, half a surrogate
 * pair stands as \ud83d. The caller frees. NULL: no memory, or it is no string.
 */
char *exact_string_words(const json_t *value);

/*
 * The text of string VALUE, *LENGTH bytes, not terminated; it may have a NUL anywhere. Half a
 * surrogate pair is three bytes, as UTF-8 would have it, so that no two strings become one. The
 * caller frees. NULL: no memory, or it is no string.
 */
char *exact_string_bytes(const json_t *value, size_t *length);

#endif
