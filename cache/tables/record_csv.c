/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_csv.c - see record_csv.h.
 *
 * One pass over all records finds the columns and the lengths of the rows, because a row's length
 * depends on the number of columns by its commas only. A second pass is needed if what counts
 * changed on the way: a late field "status", or {} in a field that is no column after all.
 */
#include "cache/tables/record_csv.h"

#include "cache/record/snapshot.h"
#include "cache/tables/csv_cell.h"
#include "cache/tables/record_columns.h"
#include "cache/tables/record_fields.h"
#include "cache/tables/record_jsonl.h"
#include "cache/tables/record_values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATUS "status"
/* a row without a character would be no row for many readers */
#define NOTHING "\"\""
#define CELLS_NEAR 64 /* cells of a row that need no memory of their own */

struct csv {
	struct snapshot *snapshot;
	struct record_csv_status status;
	struct table_style style;
	struct record_columns columns;
	struct table_out scratch; /* for counting */
	bool numbered;            /* the columns are final */
	bool has_status;          /* a record has a field "status" */
	bool late_status;         /* and some before it were counted with the word */
};

/* ---- cells ---- */

/*
 * Set *TEXT to what FIELD shows in a cell, *LENGTH bytes, borrowed from the record or from SCRATCH.
 * Return 0 or -ENOMEM.
 */
static int cell_text(const struct record_field *field, struct table_out *scratch, const char **text,
		     size_t *length)
{
	int error;

	*text = field->value;
	*length = field->length;
	if (field->kind != RECORD_FIELD_ARRAY &&
	    (field->kind != RECORD_FIELD_TEXT || !field->escaped))
		return 0;
	scratch->length = 0;
	error = field->kind == RECORD_FIELD_ARRAY
		    ? record_jsonl_add(scratch, field->value, field->length)
		    : record_fields_show(scratch, field->value, field->length);
	*text = scratch->text;
	*length = scratch->length;
	return error;
}

int record_csv_add_field(struct table_out *out, const struct record_field *field,
			 struct table_out *scratch, const struct table_style *style)
{
	const char *text;
	size_t length;
	int error = cell_text(field, scratch, &text, &length);

	return error ? error : csv_cell_add(out, text, length, style);
}

static const char *status_word(const struct csv *csv, const struct record *record)
{
	return record_values_status(record, csv->status.statuses, csv->status.absent);
}

/* Return true if there is a last column for the word, as far as is known. */
static bool has_status_column(const struct csv *csv)
{
	return csv->status.shown && !csv->has_status;
}

static size_t column_count(const struct csv *csv)
{
	return csv->columns.count + has_status_column(csv);
}

/* ---- a record's fields ---- */

/* Where a walk through a record is. */
struct csv_walk {
	struct csv *csv;
	struct record_fields fields;
	struct record_field field;
	struct record_column *parent, *column; /* of the field */
};

static void csv_walk_begin(struct csv_walk *walk, struct csv *csv, size_t index)
{
	walk->csv = csv;
	walk->parent = &csv->columns.top;
	walk->column = NULL;
	record_fields_begin(&walk->fields, csv->snapshot->records[index]);
}

/* Return the column of the field, a new one if need be. NULL: no memory. */
static struct record_column *csv_walk_column(const struct csv_walk *walk)
{
	const struct record_field *field = &walk->field;
	struct record_column *column = record_columns_find(walk->parent, walk->column, field->key,
							   field->key_length);

	if (column || walk->csv->numbered)
		return column;
	if (walk->parent == &walk->csv->columns.top && field->key_length == strlen(STATUS) &&
	    memcmp(field->key, STATUS, field->key_length) == 0)
		walk->csv->has_status = true;
	return record_columns_add(walk->parent, field->key, field->key_length);
}

/* Go to the next field with a value. Return 1, 0 at the end of the record, or -ENOMEM. */
static int csv_walk_next(struct csv_walk *walk)
{
	struct record_field *field = &walk->field;

	for (;;) {
		record_fields_next(&walk->fields, field);
		if (field->kind == RECORD_FIELD_END)
			return 0;
		if (field->kind == RECORD_FIELD_CLOSE) {
			walk->column = walk->parent;
			walk->parent = walk->parent->parent;
			continue;
		}
		walk->column = csv_walk_column(walk);
		if (!walk->column)
			return -ENOMEM;
		if (field->kind != RECORD_FIELD_OPEN)
			return 1;
		walk->parent = walk->column;
		walk->column = NULL;
	}
}

/* ---- counting ---- */

/* Return the length of the field's cell, or -ENOMEM. */
static ssize_t count_field(const struct csv_walk *walk)
{
	struct csv *csv = walk->csv;
	const char *text;
	size_t length;
	int error = csv->numbered ? 0
				  : record_columns_note(&csv->columns, walk->column, &walk->field);

	if (error || walk->field.kind == RECORD_FIELD_NULL ||
	    (csv->numbered && walk->column->number == RECORD_COLUMN_NONE))
		return error;
	error = cell_text(&walk->field, &csv->scratch, &text, &length);
	return error ? error : (ssize_t)csv_cell_length(text, length, &csv->style);
}

