/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member_table.h - memberships as a table: one row for each that stands in a roster's records.
 *
 * A membership is an element of an array in a record, an object: the members of a group, the
 * memberships of a user. Rows are in the order of the records, then of the array.
 *
 * The columns are the record's id, its name where it has one, then the fields of the memberships,
 * in the order in which they first appear. In JSONL each row has what its own membership has, as
 * the vendor writes it. In CSV nested fields are columns of their own ("user.id"), an array is JSON
 * text, and null and missing are empty.
 */
#ifndef ROSTERFS_MEMBER_TABLE_H
#define ROSTERFS_MEMBER_TABLE_H

#include "cache/tables/table_text.h"

struct snapshot;

/* Where memberships are, and what rows call things. */
struct member_source {
	const char *at;        /* POINTER to each membership in a record, ending in its only `*` */
	const char *id_column; /* for the record's id: "group_id" */
	const char *name_column; /* "group_name"; copied; NULL: none */
	const char *name;        /* POINTER to the record's name; NULL: none */
	const char *key;         /* a field of a membership that is called... */
	const char *column;      /* ...so in the table; both NULL: none */
};

/* Return true if member_table_new finds what stands at POINTER: it ends in its only `*`. */
bool member_table_finds(const char *pointer);

/*
 * Return true if no record of SNAPSHOT has an array of memberships at POINTER, though there are
 * records: the vendor may leave them out of its list.
 */
bool member_table_is_hidden(const struct snapshot *snapshot, const char *pointer);

/*
 * Make the table of the memberships in SNAPSHOT, of which it takes a reference of its own. What is
 * not copied of SOURCE must live as long. Takes 8 bytes for each membership, and 4 for each record.
 * Return NULL: no memory.
 */
struct table_text *member_table_new(struct snapshot *snapshot, const struct member_source *source,
				    enum table_format format, const struct table_style *style);

#endif
