/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_text.c - see table_text.h.
 *
 * A read makes the rows from the beginning of its first row's group on, and drops what is in front
 * of its offset: with groups of 16 rows that is at most a few percent of a read of 128 KiB. This
 * file must not know what a row is.
 */
#include "cache/tables/table_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GROUP 16 /* rows: half a byte of memory for each */
#define ROOM_FIRST 1024

struct table_text {
	struct table_rows rows;
	struct table_out head;
	uint64_t size;
	size_t groups;
	uint64_t begins[]; /* the offset of each group's first row */
};

int table_out_reserve(struct table_out *out, size_t length)
{
	size_t room = out->room ? out->room : ROOM_FIRST;
	char *text;

	if (out->room - out->length >= length)
		return 0;
	while (room - out->length < length)
		room *= 2;
	text = realloc(out->text, room);
	if (!text)
		return -ENOMEM;
	out->text = text;
	out->room = room;
	return 0;
}

int table_out_add(struct table_out *out, const char *text, size_t length)
{
	int error = table_out_reserve(out, length);

	if (!error && length) {
		memcpy(out->text + out->length, text, length);
		out->length += length;
	}
	return error;
}

/* ---- making ---- */

/* Return the length of row INDEX, or -ENOMEM. OUT is for the row, if it must be made. */
static ssize_t count_row(const struct table_rows *rows, size_t index, struct table_out *out)
{
	int error;

	if (rows->length)
		return rows->length(rows->arg, index);
	out->length = 0;
	error = rows->append(rows->arg, index, out);
	return error ? error : (ssize_t)out->length;
}

/* Set where each group begins, counted from the end of the head, and the size without it. */
static int count_rows(struct table_text *table)
{
	struct table_out out = {0};
	uint64_t size = 0;
	ssize_t length = 0;

	for (size_t i = 0; i < table->rows.count && length >= 0; i++) {
		if (i % GROUP == 0)
			table->begins[i / GROUP] = size;
		length = count_row(&table->rows, i, &out);
		size += length > 0 ? (uint64_t)length : 0;
	}
	free(out.text);
	table->size = size;
	return length < 0 ? (int)length : 0;
}

static int count_all(struct table_text *table)
{
	struct table_rows *rows = &table->rows;
	ssize_t more = 0;
	int error;

	do {
		error = count_rows(table);
		if (!error && rows->head)
			more = rows->head(rows->arg, &table->head);
	} while (!error && more == -EAGAIN);
	if (error || more < 0)
		return error ? error : (int)more;
	for (size_t i = 0; i < table->groups; i++)
		table->begins[i] += table->head.length + i * GROUP * (uint64_t)more;
	table->size += table->head.length + rows->count * (uint64_t)more;
	return 0;
}

struct table_text *table_text_new(const char *head, size_t length, const struct table_rows *rows)
{
	size_t groups = rows->count / GROUP + (rows->count % GROUP != 0);
	struct table_text *table = malloc(sizeof(*table) + groups * sizeof(table->begins[0]));

	if (!table) {
		rows->free(rows->arg);
		return NULL;
	}
	*table = (struct table_text){.rows = *rows, .groups = groups};
	if (table_out_add(&table->head, head, length) || count_all(table)) {
		table_text_free(table);
		return NULL;
	}
	return table;
}

void table_text_free(struct table_text *table)
{
	if (!table)
		return;
	table->rows.free(table->rows.arg);
	free(table->head.text);
	free(table);
}

uint64_t table_text_size(const struct table_text *table)
{
	return table->size;
}

/* ---- reading ---- */

/* What a read has so far. */
struct reading {
	uint64_t offset; /* of the next byte that is wanted */
	char *buffer;    /* where it belongs */
	size_t left;     /* bytes that are wanted */
};

/* Take what is wanted of the LENGTH bytes of TEXT, which stand at BEGIN in the table. */
static void take_bytes(struct reading *reading, const char *text, size_t length, uint64_t begin)
{
	size_t skip, count;

	if (reading->offset < begin || reading->offset >= begin + length)
		return;
	skip = (size_t)(reading->offset - begin);
	count = length - skip < reading->left ? length - skip : reading->left;
	memcpy(reading->buffer, text + skip, count);
	reading->offset += count;
	reading->buffer += count;
	reading->left -= count;
}

/* Return the number of the last group that begins at or before OFFSET. There is at least one. */
static size_t find_group(const struct table_text *table, uint64_t offset)
{
	size_t low = 0, high = table->groups;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (table->begins[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int read_groups(const struct table_text *table, struct reading *reading)
{
	size_t group = find_group(table, reading->offset);
	uint64_t begin = table->begins[group];
	struct table_out out = {0};
	int error = 0;

	for (size_t i = group * GROUP; reading->left && i < table->rows.count && !error; i++) {
		out.length = 0;
		error = table->rows.append(table->rows.arg, i, &out);
		if (!error)
			take_bytes(reading, out.text, out.length, begin);
		begin += out.length;
	}
	free(out.text);
	return error;
}

ssize_t table_text_read(const struct table_text *table, uint64_t offset, char *buffer, size_t size)
{
	struct reading reading = {offset, buffer, size};
	int error = 0;

	take_bytes(&reading, table->head.text, table->head.length, 0);
	if (reading.left && reading.offset < table->size)
		error = read_groups(table, &reading);
	return error ? error : (ssize_t)(size - reading.left);
}
