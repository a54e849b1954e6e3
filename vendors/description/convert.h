/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert.h - the text of a key as a typed value.
 */
#ifndef ROSTERFS_CONVERT_H
#define ROSTERFS_CONVERT_H

#include "vendors/description/convert_list.h"
#include "vendors/description/grammar.h"

/*
 * Convert TEXT to the type of ROW, and store it in SECTION, the section's struct (draft.h). What is
 * stored lives as long as the arena and TEXT. Returns 0, or a negative errno and a fault in FAULTS.
 */
int convert_value(const struct convert *convert, const struct grammar_key *row, const char *text,
		  void *section);

#endif
