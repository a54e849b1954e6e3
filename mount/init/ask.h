/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h - questions on the terminal, for --init.
 *
 * Questions go to stdout, answers come from stdin, which need not be a terminal: then each answer
 * is a line. For the main thread. Each function blocks until there is an answer, and returns false
 * when the input ends.
 */
#ifndef ROSTERFS_ASK_H
#define ROSTERFS_ASK_H

#include <stdbool.h>
#include <stddef.h>

/* Print WORDS and restore the terminal when a signal ends the process, from now on. */
void ask_begin(const char *words);

/* Let signals wait, so that what follows is done as a whole, or (HOLD false) arrive again. */
void ask_hold(bool hold);

/*
 * Print QUESTION and put the answer, without blanks at its ends, into *ANSWER, which the caller
 * frees. FALLBACK, or "" if that is NULL, is the answer to an empty line.
 */
bool ask_line(const char *question, const char *fallback, char **answer);

/* As ask_line, with a fallback of yes or no. */
bool ask_yes(const char *question, bool fallback, bool *yes);

/* As ask_line, with one of WORDS (NULL ends them), of which FALLBACK is the answer to an empty
 * line. *INDEX is the place of the answer among them. */
bool ask_word(const char *question, const char *const *words, size_t fallback, size_t *index);

/* As ask_line, without an echo on a terminal. The caller wipes *ANSWER too. A line of more than
 * ASK_SECRET_MAX bytes is cut. */
bool ask_secret(const char *question, char **answer);

#define ASK_SECRET_MAX 16400

#endif
