/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell_word.h - a name as one word of a shell command that users paste.
 *
 * Pure functions: nothing blocks.
 */
#ifndef ROSTERFS_SHELL_WORD_H
#define ROSTERFS_SHELL_WORD_H

#include <stdio.h>

/* Write WORD to OUT as one word of a shell command, which is no option. */
void shell_word_put(FILE *out, const char *word);

/* Return the same as a text that the caller frees, or NULL without memory. */
char *shell_word(const char *word);

#endif
