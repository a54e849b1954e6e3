/* SPDX-License-Identifier: Apache-2.0 */
/*
 * indented.h - a line that continues the value above it.
 */
#ifndef ROSTERFS_INDENTED_H
#define ROSTERFS_INDENTED_H

#include "vendors/ini/reader.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Take an indented line, the LENGTH bytes at TEXT, which is not blank: append it to the value that
 * it continues. What is wrong with it is a fault. Returns false if it continues nothing.
 */
bool indented_take(struct reader *reader, const char *text, size_t length);

#endif
