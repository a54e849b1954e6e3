/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - texts in columns of a terminal, for tables that people read.
 *
 * A column is what a terminal shows for one narrow character. Texts are UTF-8; bytes that are not,
 * and control characters, are shown as question marks. Nothing here blocks.
 */
#ifndef ROSTERFS_COLUMNS_H
#define ROSTERFS_COLUMNS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define COLUMNS_COUNT_MAX 32

/* Print TEXT in just WIDTH columns (at least 8): blanks follow if it is shorter. If it is longer,
 * its middle is left out, and two dots stand there. */
void columns_print(FILE *out, const char *text, size_t width);

/* Print TEXT in lines of at most WIDTH columns, each with a newline. It is broken at blanks, or
 * anywhere in a word that is too long. Each line after the first begins with INDENT blanks. */
void columns_wrap(FILE *out, const char *text, size_t indent, size_t width);

/*
 * Print TEXT as one field of a line for programs: a backslash as \\, a tab as \t, a newline as \n,
 * and each byte of other control characters, of characters that turn the direction of a text, and
 * of what is not UTF-8 as \x1B.
 */
void columns_escape(FILE *out, const char *text);

/* Format VALUE with a comma between thousands: "1,000". Returns TEXT. */
const char *columns_count(uint64_t value, char text[COLUMNS_COUNT_MAX]);

/* Print VALUE right-aligned in just WIDTH columns (at least 4): in thousands, millions or billions
 * ("12M") if it has too many digits. */
void columns_number(FILE *out, uint64_t value, unsigned width);

/* Format SECONDS (0 if negative) in at most four columns: "59s", "90m", "47h", "12d". Returns TEXT.
 */
const char *columns_age(double seconds, char text[COLUMNS_COUNT_MAX]);

#endif
