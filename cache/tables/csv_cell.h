/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_cell.h - one cell of a CSV (RFC 4180): quoted where it must be, and guarded.
 *
 * Names come from strangers, who may sign up as "=cmd|...". A cell that a spreadsheet would run
 * begins with an apostrophe if the style says so, unless it is a plain number or a phone number.
 */
#ifndef ROSTERFS_CSV_CELL_H
#define ROSTERFS_CSV_CELL_H

#include "cache/tables/table_text.h"

/* What ends a row. */
#define CSV_CELL_LINE_END "\r\n"

/* Begin a CSV in OUT: append the byte order mark, if STYLE has one. Return 0 or -ENOMEM. */
int csv_cell_begin(struct table_out *out, const struct table_style *style);

/* Append what ends a row. Return 0 or -ENOMEM. */
int csv_cell_end_row(struct table_out *out);

/* Append TEXT (LENGTH bytes of UTF-8, as the cell is to show it) to OUT as a cell. Return 0 or
 * -ENOMEM. */
int csv_cell_add(struct table_out *out, const char *text, size_t length,
		 const struct table_style *style);

/* Return the bytes that csv_cell_add appends. */
size_t csv_cell_length(const char *text, size_t length, const struct table_style *style);

#endif
