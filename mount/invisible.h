/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invisible.h - characters that nobody sees in an editor, and that copying and saving add to a
 * text.
 *
 * One rule for the config file and for secrets: such a character is never taken for a part of a
 * name or a secret, and never dropped without a word, but refused and named. Documents have the
 * same rule outside of their strings (cache/document/document.h). Nothing here blocks or allocates.
 */
#ifndef ROSTERFS_INVISIBLE_H
#define ROSTERFS_INVISIBLE_H

#include <stddef.h>

#define INVISIBLE_WORDS_MAX 64

/*
 * Return where the first blank or invisible character outside of ASCII begins in the LENGTH bytes
 * at TEXT, or NULL: a byte order mark, a no-break space (also that of Latin-1), a zero-width
 * space... Joiners that some scripts are spelt with (U+200C, U+200D) do not count.
 */
const char *invisible_find(const char *text, size_t length);

/* Return the same, but only for a character at the beginning or the end of TEXT. */
const char *invisible_at_ends(const char *text, size_t length);

/* Write to WORDS what the character at AT is, which invisible_find returned: "a no-break space
 * (U+00A0)". END is that of the text. */
void invisible_name(const char *at, const char *end, char words[INVISIBLE_WORDS_MAX]);

#endif
