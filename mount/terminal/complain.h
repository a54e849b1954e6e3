/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complain.h - say on stderr what is wrong.
 *
 * Any thread may call these functions. They block while stderr does.
 */
#ifndef ROSTERFS_COMPLAIN_H
#define ROSTERFS_COMPLAIN_H

/* Print "rosterfs: " and a line to stderr. Control characters in it become question marks. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print each line of WORDS, which is changed, as complain does. */
void complain_lines(char *words);

/* From now on call HEAR with ARG for each line, without "rosterfs: ", instead of printing it. NULL:
 * print again. Before there are threads. */
void complain_hear(void (*hear)(void *arg, const char *words), void *arg);

#endif
