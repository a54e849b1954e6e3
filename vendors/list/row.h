/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.h - one record as a row of its list, for a vendor that lists records and has no GET of one.
 */
#ifndef ROSTERFS_ROW_H
#define ROSTERFS_ROW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct account;
struct call;
struct collection;

/* Where the row of a record is in its list, as a walk of the list found it. */
struct row_spot {
	size_t page;   /* counted from 0 */
	size_t before; /* rows before that page */
	size_t size;   /* rows that the page was asked for with; 0: the spot is not known */
};

/*
 * Read record ID of COLLECTION (of PARENT, or NULL) as a row of its list. *SPOT is where the row
 * was last. If that page lacks it, the whole list is walked and *SPOT is set. May wait. Returns 0
 * and a new reference in *RECORD, as the list shows it; -ENOENT if the complete list, walked now,
 * lacks it; or another negative errno with words in CALL.
 *
 * With WRITE, this is the read that a change rests on (call->basis, basis.h): the row is read from
 * one page that is asked for alone, after the walk; or, where no page can be asked for alone, from
 * a walk of the whole list, which is then the read.
 */
int row_read(struct call *call, struct account *account, const struct collection *collection,
	     const char *parent, const char *id, bool write, struct row_spot *spot,
	     json_t **record);

#endif
