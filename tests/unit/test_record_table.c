/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_record_table.c - records as JSONL and as CSV: examples, and thousands of random records
 * whose rows must be what jansson and a tree make of them. The seed is fixed: a failure comes
 * again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/tables/record_table.h"
#include "tests/unit/csv_reader.h"
#include "tests/unit/flat_rows.h"
#include "tests/unit/table_reader.h"
#include "tests/unit/table_records.h"

#define ROUNDS 300
#define RECORDS_MAX 40

static const struct collection users = {
    TABLE_RECORDS_USERS,
    .status_key = "status",
};
/* whose status is not a field that the text shows as "status" */
static const struct collection others = {
    TABLE_RECORDS_USERS,
    .status_key = "state",
};
static const struct table_style guard = {.guard = true}, raw = {0}, bom = {.bom = true};

/* ---- examples ---- */

/* Up to six records, and the whole table. */
struct example {
	const char *records[7];
	const char *table;
};

static void check(const struct collection *collection, const struct example *example,
		  enum table_format format, const struct table_style *style, bool status)
{
	struct snapshot *snapshot;
	struct table_text *table;
	size_t count = 0;
	char *whole;

	while (example->records[count])
		count++;
	snapshot = table_records_snapshot(collection, example->records, count);
	table = record_table_new(snapshot, status, format, style);
	snapshot_put(snapshot);
	assert_non_null(table);
	whole = table_reader_whole(table);
	assert_string_equal(whole, example->table);
	free(whole);
	table_text_free(table);
}

