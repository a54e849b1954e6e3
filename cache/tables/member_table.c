/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member_table.c - see member_table.h.
 *
 * Only where each membership begins is kept. A row is made of the text there, and of the name of
 * the record, whose place is kept too because it may stand behind all the memberships.
 */
#include "cache/tables/member_table.h"

#include "cache/record/snapshot.h"
#include "cache/tables/csv_cell.h"
#include "cache/tables/member_row.h"
#include "cache/tables/record_columns.h"
#include "cache/tables/record_csv.h"
#include "cache/tables/record_fields.h"
#include "cache/tables/record_values.h"
#include "vendors/json/id_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A membership: where it begins, counted from the id of its record. */
struct member {
	uint32_t record, text;
};

struct members {
	struct snapshot *snapshot; /* a reference */
	struct member_source source;
	char *id_column, *name_column; /* those of source */
	char *array;                   /* POINTER to the array */
	unsigned depth;                /* of the array */
	uint32_t *names; /* by record: where its name begins; 0: it has none. NULL: no column */
	struct member *list;
	size_t count, room;
	struct record_columns columns; /* of a CSV */
	struct table_style style;
};

bool member_table_finds(const char *pointer)
{
	const char *star = strchr(pointer, '*');

	return star && star > pointer + 1 && star[-1] == '/' && !star[1] && *pointer == '/';
}

/* Return POINTER, which ends in a `*`, without it. The caller frees it. NULL: no memory. */
static char *array_of(const char *pointer)
{
	return strndup(pointer, strlen(pointer) - 2);
}

bool member_table_is_hidden(const struct snapshot *snapshot, const char *pointer)
{
	char *array = array_of(pointer);
	bool found = !array;
	unsigned depth;

	for (size_t i = 0; i < snapshot->count && !found; i++) {
		const struct record *record = snapshot->records[i];

		found = member_place_find(record_text(record), record->length, array, &depth).value;
	}
	free(array);
	return !found && snapshot->count;
}

/* ---- finding them ---- */

static int member_add(struct members *members, size_t record, const char *at)
{
	const char *base = members->snapshot->records[record]->id;

	if (members->count == members->room) {
		size_t room = members->room ? members->room + members->room / 2 : 64;
		struct member *list = realloc(members->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		members->list = list;
		members->room = room;
	}
	members->list[members->count++] = (struct member){(uint32_t)record, (uint32_t)(at - base)};
	return 0;
}

static int find_members(struct members *members)
{
	const struct snapshot *snapshot = members->snapshot;
	int error = 0;

	for (size_t i = 0; i < snapshot->count && !error; i++) {
		const struct record *record = snapshot->records[i];
		struct member_place array, place = {0};
		unsigned depth;

		array = member_place_find(record_text(record), record->length, members->array,
					  &depth);
		if (!array.value)
			continue;
		members->depth = depth;
		while (!error) {
			place = member_place_next(&array, depth, &place);
			if (!place.value)
				break;
			error = member_add(members, i, place.value);
		}
	}
	return error;
}

static int find_names(struct members *members)
{
	const struct snapshot *snapshot = members->snapshot;

	if (!members->source.name_column)
		return 0;
	members->names = calloc(snapshot->count + 1, sizeof(*members->names));
	if (!members->names)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct record *record = snapshot->records[i];
		unsigned depth;
		struct member_place name = member_place_find(record_text(record), record->length,
							     members->source.name, &depth);

		if (name.value)
			members->names[i] = (uint32_t)(name.value - record->id);
	}
	return 0;
}

/* ---- a row ---- */

static void begin_row(struct member_row *row, const struct members *members, size_t index)
{
	const struct member *member = &members->list[index];

	member_row_begin(row, &members->source, members->snapshot->records[member->record],
			 member->text, members->names ? members->names[member->record] : 0,
			 members->depth);
}

