/* SPDX-License-Identifier: Apache-2.0 */
/*
 * one_line.h - a text that stays on its line, and that shows what it is.
 */
#ifndef ROSTERFS_ONE_LINE_H
#define ROSTERFS_ONE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Put WITH in place of each character of TEXT that acts on a terminal or on the order of the
 * letters: control characters (C0, DEL, C1), separators of lines and paragraphs, and marks of
 * direction; and of each byte that is not UTF-8, such as half a character where a text was cut.
 * Names and vendors' words may have some. The text may become shorter. Local and quick; keeps no
 * state; any thread.
 */
void one_line(char *text, char with);

/*
 * Return true if the CHARACTER at AT, with LEFT bytes to the end, is one of these, or a byte that
 * is not UTF-8 (U+FFFD). Its length in bytes goes to *LENGTH, at least 1.
 */
bool one_line_acts_at(const char *at, size_t left, size_t *length, uint32_t *character);

#endif
