/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_reader.h - reads a CSV for the tests, by the letter of RFC 4180: lines end with CR LF, and a
 * cell has quotes if, and only if, it must.
 */
#ifndef ROSTERFS_TESTS_CSV_READER_H
#define ROSTERFS_TESTS_CSV_READER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct csv_reader {
	char *text; /* of all cells, one after the other, each with a NUL */
	char **cells;
	size_t columns, rows; /* the header is the first row */
};

/* Read a cell from *AT on to *TO, and move both behind it. */
static void csv_reader_cell(const char **at, char **to)
{
	const char *text = *at;
	bool quoted = *text == '"', needed = false;

	for (text += quoted; quoted ? *text != '"' || text[1] == '"' : !strchr(",\r", *text);
	     text++) {
		assert_true(*text);
		needed = needed || strchr(",\"\r\n", *text);
		assert_true(quoted || !strchr("\"\n", *text));
		text += *text == '"';
		*(*to)++ = *text;
	}
	/* the one cell of a row that would be empty is quoted too */
	assert_true(!quoted || needed || text == *at + 1);
	*(*to)++ = '\0';
	*at = text + quoted;
}

/* Read TEXT. The reader frees nothing of it; pair with csv_reader_clear. */
static void csv_reader_read(struct csv_reader *reader, const char *text)
{
	size_t length = strlen(text), count = 0, columns = 0;
	char *to = malloc(length + 2);

	*reader = (struct csv_reader){.text = to};
	reader->cells = calloc(length + 2, sizeof(char *));
	while (*text) {
		reader->cells[count++] = to;
		csv_reader_cell(&text, &to);
		columns++;
		if (*text == ',') {
			text++;
			continue;
		}
		assert_memory_equal(text, "\r\n", 2);
		text += 2;
		reader->columns = reader->rows ? reader->columns : columns;
		assert_int_equal(columns, reader->columns);
		columns = 0;
		reader->rows++;
	}
	assert_int_equal(columns, 0);
}

static const char *csv_reader_at(const struct csv_reader *reader, size_t row, size_t column)
{
	assert_true(row < reader->rows && column < reader->columns);
	return reader->cells[row * reader->columns + column];
}

static void csv_reader_clear(struct csv_reader *reader)
{
	free(reader->text);
	free(reader->cells);
}

#endif
