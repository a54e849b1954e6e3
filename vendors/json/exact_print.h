/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact_print.h - a tree that keeps the vendor's own characters (exact.h) to JSON text.
 *
 * Functions here are local and quick, keep no state and may be called from any thread.
 */
#ifndef ROSTERFS_EXACT_PRINT_H
#define ROSTERFS_EXACT_PRINT_H

#include "vendors/json/exact_text.h"

#include <jansson.h>

#define EXACT_PRINT_INDENT 0x1  /* as in a record's file: two spaces a level; else no space */
#define EXACT_PRINT_SORT 0x2    /* members by their keys; else in the tree's order */
#define EXACT_PRINT_NEWLINE 0x4 /* a newline at the end */
/* For exact_print_text: a line for people's terminals. What acts on one (one_line.h) is written as
 * \uXXXX. */
#define EXACT_PRINT_LINE 0x8

/*
 * Append VALUE (of any type) to OUT. Returns 0, -ENOMEM, or -EFBIG if the text is longer than OUT's
 * limit, which is found out without making all of it. The text of OUT is unspecified then.
 */
int exact_print(struct exact_text *out, const json_t *value, unsigned flags);

/* Return VALUE as a string that the caller frees. NULL: no memory, or VALUE is NULL. */
char *exact_print_text(const json_t *value, unsigned flags);

/* Return true if VALUE takes at most LIMIT bytes as it is printed with FLAGS. True also without
 * memory to find out. */
bool exact_print_fits(const json_t *value, unsigned flags, size_t limit);

/* Return VALUE (NULL: "(none)") as a text of at most 100 bytes for a message; the caller frees it.
 * NULL: no memory. */
char *exact_print_brief(const json_t *value);

#endif