static int append_json(void *arg, size_t index, struct table_out *out)
{
	struct member_row row;

	begin_row(&row, arg, index);
	return member_row_add_json(&row, out);
}

/* ---- the columns of a CSV ---- */

/*
 * As member_row_next, for a field with a value; row->column is its column, a new one of COLUMNS if
 * need be, or NULL: no memory. A membership that is no object has one field.
 */
static bool row_next_value(struct member_row *row, struct record_columns *columns)
{
	struct record_field *field = &row->field;

	if (!member_row_is_object(row)) {
		if (row->parent)
			return false;
		*field = (struct record_field){.key = MEMBER_ROW_VALUE,
					       .key_length = strlen(MEMBER_ROW_VALUE),
					       .value = row->place.value,
					       .length = row->place.length,
					       .kind = RECORD_FIELD_ARRAY};
	}
	if (!row->parent)
		row->parent = &columns->top;
	while (!member_row_is_object(row) || member_row_next(row)) {
		if (field->kind == RECORD_FIELD_CLOSE) {
			row->column = row->parent;
			row->parent = row->parent->parent;
			continue;
		}
		row->column = record_columns_find(row->parent, row->column, field->key,
						  field->key_length);
		if (!row->column)
			row->column = record_columns_add(row->parent, field->key,
							 field->key_length);
		if (!row->column || field->kind != RECORD_FIELD_OPEN)
			return true;
		row->parent = row->column;
		row->column = NULL;
	}
	return false;
}

static int find_columns(struct members *members)
{
	struct record_columns *columns = &members->columns;
	struct member_row row;
	int error = 0;

	for (size_t i = 0; i < members->count && !error; i++) {
		begin_row(&row, members, i);
		while (!error && row_next_value(&row, columns)) {
			if (!row.column)
				return -ENOMEM;
			error = record_columns_note(columns, row.column, &row.field);
		}
	}
	record_columns_number(columns);
	return error;
}

/* ---- CSV ---- */

/* Append the text of JSON at PLACE as a cell. */
static int member_add_value(const struct members *members, const struct member_place *place,
			    struct table_out *scratch, struct table_out *out)
{
	size_t quoted = place->value && *place->value == '"';
	const struct record_field field = {.value = place->value + quoted,
					   .length = place->length - 2 * quoted,
					   .escaped = quoted,
					   .kind = quoted ? RECORD_FIELD_TEXT : RECORD_FIELD_ARRAY};

	return place->value ? record_csv_add_field(out, &field, scratch, &members->style) : 0;
}

/* Append ID as a cell. SCRATCH is reused. */
static int member_add_id(const struct members *members, const char *id, struct table_out *scratch,
			 struct table_out *out)
{
	struct record_field field = {.kind = RECORD_FIELD_TEXT, .escaped = true};
	struct table_out json = {0};
	int error;

	if (!strchr(id, ID_TEXT_MARK))
		return csv_cell_add(out, id, strlen(id), &members->style);
	error = record_values_add_id(&json, id);
	field.value = json.text;
	field.length = json.length;
	if (!error)
		error = record_csv_add_field(out, &field, scratch, &members->style);
	free(json.text);
	return error;
}

/* Append the columns in front of ROW, and its CELLS. */
static int member_add_cells(const struct members *members, const struct member_row *row,
			    const struct record_field *cells, struct table_out *out)
{
	struct table_out scratch = {0};
	int error = member_add_id(members, row->record->id, &scratch, out);

	if (!error && members->names)
		error = table_out_add(out, ",", 1);
	if (!error && members->names)
		error = member_add_value(members, &row->name, &scratch, out);
	for (size_t i = 0; i < members->columns.count && !error; i++) {
		error = table_out_add(out, ",", 1);
		if (!error && cells[i].kind != RECORD_FIELD_NULL)
			error = record_csv_add_field(out, &cells[i], &scratch, &members->style);
	}
	free(scratch.text);
	return error ? error : csv_cell_end_row(out);
}

