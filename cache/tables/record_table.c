/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_table.c - see record_table.h.
 */
#include "cache/tables/record_table.h"

#include "cache/record/snapshot.h"
#include "cache/tables/record_csv.h"
#include "cache/tables/record_jsonl.h"

/* ---- JSONL ---- */

static int append_line(void *arg, size_t index, struct table_out *out)
{
	const struct snapshot *snapshot = arg;
	const struct record *record = snapshot->records[index];
	int error = record_jsonl_add(out, record_text(record), record->length);

	return error ? error : table_out_add(out, "\n", 1);
}

static ssize_t line_length(void *arg, size_t index)
{
	const struct snapshot *snapshot = arg;
	const struct record *record = snapshot->records[index];

	return (ssize_t)record_jsonl_length(record_text(record), record->length) + 1;
}

static void put_snapshot(void *arg)
{
	snapshot_put(arg);
}

static struct table_text *jsonl_new(struct snapshot *snapshot)
{
	const struct table_rows rows = {
	    .arg = snapshot_get(snapshot),
	    .count = snapshot->count,
	    .append = append_line,
	    .length = line_length,
	    .free = put_snapshot,
	};

	return table_text_new(NULL, 0, &rows);
}

/* ---- both ---- */

static struct table_text *csv_new(struct snapshot *snapshot, const struct record_csv_status *status,
				  const struct table_style *style)
{
	struct table_rows rows;

	return record_csv_rows(snapshot, status, style, &rows) ? NULL
							       : table_text_new(NULL, 0, &rows);
}

struct table_text *record_table_new(struct snapshot *snapshot, bool status,
				    enum table_format format, const struct table_style *style)
{
	const struct record_csv_status own = {.shown = status};

	return format == TABLE_CSV ? csv_new(snapshot, &own, style) : jsonl_new(snapshot);
}

struct table_text *record_table_new_joined(struct snapshot *snapshot, struct snapshot *statuses,
					   const char *absent_status, enum table_format format,
					   const struct table_style *style)
{
	const struct record_csv_status joined = {true, statuses, absent_status};

	return format == TABLE_CSV ? csv_new(snapshot, &joined, style) : jsonl_new(snapshot);
}
