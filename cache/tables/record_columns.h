/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_columns.h - the columns of a CSV of records: one for each path to a value in any of them.
 *
 * A column is known by its path, not by its name: "a.b" may be one field, or two. Records have
 * their fields in nearly the same order, so a field is looked for behind the one before. Columns
 * grow in one thread; once numbered they do not change, and any number of threads may look.
 */
#ifndef ROSTERFS_RECORD_COLUMNS_H
#define ROSTERFS_RECORD_COLUMNS_H

#include "cache/tables/table_text.h"

#include <uthash.h>

struct record_field;

/* The number of what is no column: a field that only ever is null, {} or an object with fields. */
#define RECORD_COLUMN_NONE SIZE_MAX

/* A path in records, and what is below it. */
struct record_column {
	const char *key; /* as in record_fields.h; borrowed */
	size_t length;
	struct record_column *parent;
	struct record_column *below; /* by key, in order of their appearance */
	UT_hash_handle hh;           /* in parent->below */
	bool seen;                   /* at least one record has null or a value there */
	bool filled;                 /* at least one has a value other than null and {} */
	bool empty;                  /* at least one has {} */
	size_t number;               /* or RECORD_COLUMN_NONE; once numbered */
};

struct record_columns {
	struct record_column top;     /* the record itself, which is no column */
	struct record_column **order; /* those that are seen, in order of their appearance */
	size_t seen, room;
	size_t count; /* of columns; once numbered */
	bool emptied; /* a field that is no column was {} somewhere; once numbered */
};

/* All zero is no columns. Free what COLUMNS hold. */
void record_columns_clear(struct record_columns *columns);

/*
 * Return the column with KEY (LENGTH bytes) below PARENT, or NULL. AFTER: the one before it in the
 * same object, or NULL.
 */
struct record_column *record_columns_find(struct record_column *parent,
					  const struct record_column *after, const char *key,
					  size_t length);

/* Add such a column, which does not exist. KEY is borrowed for as long as COLUMNS live. Return NULL
 * without memory. */
struct record_column *record_columns_add(struct record_column *parent, const char *key,
					 size_t length);

/* Note that a record has FIELD, null or a value, at COLUMN. Return 0 or -ENOMEM. */
int record_columns_note(struct record_columns *columns, struct record_column *column,
			const struct record_field *field);

/* Number the columns from 0 on. */
void record_columns_number(struct record_columns *columns);

/* Append the name of COLUMN, "address.city", to OUT. Return 0 or -ENOMEM. */
int record_columns_name(const struct record_column *column, struct table_out *out);

#endif
