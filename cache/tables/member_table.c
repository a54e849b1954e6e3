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
#include "cache/tables/member_place.h"
#include "cache/tables/record_fields.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define LINE_END "\r\n"
#define NOT_AN_OBJECT "value" /* the column of a membership that has no fields */

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
	json_t *columns; /* of a CSV: an object with the names of the fields; else NULL */
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

static int add_member(struct members *members, size_t record, const char *at)
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
			error = add_member(members, i, place.value);
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

/* ---- a row as JSON ---- */

/* Return the value that begins BEGIN bytes behind the id of RECORD, at DEPTH; a new reference.
 * NULL: no memory. */
static json_t *value_of(const struct record *record, uint32_t begin, unsigned depth)
{
	const char *end = record_text(record) + record->length;
	struct member_place place = member_place_at(record->id + begin, end, depth);

	return exact_parse(place.value, place.length, EXACT_PARSE_ANY, NULL);
}

/* Add FIELDS, a membership, to ROW. Return 0 or -ENOMEM. */
static int add_fields(const struct member_source *source, json_t *row, json_t *fields)
{
	const char *key;
	json_t *value;
	int error = 0;

	if (!json_is_object(fields))
		return json_object_set(row, NOT_AN_OBJECT, fields) ? -ENOMEM : 0;
	json_object_foreach(fields, key, value) {
		bool renamed = source->key && strcmp(key, source->key) == 0;
		const char *name = renamed ? source->column : key;

		/* the columns in front keep their meaning */
		if (!error && !json_object_get(row, name))
			error = json_object_set(row, name, value) ? -ENOMEM : 0;
	}
	return error;
}

/* Return row INDEX as an object, a new reference. NULL: no memory. */
static json_t *row_of(const struct members *members, size_t index)
{
	const struct member *member = &members->list[index];
	const struct record *record = members->snapshot->records[member->record];
	uint32_t name = members->names ? members->names[member->record] : 0;
	json_t *row = json_object(), *fields = value_of(record, member->text, members->depth + 1);
	int error = row && fields ? 0 : -ENOMEM;

	if (!error)
		error = json_object_set_new(row, members->source.id_column,
					    json_string(record->id));
	if (!error && name)
		error = json_object_set_new(row, members->source.name_column,
					    value_of(record, name, 1));
	if (!error)
		error = add_fields(&members->source, row, fields);
	json_decref(fields);
	if (!error)
		return row;
	json_decref(row);
	return NULL;
}

static int append_json(void *arg, size_t index, struct table_out *out)
{
	json_t *row = row_of(arg, index);
	char *text = row ? exact_print_text(row, EXACT_PRINT_NEWLINE) : NULL;
	int error = text ? table_out_add(out, text, strlen(text)) : -ENOMEM;

	free(text);
	json_decref(row);
	return error;
}

/* ---- a row as cells ---- */

/*
 * Add what OBJECT has to CELLS, a nested object's fields as "PREFIX.key". Return 0 or -ENOMEM.
 */
static int flatten(json_t *cells, const char *prefix, json_t *object)
{
	const char *key;
	json_t *value;
	int error = 0;

	json_object_foreach(object, key, value) {
		const char *words = exact_key_words(key);
		char *name = NULL;

		if (error || asprintf(&name, "%s%s%s", prefix, *prefix ? "." : "", words) < 0)
			return -ENOMEM;
		if (json_object_size(value))
			error = flatten(cells, name, value);
		else
			error = json_object_set(cells, name, value) ? -ENOMEM : 0;
		free(name);
	}
	return error;
}

/* Return the cells of row INDEX by column, a new reference. NULL: no memory. */
static json_t *cells_of(const struct members *members, size_t index)
{
	json_t *row = row_of(members, index), *cells = json_object();
	int error = row && cells ? flatten(cells, "", row) : -ENOMEM;

	json_decref(row);
	if (!error)
		return cells;
	json_decref(cells);
	return NULL;
}

/* Append VALUE (or NULL: missing) as a cell to OUT. */
static int add_cell(const struct members *members, struct table_out *out, const json_t *value)
{
	struct table_out shown = {0};
	char *text;
	int error;

	if (!value || json_is_null(value))
		return 0;
	text = exact_print_text(value, 0);
	error = !text          ? -ENOMEM
		: *text == '"' ? record_fields_show(&shown, text + 1, strlen(text) - 2)
			       : table_out_add(&shown, text, strlen(text));
	if (!error)
		error = csv_cell_add(out, shown.text, shown.length, &members->style);
	free(shown.text);
	free(text);
	return error;
}

static int append_cells(void *arg, size_t index, struct table_out *out)
{
	const struct members *members = arg;
	json_t *cells = cells_of(members, index), *column;
	const char *separator = "", *name;
	int error = cells ? 0 : -ENOMEM;

	json_object_foreach(members->columns, name, column) {
		if (!error)
			error = table_out_add(out, separator, strlen(separator));
		if (!error)
			error = add_cell(members, out, json_object_get(cells, name));
		separator = ",";
	}
	json_decref(cells);
	return error ? error : table_out_add(out, LINE_END, strlen(LINE_END));
}

static int find_columns(struct members *members)
{
	int error = 0;

	members->columns = json_object();
	if (!members->columns ||
	    json_object_set_new(members->columns, members->source.id_column, json_true()) ||
	    (members->names &&
	     json_object_set_new(members->columns, members->source.name_column, json_true())))
		return -ENOMEM;
	for (size_t i = 0; i < members->count && !error; i++) {
		json_t *cells = cells_of(members, i);

		error = cells ? json_object_update_missing(members->columns, cells) : -ENOMEM;
		json_decref(cells);
	}
	return error ? -ENOMEM : 0;
}

static int add_head(const struct members *members, struct table_out *head)
{
	int error = members->style.bom
			? table_out_add(head, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK))
			: 0;
	const char *separator = "", *name;
	json_t *column;

	json_object_foreach(members->columns, name, column) {
		if (!error)
			error = table_out_add(head, separator, strlen(separator));
		if (!error)
			error = csv_cell_add(head, name, strlen(name), &members->style);
		separator = ",";
	}
	return error ? error : table_out_add(head, LINE_END, strlen(LINE_END));
}

/* ---- the table ---- */

static void free_members(void *arg)
{
	struct members *members = arg;

	snapshot_put(members->snapshot);
	json_decref(members->columns);
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
	if (format != TABLE_CSV || (!find_columns(members) && !add_head(members, &head)))
		table = table_text_new(head.text, head.length, &rows);
	else
		free_members(members);
	free(head.text);
	return table;
}