static int append_cells(void *arg, size_t index, struct table_out *out)
{
	struct members *members = arg;
	size_t count = members->columns.count;
	struct record_field *cells = calloc(count + 1, sizeof(*cells));
	struct member_row row;
	int error;

	if (!cells)
		return -ENOMEM;
	begin_row(&row, members, index);
	while (row_next_value(&row, &members->columns)) {
		if (row.column->number != RECORD_COLUMN_NONE)
			cells[row.column->number] = row.field;
	}
	/* what is no object is shown as the JSON that it is, a text as it reads */
	if (!member_row_is_object(&row) && *row.place.value == '"')
		cells[row.column->number] = (struct record_field){.value = row.place.value + 1,
								  .length = row.place.length - 2,
								  .escaped = true,
								  .kind = RECORD_FIELD_TEXT};
	error = member_add_cells(members, &row, cells, out);
	free(cells);
	return error;
}

static int member_add_head(struct members *members, struct table_out *head)
{
	const struct member_source *source = &members->source;
	struct table_out name = {0};
	int error = csv_cell_begin(head, &members->style);

	if (!error)
		error = table_out_add(head, source->id_column, strlen(source->id_column));
	if (!error && members->names)
		error = table_out_add(head, ",", 1);
	if (!error && members->names)
		error = table_out_add(head, source->name_column, strlen(source->name_column));
	for (size_t i = 0; i < members->columns.seen && !error; i++) {
		const struct record_column *column = members->columns.order[i];

		if (column->number == RECORD_COLUMN_NONE)
			continue;
		name.length = 0;
		error = record_columns_name(column, &name);
		if (!error)
			error = table_out_add(head, ",", 1);
		if (!error && source->key && name.length == strlen(source->key) &&
		    memcmp(name.text, source->key, name.length) == 0)
			error = table_out_add(head, source->column, strlen(source->column));
		else if (!error)
			error = csv_cell_add(head, name.text, name.length, &members->style);
	}
	free(name.text);
	return error ? error : csv_cell_end_row(head);
}

/* ---- the table ---- */

static void free_members(void *arg)
{
	struct members *members = arg;

	snapshot_put(members->snapshot);
	record_columns_clear(&members->columns);
	free(members->id_column);
	free(members->name_column);
	free(members->array);
	free(members->names);
	free(members->list);
	free(members);
}

/* Return the memberships of SNAPSHOT, or NULL: no memory. */
static struct members *new_members(struct snapshot *snapshot, const struct member_source *source)
{
	struct members *members = calloc(1, sizeof(*members));
	struct member *exact;

	if (!members)
		return NULL;
	members->snapshot = snapshot_get(snapshot);
	members->source = *source;
	members->source.id_column = members->id_column = strdup(source->id_column);
	if (source->name_column)
		members->source.name_column = members->name_column = strdup(source->name_column);
	members->array = array_of(source->at);
	if (!members->array || !members->id_column ||
	    !members->name_column != !source->name_column || find_names(members) ||
	    find_members(members)) {
		free_members(members);
		return NULL;
	}
	exact = realloc(members->list, members->count * sizeof(*exact) + 1);
	if (exact)
		members->list = exact;
	return members;
}

struct table_text *member_table_new(struct snapshot *snapshot, const struct member_source *source,
				    enum table_format format, const struct table_style *style)
{
	struct members *members = new_members(snapshot, source);
	struct table_rows rows = {.arg = members,
				  .append = format == TABLE_CSV ? append_cells : append_json,
				  .free = free_members};
	struct table_out head = {0};
	struct table_text *table = NULL;

	if (!members)
		return NULL;
	rows.count = members->count;
	members->style = *style;
	if (format != TABLE_CSV || (!find_columns(members) && !member_add_head(members, &head)))
		table = table_text_new(head.text, head.length, &rows);
	else
		free_members(members);
	free(head.text);
	return table;
}
