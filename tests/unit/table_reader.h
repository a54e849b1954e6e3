/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_reader.h - a table, as a whole and in pieces, for the tests of tables.
 */
#ifndef ROSTERFS_TESTS_TABLE_READER_H
#define ROSTERFS_TESTS_TABLE_READER_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/tables/table_text.h"

static size_t table_reader_below(size_t limit)
{
	return (size_t)random() % limit;
}

/*
 * Return all of TABLE, with a NUL at its end; the caller frees it. Reads at random places and of
 * random sizes must show the same.
 */
static char *table_reader_whole(const struct table_text *table)
{
	uint64_t size = table_text_size(table);
	char *whole = malloc(size + 2), *piece = malloc(size + 2);

	assert_int_equal(table_text_read(table, 0, whole, size + 1), size);
	whole[size] = '\0';
	assert_int_equal(table_text_read(table, size, piece, 1), 0);
	assert_int_equal(table_text_read(table, size + 5, piece, 1), 0);
	for (int i = 0; i < 50 && size; i++) {
		size_t offset = table_reader_below(size);
		size_t most = 1 + table_reader_below(i % 2 ? 64 : size);
		size_t length = most < size - offset ? most : size - offset;

		piece[length] = 'x';
		assert_int_equal(table_text_read(table, offset, piece, most), length);
		assert_memory_equal(piece, whole + offset, length);
		assert_int_equal(piece[length], 'x');
	}
	free(piece);
	return whole;
}

#endif
