/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_columns.c - see record_columns.h. It must not know what a cell is.
 */
#include "cache/tables/record_columns.h"

#include "cache/tables/record_fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NEAR 8 /* fields that a record may lack before the hash table is asked */
#define ROOM_FIRST 32

static void free_below(struct record_column *top)
{
	struct record_column *column = top;

	/* without recursion: documents may be nested deeply */
	while (column != top || column->below) {
		if (column->below) {
			column = column->below;
		} else {
			struct record_column *parent = column->parent;

			HASH_DEL(parent->below, column);
			free(column);
			column = parent;
		}
	}
}

void record_columns_clear(struct record_columns *columns)
{
	free_below(&columns->top);
	free(columns->order);
	memset(columns, 0, sizeof(*columns));
}

static bool has_key(const struct record_column *column, const char *key, size_t length)
{
	return column->length == length && memcmp(column->key, key, length) == 0;
}

struct record_column *record_columns_find(struct record_column *parent,
					  const struct record_column *after, const char *key,
					  size_t length)
{
	struct record_column *column = after ? after->hh.next : parent->below;

	for (int i = 0; column && i < NEAR; i++, column = column->hh.next) {
		if (has_key(column, key, length))
			return column;
	}
	HASH_FIND(hh, parent->below, key, length, column);
	return column;
}

struct record_column *record_columns_add(struct record_column *parent, const char *key,
					 size_t length)
{
	struct record_column *column = calloc(1, sizeof(*column));

	if (!column)
		return NULL;
	column->key = key;
	column->length = length;
	column->parent = parent;
	column->number = RECORD_COLUMN_NONE;
	HASH_ADD_KEYPTR(hh, parent->below, column->key, column->length, column);
	if (column->hh.tbl)
		return column;
	free(column);
	return NULL;
}

int record_columns_note(struct record_columns *columns, struct record_column *column,
			const struct record_field *field)
{
	if (field->kind == RECORD_FIELD_EMPTY)
		column->empty = true;
	else if (field->kind != RECORD_FIELD_NULL)
		column->filled = true;
	if (column->seen)
		return 0;
	if (columns->seen == columns->room) {
		size_t room = columns->room ? columns->room * 2 : ROOM_FIRST;
		struct record_column **order = realloc(columns->order,
						       room * sizeof(struct record_column *));

		if (!order)
			return -ENOMEM;
		columns->order = order;
		columns->room = room;
	}
	columns->order[columns->seen++] = column;
	column->seen = true;
	return 0;
}

void record_columns_number(struct record_columns *columns)
{
	columns->count = 0;
	columns->emptied = false;
	for (size_t i = 0; i < columns->seen; i++) {
		struct record_column *column = columns->order[i];
		bool none = !column->filled && column->below;

		column->number = none ? RECORD_COLUMN_NONE : columns->count++;
		columns->emptied = columns->emptied || (none && column->empty);
	}
}

int record_columns_name(const struct record_column *column, struct table_out *out)
{
	const struct record_column *parent = column->parent;
	int error = 0;

	if (parent->parent) {
		error = record_columns_name(parent, out);
		if (!error)
			error = table_out_add(out, ".", 1);
	}
	return error ? error : record_fields_show(out, column->key, column->length);
}