/* Return the length of row INDEX without commas, or -ENOMEM. */
static ssize_t count_csv_row(void *arg, size_t index)
{
	struct csv *csv = arg;
	bool had_status = csv->has_status;
	struct csv_walk walk;
	ssize_t sum = 0, length = 0;
	int more;

	csv_walk_begin(&walk, csv, index);
	while ((more = csv_walk_next(&walk)) > 0 && (length = count_field(&walk)) >= 0)
		sum += length;
	if (more < 0 || length < 0)
		return -ENOMEM;
	csv->late_status = csv->late_status || (index && !had_status && csv->has_status);
	if (has_status_column(csv)) {
		const char *word = status_word(csv, csv->snapshot->records[index]);

		sum += (ssize_t)csv_cell_length(word, strlen(word), &csv->style);
	}
	if (csv->numbered && !sum && column_count(csv) < 2)
		sum = (ssize_t)strlen(NOTHING);
	return sum + (ssize_t)strlen(CSV_CELL_LINE_END);
}

/* ---- the head ---- */

/* End the row that began at BEGIN of OUT. */
static int end_row(struct table_out *out, size_t begin)
{
	int error = 0;

	if (out->length == begin)
		error = table_out_add(out, NOTHING, strlen(NOTHING));
	return error ? error : csv_cell_end_row(out);
}

static int add_names(struct csv *csv, struct table_out *out)
{
	size_t begin = out->length;
	int error = 0;

	for (size_t i = 0; i < csv->columns.seen && !error; i++) {
		const struct record_column *column = csv->columns.order[i];

		if (column->number == RECORD_COLUMN_NONE)
			continue;
		csv->scratch.length = 0;
		error = record_columns_name(column, &csv->scratch);
		if (!error && column->number)
			error = table_out_add(out, ",", 1);
		if (!error)
			error = csv_cell_add(out, csv->scratch.text, csv->scratch.length,
					     &csv->style);
	}
	if (!error && has_status_column(csv) && csv->columns.count)
		error = table_out_add(out, ",", 1);
	if (!error && has_status_column(csv))
		error = table_out_add(out, STATUS, strlen(STATUS));
	return error ? error : end_row(out, begin);
}

static ssize_t csv_head(void *arg, struct table_out *head)
{
	struct csv *csv = arg;
	int error;

	if (!csv->numbered) {
		record_columns_number(&csv->columns);
		csv->numbered = true;
		if (csv->late_status || csv->columns.emptied || column_count(csv) < 2)
			return -EAGAIN;
	}
	error = csv_cell_begin(head, &csv->style);
	if (!error)
		error = add_names(csv, head);
	free(csv->scratch.text);
	csv->scratch = (struct table_out){0};
	if (error)
		return error;
	return column_count(csv) ? (ssize_t)column_count(csv) - 1 : 0;
}

/* ---- rows ---- */

/* Put the fields of row INDEX into CELLS, one for each column. */
static int fill_cells(struct csv *csv, size_t index, struct record_field *cells)
{
	struct csv_walk walk;
	int more;

	csv_walk_begin(&walk, csv, index);
	while ((more = csv_walk_next(&walk)) > 0) {
		if (walk.column->number != RECORD_COLUMN_NONE)
			cells[walk.column->number] = walk.field;
	}
	if (!more && has_status_column(csv)) {
		struct record_field *cell = &cells[csv->columns.count];

		cell->kind = RECORD_FIELD_TEXT;
		cell->value = status_word(csv, csv->snapshot->records[index]);
		cell->length = strlen(cell->value);
	}
	return more;
}

static int add_cells(const struct csv *csv, const struct record_field *cells, struct table_out *out)
{
	size_t begin = out->length, count = column_count(csv);
	struct table_out scratch = {0};
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		if (i)
			error = table_out_add(out, ",", 1);
		if (!error && cells[i].kind != RECORD_FIELD_NULL)
			error = record_csv_add_field(out, &cells[i], &scratch, &csv->style);
	}
	free(scratch.text);
	return error ? error : end_row(out, begin);
}

static int append_csv_row(void *arg, size_t index, struct table_out *out)
{
	struct csv *csv = arg;
	struct record_field near[CELLS_NEAR], *cells = near;
	size_t count = column_count(csv);
	int error;

	if (count > CELLS_NEAR)
		cells = malloc(count * sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	memset(cells, 0, count * sizeof(*cells));
	error = fill_cells(csv, index, cells);
	if (!error)
		error = add_cells(csv, cells, out);
	if (cells != near)
		free(cells);
	return error;
}

/* ---- all ---- */

static void free_csv(void *arg)
{
	struct csv *csv = arg;

	record_columns_clear(&csv->columns);
	free(csv->scratch.text);
	snapshot_put(csv->status.statuses);
	snapshot_put(csv->snapshot);
	free(csv);
}

int record_csv_rows(struct snapshot *snapshot, const struct record_csv_status *status,
		    const struct table_style *style, struct table_rows *rows)
{
	struct csv *csv = calloc(1, sizeof(*csv));

	if (!csv)
		return -ENOMEM;
	csv->snapshot = snapshot_get(snapshot);
	csv->status = *status;
	if (status->statuses)
		snapshot_get(status->statuses);
	csv->style = *style;
	*rows = (struct table_rows){
	    .arg = csv,
	    .count = snapshot->count,
	    .append = append_csv_row,
	    .length = count_csv_row,
	    .head = csv_head,
	    .free = free_csv,
	};
	return 0;
}
