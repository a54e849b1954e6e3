/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_text.h - the text of a table: made from its rows as it is read, never kept.
 *
 * Only where each group of rows begins is kept, so a table takes less than 16 bytes a row. It never
 * changes once made: any number of threads may read it at once, without a lock. Nothing here waits.
 */
#ifndef ROSTERFS_TABLE_TEXT_H
#define ROSTERFS_TABLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum table_format { TABLE_JSONL, TABLE_CSV };

/* How a CSV is written: the config's csv_formulas and csv_bom. */
struct table_style {
	bool guard; /* an apostrophe before what a spreadsheet would run as a formula */
	bool bom;   /* a byte order mark first, for Excel */
};

/* A text that grows; all zero to begin with. Not a string: it has no NUL at its end. */
struct table_out {
	char *text;
	size_t length, room;
};

/* Where the rows of a table come from. */
struct table_rows {
	void *arg; /* owned by the table */
	size_t count;
	/* Append row INDEX, with its line end, to OUT. Return 0 or -ENOMEM. Any thread. */
	int (*append)(void *arg, size_t index, struct table_out *out);
	/* Return the bytes that append appends, or -ENOMEM. Called in order, by table_text_new.
	   NULL: append is called to count them. */
	ssize_t (*length)(void *arg, size_t index);
	/* For a head that depends on the rows, or NULL. Called by table_text_new after `length` was
	   called for each row: append the head to HEAD. Return how many bytes longer every row is
	   than `length` told, -EAGAIN (it tells other lengths now: ask for all of them again) or
	   -ENOMEM. */
	ssize_t (*head)(void *arg, struct table_out *head);
	void (*free)(void *arg);
};

struct table_text;

/*
 * Make a table of HEAD (LENGTH bytes, copied; a CSV's byte order mark and header; what rows->head
 * appends follows it) and ROWS, whose arg is taken, also on error. Takes as long as its rows are to
 * count. Return NULL: no memory.
 */
struct table_text *table_text_new(const char *head, size_t length, const struct table_rows *rows);
void table_text_free(struct table_text *table); /* NULL is a no-op */

/* Return the exact number of bytes. */
uint64_t table_text_size(const struct table_text *table);

/*
 * Write at most SIZE bytes from OFFSET on to BUFFER. Return how many: SIZE unless the table ends
 * there; 0 at or behind its end; or -ENOMEM.
 */
ssize_t table_text_read(const struct table_text *table, uint64_t offset, char *buffer, size_t size);

/* Make room for LENGTH more bytes in OUT. Return 0 or -ENOMEM. */
int table_out_reserve(struct table_out *out, size_t length);

/* Append LENGTH bytes of TEXT to OUT. Return 0 or -ENOMEM. */
int table_out_add(struct table_out *out, const char *text, size_t length);

#endif
