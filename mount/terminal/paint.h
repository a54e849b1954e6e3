/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paint.h - colours on a terminal.
 */
#ifndef ROSTERFS_PAINT_H
#define ROSTERFS_PAINT_H

#include <stdbool.h>
#include <stdio.h>

enum paint { PAINT_PLAIN, PAINT_GREEN, PAINT_YELLOW, PAINT_RED };

/* Return true if text for OUT may be coloured: it is a terminal, TERM names one that is not dumb,
 * and NO_COLOR is unset or empty (https://no-color.org). */
bool paint_may(FILE *out);

/* Print WORDS in the colour PAINT to OUT. The caller knows that paint_may. */
void paint_print(FILE *out, enum paint paint, const char *words);

#endif
