/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_parse.h - JSON text to a tree that keeps the vendor's own characters (exact.h).
 *
 * Functions here are local and quick, keep no state and may be called from any thread.
 */
#ifndef ROSTERFS_EXACT_PARSE_H
#define ROSTERFS_EXACT_PARSE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define EXACT_PARSE_ANY 0x1        /* any value, not only an object or an array */
#define EXACT_PARSE_NO_REPEATS 0x2 /* refuse an object with two equal keys */

/* Why a text is not JSON. WORDS quote nothing of the text. */
struct exact_parse_error {
	char words[128];
	bool no_memory;      /* it may be JSON, but there was no memory for it; position is 0 */
	size_t position;     /* bytes of the text before the mistake */
	size_t line, column; /* counted from 1 and from 0; a column is a byte */
};

/*
 * Parse the LENGTH bytes at TEXT (0: it may be NULL): one JSON text in UTF-8 without a byte order
 * mark, nested at most 2048 levels deep. Returns a new reference, or NULL and *ERROR (may be NULL).
 */
json_t *exact_parse(const char *text, size_t length, unsigned flags,
		    struct exact_parse_error *error);

/* ---- tokens, for exact_mend.c ---- */

/* Return the end of the string whose first character is at AT: its quote, or END. *ESCAPED: it has
 * a backslash. */
const char *exact_parse_string_end(const char *at, const char *end, bool *escaped);

/* Return true if a colon follows the string that ends at AT (its quote). */
bool exact_parse_is_key(const char *at, const char *end);

/* Return the end of the number that begins at AT. *WHOLE: it has no fraction and no exponent. */
const char *exact_parse_number_end(const char *at, const char *end, bool *whole);

/* Return true if the LENGTH characters at AT are a number by JSON's grammar. jansson refuses
 * others. */
bool exact_parse_is_number(const char *at, size_t length);

/*
 * Decode the escape at *AT (its backslash) and move *AT behind it. Returns the character, a lone
 * half of a surrogate pair as such, or -1 if it is no escape of JSON.
 */
int exact_parse_take_escape(const char **at, const char *end);

#endif
