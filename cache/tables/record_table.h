/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_table.h - the records of a snapshot as a table, one row each, in the snapshot's order.
 *
 * JSONL: the record as its file shows it, without blanks and line ends between its tokens.
 *
 * CSV: RFC 4180, in UTF-8. The columns are the fields of all records in the order in which they
 * first appear; a nested object becomes one column for each of its fields ("address.city"), an
 * array is JSON text, null and a missing field are empty, numbers have the vendor's own digits. If
 * no record has a field "status" at the top, a last column "status" has the word that the .status
 * file shows.
 */
#ifndef ROSTERFS_RECORD_TABLE_H
#define ROSTERFS_RECORD_TABLE_H

#include "cache/tables/table_text.h"

struct snapshot;

/*
 * Make the table of SNAPSHOT, of which it takes a reference of its own. STATUS: the records have a
 * status of their own (they are users). STYLE counts for a CSV. Return NULL: no memory.
 */
struct table_text *record_table_new(struct snapshot *snapshot, bool status,
				    enum table_format format, const struct table_style *style);

/*
 * As record_table_new, for users whose status is not a field of theirs: it is that of the record of
 * STATUSES with the same id, or else ABSENT_STATUS (borrowed for as long as the table lives). The
 * table takes a reference of STATUSES too.
 */
struct table_text *record_table_new_joined(struct snapshot *snapshot, struct snapshot *statuses,
					   const char *absent_status, enum table_format format,
					   const struct table_style *style);

#endif
