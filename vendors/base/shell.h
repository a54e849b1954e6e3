/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell.h - names of files in the commands that log and audit log offer, to be pasted. Local.
 */
#ifndef ROSTERFS_SHELL_H
#define ROSTERFS_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#define SHELL_WORD_MAX 2048

/* NAME as one word of a shell, in WORD (SHELL_WORD_MAX bytes). False: it does not fit. */
bool shell_word(const char *name, char *word);

/* Is ID also what its record's file is called, before the dot? Not where that has escapes. */
bool shell_is_name(const char *id);

#endif
