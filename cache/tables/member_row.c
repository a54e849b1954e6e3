/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member_row.c - see member_row.h.
 */
#include "cache/tables/member_row.h"

#include "cache/record/record.h"
#include "cache/tables/member_table.h"
#include "cache/tables/record_jsonl.h"
#include "cache/tables/record_values.h"

#include <string.h>

void member_row_begin(struct member_row *row, const struct member_source *source,
		      const struct record *record, uint32_t text, uint32_t name, unsigned depth)
{
	const char *end = record_text(record) + record->length;

	memset(row, 0, sizeof(*row));
	row->source = source;
	row->record = record;
	row->depth = depth;
	row->place = member_place_at(record->id + text, end, depth + 1);
	if (name)
		row->name = member_place_at(record->id + name, end, 1);
	row->fields.at = row->place.value + 1;
	row->fields.end = end;
	row->fields.depth = depth + 2;
}

bool member_row_is_object(const struct member_row *row)
{
	return *row->place.value == '{';
}

/* Return true if the field of ROW is called NAME (or NULL), and is not nested. */
static bool is_called(const struct member_row *row, const char *name)
{
	return name &&
	       row->fields.depth - (row->field.kind == RECORD_FIELD_OPEN) == row->depth + 2 &&
	       row->field.key_length == strlen(name) &&
	       memcmp(row->field.key, name, row->field.key_length) == 0;
}

bool member_row_next(struct member_row *row)
{
	const struct member_source *source = row->source;

	for (;;) {
		record_fields_next(&row->fields, &row->field);
		if (row->field.kind == RECORD_FIELD_CLOSE)
			return row->fields.depth > row->depth + 1;
		/* the columns in front keep their meaning */
		if (!is_called(row, source->id_column) && !is_called(row, source->name_column))
			return true;
		if (row->field.kind == RECORD_FIELD_OPEN)
			record_fields_skip(&row->fields, &row->field);
	}
}

/* ---- JSONL ---- */

/* Append TEXT, between quotes, and what follows: a row's key. */
static int add_key(struct table_out *out, const char *text, size_t length)
{
	int error = table_out_add(out, out->text[out->length - 1] == '{' ? "\"" : ",\"",
				  out->text[out->length - 1] == '{' ? 1 : 2);

	if (!error)
		error = table_out_add(out, text, length);
	return error ? error : table_out_add(out, "\":", 2);
}

/* Append the columns in front. */
static int add_front(const struct member_row *row, struct table_out *out)
{
	const struct member_source *source = row->source;
	int error = table_out_add(out, "{", 1);

	if (!error)
		error = add_key(out, source->id_column, strlen(source->id_column));
	if (!error)
		error = table_out_add(out, "\"", 1);
	if (!error)
		error = record_values_add_id(out, row->record->id);
	if (!error)
		error = table_out_add(out, "\"", 1);
	if (!error && row->name.value)
		error = add_key(out, source->name_column, strlen(source->name_column));
	if (!error && row->name.value)
		error = record_jsonl_add(out, row->name.value, row->name.length);
	return error;
}

/* Append the field of ROW. */
static int add_field(struct member_row *row, struct table_out *out)
{
	const struct member_source *source = row->source;
	struct record_field *field = &row->field;
	size_t quote = field->kind == RECORD_FIELD_TEXT;
	int error = is_called(row, source->key)
			? add_key(out, source->column, strlen(source->column))
			: add_key(out, field->key, field->key_length);

	if (field->kind == RECORD_FIELD_OPEN)
		record_fields_skip(&row->fields, field);
	return error ? error
		     : record_jsonl_add(out, field->value - quote, field->length + 2 * quote);
}

int member_row_add_json(struct member_row *row, struct table_out *out)
{
	int error = add_front(row, out);

	while (!error && member_row_is_object(row) && member_row_next(row))
		error = add_field(row, out);
	if (!error && !member_row_is_object(row)) {
		error = add_key(out, MEMBER_ROW_VALUE, strlen(MEMBER_ROW_VALUE));
		if (!error)
			error = record_jsonl_add(out, row->place.value, row->place.length);
	}
	return error ? error : table_out_add(out, "}\n", 2);
}
