/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_csv.h - the rows of a CSV of records (record_table.h).
 */
#ifndef ROSTERFS_RECORD_CSV_H
#define ROSTERFS_RECORD_CSV_H

#include "cache/tables/table_text.h"

struct record_field;
struct snapshot;

/* Where the word in the column "status" comes from, if the records have no such field. */
struct record_csv_status {
	bool shown;                /* false: there is no such column */
	struct snapshot *statuses; /* of records with the same ids that have it; NULL: the records
				      themselves */
	const char *absent;        /* for a record that `statuses` lacks; borrowed */
};

/*
 * Set *ROWS to rows of SNAPSHOT, of which they take a reference of their own, and of
 * STATUS->statuses. Return 0 or -ENOMEM.
 */
int record_csv_rows(struct snapshot *snapshot, const struct record_csv_status *status,
		    const struct table_style *style, struct table_rows *rows);

/* Append what FIELD shows to OUT as a cell. SCRATCH is for its text. Return 0 or -ENOMEM. */
int record_csv_add_field(struct table_out *out, const struct record_field *field,
			 struct table_out *scratch, const struct table_style *style);

#endif