static void test_jsonl(void **state)
{
	static const struct example cases[] = {
	    {{NULL}, ""},
	    {{"{}"}, "{}\n"},
	    {{"{ \"a\" : 1 }", "{\"a\":{\"b\":{}}}"}, "{\"a\":1}\n{\"a\":{\"b\":{}}}\n"},
	    {{"{\"a\":19.990,\"b\":[ 1e400, -0 ,\n18446744073709551616]}"},
	     "{\"a\":19.990,\"b\":[1e400,-0,18446744073709551616]}\n"},
	    {{"{\"a: b\":\"c: d\",\"e\":[\"f\",\": g\",[],[[\"h: \"]],{}]}"},
	     "{\"a: b\":\"c: d\",\"e\":[\"f\",\": g\",[],[[\"h: \"]],{}]}\n"},
	    {{"{\"a\":\"\\\": \\n  \\\\\",\"b\":\"  \"}"},
	     "{\"a\":\"\\\": \\n  \\\\\",\"b\":\"  \"}\n"},
	    {{"{\"\\ud83d\":\"\\u0000x\",\"\":null,\"t\":true}"},
	     "{\"\\ud83d\":\"\\u0000x\",\"\":null,\"t\":true}\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&users, &cases[i], TABLE_JSONL, NULL, true);
}

static void test_columns(void **state)
{
	static const struct example cases[] = {
	    /* in order of their first appearance, wherever a record has them */
	    {{"{\"b\":1,\"a\":2}", "{\"c\":3,\"a\":4}", "{\"a\":5,\"b\":6}"},
	     "b,a,c\r\n1,2,\r\n,4,3\r\n6,5,\r\n"},
	    /* nested */
	    {{"{\"a\":{\"x\":1,\"y\":{\"z\":2}},\"b\":3}", "{\"a\":{\"w\":4}}"},
	     "a.x,a.y.z,b,a.w\r\n1,2,3,\r\n,,,4\r\n"},
	    /* null and {} where others have fields make no column */
	    {{"{\"a\":null,\"b\":1}", "{\"a\":{\"x\":2}}", "{\"a\":{}}"},
	     "b,a.x\r\n1,\r\n,2\r\n,\r\n"},
	    {{"{\"a\":null}", "{\"b\":{}}", "{\"b\":null}"}, "a,b\r\n,\r\n,{}\r\n,\r\n"},
	    /* but a value does */
	    {{"{\"a\":5}", "{\"a\":{\"x\":2}}", "{\"a\":{}}"}, "a,a.x\r\n5,\r\n,2\r\n{},\r\n"},
	    /* one name, two paths */
	    {{"{\"a.b\":1,\"a\":{\"b\":2}}"}, "a.b,a.b\r\n1,2\r\n"},
	    /* arrays */
	    {{"{\"a\":[],\"b\":[{\"x\":[1,2]}],\"c\":[\"d\"]}"},
	     "a,b,c\r\n[],\"[{\"\"x\"\":[1,2]}]\",\"[\"\"d\"\"]\"\r\n"},
	    /* a row needs a character */
	    {{"{\"a\":null}", "{\"a\":1}"}, "a\r\n\"\"\r\n1\r\n"},
	    {{"{}", "{}"}, "\"\"\r\n\"\"\r\n\"\"\r\n"},
	    {{NULL}, "\"\"\r\n"},
	    {{"{\"\":null}"}, "\"\"\r\n\"\"\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&users, &cases[i], TABLE_CSV, &raw, false);
}

static void test_cells(void **state)
{
	static const struct example guarded[] = {
	    {{"{\"=a\":\"=1\",\"b\":\"-1\",\"c\":-1.50e3,\"-d\":true,\"e,\":\"@\\n\"}"},
	     "'=a,b,c,'-d,\"e,\"\r\n'=1,-1,-1.50e3,true,\"'@\n\"\r\n"},
	};
	static const struct example plain[] = {
	    {{"{\"=a\":\"=1\"}"}, "=a\r\n=1\r\n"},
	    {{"{\"a\":18446744073709551616,\"b\":0.10,\"c\":false,\"d\":\"\"}"},
	     "a,b,c,d\r\n18446744073709551616,0.10,false,\r\n"},
	    {{"{\"a\\\"b\":\"c\\\"d\",\"e\\nf\":\"\\r\"}"},
	     "\"a\"\"b\",\"e\nf\"\r\n\"c\"\"d\",\"\r\"\r\n"},
	    {{"{\"a\\u0000\":\"\\u0000b\\u0000\",\"c\":\"\\ud83d!\",\"d\":\"\\ud83d\\ude00\"}"},
	     "a\\u0000,c,d\r\n\\u0000b\\u0000,\\ud83d!,\xf0\x9f\x98\x80\r\n"},
	    {{"{\"a\":\"\\t\\u0001\\\\u0041\\/\"}"}, "a\r\n\t\x01\\u0041/\r\n"},
	};
	static const struct example marked[] = {{{"{\"a\":1}"},
						 "\xef\xbb\xbf"
						 "a\r\n1\r\n"}};

	(void)state;
	for (size_t i = 0; i < sizeof(guarded) / sizeof(*guarded); i++)
		check(&users, &guarded[i], TABLE_CSV, &guard, false);
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		check(&users, &plain[i], TABLE_CSV, &raw, false);
	check(&users, marked, TABLE_CSV, &bom, false);
}

static void test_status(void **state)
{
	static const struct example own[] = {
	    {{"{\"status\":\"active\",\"a\":1}"}, "status,a\r\nactive,1\r\n"},
	    {{"{\"a\":1}", "{\"status\":\"inactive\"}"}, "a,status\r\n1,\r\n,inactive\r\n"},
	    {{"{\"a\":1}", "{\"status\":null}"}, "a,status\r\n1,\r\n,\r\n"},
	    {{"{\"a\":1}", "{\"status\":{\"x\":2}}"}, "a,status.x\r\n1,\r\n,2\r\n"},
	};
	static const struct example words[] = {
	    {{"{\"state\":\"active\"}", "{\"a\":{\"status\":1}}"},
	     "state,a.status,status\r\nactive,,active\r\n,1,unknown\r\n"},
	    {{NULL}, "status\r\n"},
	    {{"{}"}, "status\r\nunknown\r\n"},
	    {{"{\"state\":\"=x\"}"}, "state,status\r\n'=x,'=x\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		check(&users, &own[i], TABLE_CSV, &guard, true);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		check(&others, &words[i], TABLE_CSV, &guard, true);
}

/* The word comes from other records, by the id. */
static void test_joined(void **state)
{
	static const char *const records[] = {"{\"a\":1}", "{\"a\":2}", "{\"a\":3}"};
	static const char *const words[] = {"{\"status\":\"active\"}", "{\"status\":\"locked\"}"};
	struct snapshot *snapshot = table_records_snapshot(&users, records, 3);
	struct snapshot *statuses = table_records_snapshot(&users, words, 2);
	struct table_text *csv, *jsonl;
	char *whole;

	(void)state;
	csv = record_table_new_joined(snapshot, statuses, "inactive", TABLE_CSV, &raw);
	jsonl = record_table_new_joined(snapshot, statuses, "inactive", TABLE_JSONL, &raw);
	snapshot_put(snapshot);
	snapshot_put(statuses);
	whole = table_reader_whole(csv);
	assert_string_equal(whole, "a,status\r\n1,active\r\n2,locked\r\n3,inactive\r\n");
	free(whole);
	whole = table_reader_whole(jsonl);
	assert_string_equal(whole, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
	free(whole);
	table_text_free(csv);
	table_text_free(jsonl);
}

/* ---- random records ---- */

struct text {
	char bytes[1 << 16];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->length += (size_t)vsnprintf(text->bytes + text->length,
					  sizeof(text->bytes) - text->length, format, args);
	va_end(args);
	assert_true(text->length < sizeof(text->bytes));
}

#define ANY(list) (list)[table_reader_below(sizeof(list) / sizeof(*(list)))]

/* A value that is no container. EXACT: jansson alone would not keep it. */
static const char *any_scalar(bool exact)
{
	static const char *const plain[] = {
	    "null",
	    "true",
	    "false",
	    "0",
	    "-1",
	    "9223372036854775807",
	    "\"\"",
	    "\"x\"",
	    "\"a: b\"",
	    "\"=1+1\"",
	    "\"-1\"",
	    "\"+49 89 123456\"",
	    "\"a,b\"",
	    "\"\\\"\"",
	    "\"\\\\\"",
	    "\"\\\\\\\"\\n\"",
	    "\"\\r\\n\"",
	    "\"{\"",
	    "\"]\"",
	    "\"  }\"",
	    "\"\xc3\xa9\xe2\x82\xac\"",
	    "\"\xf0\x9f\x98\x80\"",
	    "\"\\u0001\\u001b\"",
	    "\"x\\u0000y\"",
	    "\"a text that is longer than the eight bytes that are looked at at a time\"",
	};
	static const char *const carried[] = {
	    "19.990",
	    "1e400",
	    "-0",
	    "18446744073709551616",
	    "-12.50E-07",
	    "0.1000000000000000000000000000000000000000000000000000000000000000001",
	    "\"\\u0000\"",
	    "\"\\ud83d\"",
	    "\"\\ude00\\ud83d, \\\"\\u0000\"",
	    "\"\\ud83d\\ude00\"",
	};

	return exact && table_reader_below(3) == 0 ? ANY(carried) : ANY(plain);
}

static const char *any_key(bool exact)
{
	static const char *const plain[] = {"a",       "b",
					    "c",       "a.b",
					    "",        "d\xc3\xa9",
					    "=x",      "a,b",
					    "q\\\"",   "n\\n",
					    "id",      "e",
					    "\\\\",    "f: g",
					    "\\u0001", "longer than eight bytes"};
	static const char *const carried[] = {"\\ud83d", "\\u0000", "x\\u0000\\ude00\\\"",
					      "\\u001a"};
	static char numbered[16];

	if (table_reader_below(60) == 0)
		return "status";
	if (table_reader_below(8) == 0) {
		snprintf(numbered, sizeof(numbered), "k%zu", table_reader_below(200));
		return numbered;
	}
	return exact && table_reader_below(6) == 0 ? ANY(carried) : ANY(plain);
}

static void put_object(struct text *text, unsigned depth, bool exact);

static void put_value(struct text *text, unsigned depth, bool exact)
{
	size_t kind = table_reader_below(8), count;

	if (kind == 0 && depth) {
		put_object(text, depth - 1, exact);
	} else if (kind == 1 && depth) {
		count = table_reader_below(4);
		put(text, "[");
		for (size_t i = 0; i < count; i++) {
			put(text, i ? ", " : " ");
			put_value(text, depth - 1, exact);
		}
		put(text, "]");
	} else {
		put(text, "%s", any_scalar(exact));
	}
}

static void put_object(struct text *text, unsigned depth, bool exact)
{
	size_t count = table_reader_below(9);

	put(text, "{");
	for (size_t i = 0; i < count; i++) {
		put(text, "%s\"%s\" :", i ? "," : "", any_key(exact));
		put_value(text, depth, exact);
	}
	put(text, "}");
}

static struct snapshot *any_snapshot(size_t count, bool exact)
{
	static struct text texts[RECORDS_MAX];
	const char *jsons[RECORDS_MAX];

	for (size_t i = 0; i < count; i++) {
		texts[i].length = 0;
		put_object(&texts[i], 4, exact);
		jsons[i] = texts[i].bytes;
	}
	return table_records_snapshot(&users, jsons, count);
}

/* Each line is what jansson makes of the record, or, if it is EXACT, what exact_print does. */
static void check_lines(struct snapshot *snapshot, bool exact)
{
	struct table_text *table = record_table_new(snapshot, true, TABLE_JSONL, NULL);
	char *whole = table_reader_whole(table), *line = whole;

	for (size_t i = 0; i < snapshot->count; i++) {
		const struct record *record = snapshot->records[i];
		json_t *plain = json_loads(record_text(record), JSON_ALLOW_NUL, NULL);
		json_t *kept = record_json(record);
		char *wanted = exact ? exact_print_text(kept, 0) : json_dumps(plain, JSON_COMPACT);
		size_t length = strcspn(line, "\n");

		assert_non_null(wanted);
		assert_int_equal(length, strlen(wanted));
		assert_memory_equal(line, wanted, length);
		assert_int_equal(line[length], '\n');
		line += length + 1;
		free(wanted);
		json_decref(plain);
		json_decref(kept);
	}
	assert_int_equal(*line, '\0');
	free(whole);
	table_text_free(table);
}

static void check_cell(const struct csv_reader *reader, size_t row, size_t column,
		       const char *wanted, bool guarded)
{
	const char *cell = csv_reader_at(reader, row, column);

	if (guarded && (strchr("=+-@", *wanted) || (unsigned char)*wanted < 0x20) && *cell == '\'')
		cell++;
	assert_string_equal(cell, wanted);
}

static void check_header(const struct csv_reader *reader, const struct flat_rows *rows,
			 bool guarded)
{
	size_t column = 0;

	for (size_t i = 0; i < rows->count; i++) {
		char *name = flat_rows_name(rows->columns[i]);

		if (flat_rows_shown(rows, i))
			check_cell(reader, 0, column++, name, guarded);
		free(name);
	}
	if (!rows->status)
		check_cell(reader, 0, column++, "status", guarded);
	assert_int_equal(column, reader->columns);
}

static void check_csv(struct snapshot *snapshot, const struct table_style *style)
{
	struct table_text *table = record_table_new(snapshot, true, TABLE_CSV, style);
	char *whole = table_reader_whole(table);
	struct flat_row *flat = calloc(snapshot->count + 1, sizeof(*flat));
	struct flat_rows *rows = calloc(1, sizeof(*rows));
	struct csv_reader reader;

	csv_reader_read(&reader, whole);
	assert_int_equal(reader.rows, snapshot->count + 1);
	for (size_t i = 0; i < snapshot->count; i++) {
		json_t *json = record_json(snapshot->records[i]);

		flat_rows_flatten(rows, &flat[i], "", json);
		json_decref(json);
	}
	check_header(&reader, rows, style->guard);
	for (size_t i = 0; i < snapshot->count; i++) {
		size_t column = 0;

		for (size_t j = 0; j < rows->count; j++) {
			if (flat_rows_shown(rows, j))
				check_cell(&reader, i + 1, column++,
					   flat_row_text(&flat[i], rows->columns[j]), style->guard);
		}
		if (!rows->status)
			check_cell(&reader, i + 1, column, "unknown", style->guard);
		flat_row_clear(&flat[i]);
	}
	for (size_t i = 0; i < rows->count; i++)
		free(rows->columns[i]);
	csv_reader_clear(&reader);
	free(rows);
	free(flat);
	free(whole);
	table_text_free(table);
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		bool exact = i % 2;
		size_t most = i % 3 ? RECORDS_MAX : 3;
		struct snapshot *snapshot = any_snapshot(1 + table_reader_below(most), exact);

		check_lines(snapshot, exact);
		check_csv(snapshot, i % 4 < 2 ? &raw : &guard);
		snapshot_put(snapshot);
	}
}

/* Nested as deeply as a record may be, and more columns than any row has fields. */
static void test_deep(void **state)
{
	static struct text text;
	const char *json = text.bytes;
	struct snapshot *snapshot;

	(void)state;
	text.length = 0;
	for (int i = 0; i < 500; i++)
		put(&text, "{\"a\":");
	put(&text, "[[1]]");
	for (int i = 0; i < 500; i++)
		put(&text, "}");
	snapshot = table_records_snapshot(&users, &json, 1);
	check_lines(snapshot, false);
	check_csv(snapshot, &raw);
	snapshot_put(snapshot);
}

static void test_wide(void **state)
{
	static struct text texts[RECORDS_MAX];
	const char *jsons[RECORDS_MAX];
	struct snapshot *snapshot;

	(void)state;
	for (size_t i = 0; i < RECORDS_MAX; i++) {
		texts[i].length = 0;
		for (size_t j = 0; j < 40; j++)
			put(&texts[i], "%s\"%zu\":%zu", j ? "," : "{", (i * 13 + j * 7) % 500, j);
		put(&texts[i], "}");
		jsons[i] = texts[i].bytes;
	}
	snapshot = table_records_snapshot(&users, jsons, RECORDS_MAX);
	check_csv(snapshot, &raw);
	snapshot_put(snapshot);
}

/* ---- threads ---- */

struct shared {
	const struct table_text *table;
	const char *whole;
};

static void *read_all(void *arg)
{
	const struct shared *shared = arg;
	char piece[777];
	ssize_t got;

	for (uint64_t at = 0; (got = table_text_read(shared->table, at, piece, sizeof(piece))) > 0;
	     at += (uint64_t)got) {
		if (memcmp(piece, shared->whole + at, (size_t)got) != 0)
			return arg;
	}
	return got ? arg : NULL;
}

static void test_threads(void **state)
{
	struct snapshot *snapshot = any_snapshot(RECORDS_MAX, true);

	(void)state;
	for (int format = 0; format < 2; format++) {
		struct table_text *table = record_table_new(snapshot, true,
							    format ? TABLE_CSV : TABLE_JSONL,
							    &guard);
		char *whole = table_reader_whole(table);
		struct shared shared = {table, whole};
		pthread_t threads[4];
		void *failed;

		for (size_t i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, read_all, &shared), 0);
		for (size_t i = 0; i < 4; i++) {
			assert_int_equal(pthread_join(threads[i], &failed), 0);
			assert_null(failed);
		}
		free(whole);
		table_text_free(table);
	}
	snapshot_put(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_jsonl),   cmocka_unit_test(test_columns),
	    cmocka_unit_test(test_cells),   cmocka_unit_test(test_status),
	    cmocka_unit_test(test_joined),  cmocka_unit_test(test_random),
	    cmocka_unit_test(test_deep),    cmocka_unit_test(test_wide),
	    cmocka_unit_test(test_threads),
	};

	srandom(11);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
