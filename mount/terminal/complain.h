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

#endif
