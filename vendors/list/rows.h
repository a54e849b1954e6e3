/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - where the rows of a page are, and the record in a row. Pure: no I/O, no allocation.
 */
#ifndef ROSTERFS_ROWS_H
#define ROSTERFS_ROWS_H

#include <jansson.h>
#include <stdbool.h>

struct collection;

/* The rows of a response; all borrowed. */
struct rows {
	json_t *at; /* the array of rows; or, without `each`, the one row. NULL: there is none */
	const char *rest; /* POINTER from an element to its row or rows: "" if it is the row */
	bool each;
	bool odd;      /* something else is where the rows should be */
	bool may_lack; /* an element without rows has none; else it is an error */
};

/*
 * Find the rows in ANSWER. They are only where the vendor's table has them: anything else may be
 * empty without being an empty list.
 */
struct rows rows_find(const struct collection *collection, const json_t *answer);

/* As rows_find, for a vendor with rules, at POINTERS. NULL: where its lists have them. */
struct rows rows_find_at(const struct collection *collection, const char *const *pointers,
			 const json_t *answer);

/*
 * Call VISIT for each row, in order, until it returns something other than 0, which is returned.
 * ROW is NULL for an element of the array that lacks what `rest` points to.
 */
int rows_each(const struct rows *rows, int (*visit)(json_t *row, void *arg), void *arg);

/* Return the record in ROW (or NULL), borrowed, or NULL: it holds none. */
json_t *rows_record(const struct collection *collection, json_t *row);

/* Return what the vendor's table calls the place of the rows, for messages. */
const char *rows_words(const struct collection *collection);

/* Return true if RECORD, of a page that was mended (exact_mend.h), has an id that could be read. */
bool rows_has_id(const struct collection *collection, const json_t *record);

#endif
