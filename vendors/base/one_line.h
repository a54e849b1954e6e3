/* SPDX-License-Identifier: Apache-2.0 */
/*
 * one_line.h - a text that stays on its line.
 */
#ifndef ROSTERFS_ONE_LINE_H
#define ROSTERFS_ONE_LINE_H

/* Put WITH in place of each ASCII control character of TEXT: names and vendors' words may have
 * some. Local and quick; keeps no state; any thread. */
void one_line(char *text, char with);

#endif
