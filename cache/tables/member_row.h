/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member_row.h - one membership as a row: its fields, one after another, and its line of JSONL.
 *
 * Pure functions over borrowed text; nothing waits.
 */
#ifndef ROSTERFS_MEMBER_ROW_H
#define ROSTERFS_MEMBER_ROW_H

#include "cache/tables/member_place.h"
#include "cache/tables/record_fields.h"
#include "cache/tables/table_text.h"

#include <stdint.h>

struct member_source;
struct record;
struct record_column;

#define MEMBER_ROW_VALUE "value" /* the column of a membership that is no object */

/* A row that is being read. */
struct member_row {
	const struct member_source *source;
	const struct record *record;
	unsigned depth;            /* of the array that the membership stands in */
	struct member_place place; /* of the membership */
	struct member_place name;  /* of the record's name, or none */
	struct record_fields fields;
	struct record_field field;
	struct record_column *parent, *column; /* the reader's; NULL to begin with */
};

/*
 * Begin the row of the membership in RECORD that stands TEXT bytes behind its id, in an array at
 * DEPTH. The name of RECORD is NAME bytes behind its id; 0: it has none.
 */
void member_row_begin(struct member_row *row, const struct member_source *source,
		      const struct record *record, uint32_t text, uint32_t name, unsigned depth);

/* Return true if the membership is an object, which has fields. */
bool member_row_is_object(const struct member_row *row);

/* Go to the next field of ROW, an object, or to the end of a nested object in it. Return false at
 * its own end. */
bool member_row_next(struct member_row *row);

/* Append all of ROW, which has just begun, to OUT as a line of JSON. Return 0 or -ENOMEM. */
int member_row_add_json(struct member_row *row, struct table_out *out);

#endif
