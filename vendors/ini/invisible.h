/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invisible.h - characters that an editor does not show, and that copying and saving add to a text.
 *
 * The config file, descriptions of vendors and secrets have one rule: such a character is neither
 * taken as part of a name or a secret nor dropped silently. It is refused and named. Documents have
 * the same rule outside of their strings (cache/document/document.h). Nothing here blocks or
 * allocates.
 */
#ifndef ROSTERFS_INVISIBLE_H
#define ROSTERFS_INVISIBLE_H

#include <stddef.h>

#define INVISIBLE_WORDS_MAX 64

/*
 * Return where the first blank or invisible character outside of ASCII begins in the LENGTH bytes
 * at TEXT, or NULL: a byte order mark, a no-break space (also that of Latin-1), a zero-width
 * space... Joiners that some scripts need (U+200C, U+200D) do not count.
 */
const char *invisible_find(const char *text, size_t length);

/* Return the same, but only for a character at the beginning or the end of TEXT. */
const char *invisible_at_ends(const char *text, size_t length);

/* Write to WORDS which character is at AT, which invisible_find returned: "a no-break space
 * (U+00A0)". END is the end of the text. */
void invisible_name(const char *at, const char *end, char words[INVISIBLE_WORDS_MAX]);

#endif
