/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_people_table.c - people as JSONL and as CSV: none, one or several records at a vendor, their
 * emails, names, statuses and roles.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cache/tables/people_table.h"
#include "tests/unit/csv_reader.h"
#include "tests/unit/table_reader.h"
#include "tests/unit/table_records.h"

static const char *const name_keys[] = {"/firstname", "/profile/lastname", NULL};
static const char *const role_keys[] = {"role", "/roles/*/name", "/flags/is~1admin", "/list", NULL};
static const struct collection first_users = {
    TABLE_RECORDS_USERS,
    .status_key = "status",
    .name_keys = name_keys,
    .role_keys = role_keys,
};
/* without names and roles */
static const struct collection second_users = {
    TABLE_RECORDS_USERS,
    .status_key = "status",
};
static const struct table_style guard = {.guard = true}, bom = {.guard = true, .bom = true};

/* At most so many people, vendors with records, and records of each. */
#define MOST 8

/* Which records are whose: "0:1,2 1:0" is numbers 1 and 2 at vendor 0, and 0 at vendor 1. */
struct scene {
	const char *records[2][MOST + 1]; /* of the two vendors with an API */
	const char *statuses[MOST + 1];   /* of the second */
	const char *people[MOST + 1];
	size_t keyed;
	const char *csv, *jsonl;
};

static size_t count_of(const char *const *list)
{
	size_t count = 0;

	while (list[count])
		count++;
	return count;
}

static void add_person(struct people *people, const char *text)
{
	size_t end = people->firsts[people->count], vendor = 0;

	for (; *text; text++) {
		if (text[1] == ':')
			vendor = (size_t)(*text++ - '0');
		else if (*text != ' ' && *text != ',') {
			const struct snapshot *snapshot = people->vendors[vendor].snapshot;

			people->records[end] = snapshot->records[*text - '0'];
			people->record_vendors[end++] = (uint16_t)vendor;
		}
	}
	people->firsts[++people->count] = (uint32_t)end;
}

/* The vendors are called one, by-hand and two. */
static struct table_text *make(const struct scene *scene, enum table_format format,
			       const struct table_style *style)
{
	struct people people = {
	    .vendors = calloc(3, sizeof(struct people_vendor)),
	    .vendor_count = 3,
	    .records = calloc((size_t)MOST * MOST, sizeof(struct record *)),
	    .record_vendors = calloc((size_t)MOST * MOST, sizeof(uint16_t)),
	    .firsts = calloc(MOST + 1, sizeof(uint32_t)),
	    .keyed = scene->keyed,
	};
	struct people_vendor *vendors = people.vendors;

	vendors[0] = (struct people_vendor){.name = "one", .users = &first_users};
	vendors[0].snapshot = table_records_snapshot(&first_users, scene->records[0],
						     count_of(scene->records[0]));
	vendors[1] = (struct people_vendor){.name = "by-hand"};
	vendors[2] = (struct people_vendor){.name = "two", .users = &second_users};
	vendors[2].snapshot = table_records_snapshot(&second_users, scene->records[1],
						     count_of(scene->records[1]));
	if (scene->statuses[0]) {
		vendors[2].statuses = table_records_snapshot(&second_users, scene->statuses,
							     count_of(scene->statuses));
		vendors[2].absent_status = "absent";
	}
	for (size_t i = 0; scene->people[i]; i++)
		add_person(&people, scene->people[i]);
	return people_table_new(&people, format, style);
}

static void check_scene(const struct scene *scene)
{
	for (int format = 0; format < 2; format++) {
		struct table_text *table = make(scene, format ? TABLE_CSV : TABLE_JSONL,
						format ? &guard : NULL);
		char *whole;

		assert_non_null(table);
		whole = table_reader_whole(table);
		assert_string_equal(whole, format ? scene->csv : scene->jsonl);
		free(whole);
		table_text_free(table);
	}
}

#define HEADER "email,name,one.id,one.status,one.role,by-hand,two.id,two.status,two.role\r\n"
#define HAND "\"by-hand\":\"by hand\""

static void test_people(void **state)
{
	static const struct scene scene = {
	    .records =
		{{"{\"email\":\"Jane@X\",\"firstname\":\"Jane\",\"profile\":{\"lastname\":"
		  "\"Doe, Dr.\"},\"role\":\"admin\",\"status\":\"active\"}",
		  "{\"email\":\"joe@x\",\"status\":\"inactive\",\"roles\":[{\"name\":\"r1\"},"
		  "{\"name\":\"r2\"},{}]}",
		  "{\"firstname\":\"=cmd\"}"},
		 {"{\"email\":\"jane@x\",\"status\":\"locked\"}"}},
	    .people = {"0:0 2:0", "0:1", "0:2", ""},
	    .keyed = 2,
	    .csv = HEADER "jane@x,\"Jane Doe, Dr.\",0,active,admin,by hand,0,locked,\r\n"
			  "joe@x,,1,inactive,r1 r2,by hand,,,\r\n"
			  ",'=cmd,2,unknown,,by hand,,,\r\n"
			  ",,,,,by hand,,,\r\n",
	    .jsonl = "{\"email\":\"jane@x\",\"name\":\"Jane Doe, Dr.\",\"one.id\":\"0\","
		     "\"one.status\":\"active\",\"one.role\":\"admin\"," HAND ",\"two.id\":\"0\","
		     "\"two.status\":\"locked\",\"two.role\":null}\n"
		     "{\"email\":\"joe@x\",\"name\":null,\"one.id\":\"1\","
		     "\"one.status\":\"inactive\",\"one.role\":\"r1 r2\"," HAND "}\n"
		     "{\"email\":null,\"name\":\"=cmd\",\"one.id\":\"2\","
		     "\"one.status\":\"unknown\",\"one.role\":null," HAND "}\n"
		     "{\"email\":null,\"name\":null," HAND "}\n",
	};

	(void)state;
	check_scene(&scene);
}

/* The same order in each of the three columns, and a place for what a record lacks. */
static void test_several(void **state)
{
	static const struct scene scene = {
	    .records = {{"{\"email\":\"a@x\",\"status\":\"active\",\"role\":\"r\"}",
			 "{\"email\":\"a@x\",\"status\":\"inactive\",\"firstname\":\"A\"}",
			 "{\"email\":\"a@x\",\"status\":\"active\",\"role\":\"s\"}"},
			{"{\"email\":\"a@x\"}", "{\"email\":\"a@x\"}"}},
	    .statuses = {"{\"status\":\"active\"}"},
	    .people = {"0:0,1,2 2:1,0", "2:1"},
	    .keyed = 2,
	    .csv = HEADER "a@x,A,0 1 2,active inactive active,r  s,by hand,1 0,absent active,\r\n"
			  "a@x,,,,,by hand,1,absent,\r\n",
	    .jsonl = "{\"email\":\"a@x\",\"name\":\"A\",\"one.id\":[\"0\",\"1\",\"2\"],"
		     "\"one.status\":[\"active\",\"inactive\",\"active\"],"
		     "\"one.role\":[\"r\",null,\"s\"]," HAND ",\"two.id\":[\"1\",\"0\"],"
		     "\"two.status\":[\"absent\",\"active\"],\"two.role\":[null,null]}\n"
		     "{\"email\":\"a@x\",\"name\":null," HAND ",\"two.id\":\"1\","
		     "\"two.status\":\"absent\",\"two.role\":null}\n",
	};

	(void)state;
	check_scene(&scene);
}

static char *one_cell(const char *json, size_t column, size_t keyed)
{
	const struct scene scene = {.records = {{json}}, .people = {"0:0"}, .keyed = keyed};
	struct table_text *table = make(&scene, TABLE_CSV, &guard);
	char *whole = table_reader_whole(table), *cell;
	struct csv_reader reader;

	csv_reader_read(&reader, whole);
	assert_int_equal(reader.rows, 2);
	cell = strdup(csv_reader_at(&reader, 1, column));
	csv_reader_clear(&reader);
	free(whole);
	table_text_free(table);
	return cell;
}

static void test_cells(void **state)
{
	static const struct {
		size_t column;
		const char *json, *wanted;
	} cases[] = {
	    /* emails: as by-email writes them */
	    {0, "{\"email\":\"Jane.Doe@Example.COM\"}", "jane.doe@example.com"},
	    {0, "{\"email\":\" jane@example.com. \"}", "jane@example.com"},
	    {0, "{\"email\":\"a@XN--Mnchen-3ya.de\"}", "a@m\xc3\xbcnchen.de"},
	    {0, "{\"email\":\"-a@x\"}", "'-a@x"},
	    {0, "{\"email\":\"a\\u0000@x\"}", "a\\u0000@x"},
	    {0, "{\"email\":\"a\\ud83d@x\"}", "a\\ud83d@x"},
	    {0, "{\"email\":\"  \"}", ""},
	    {0, "{\"email\":7}", ""},
	    /* names: those parts that are there */
	    {1, "{\"firstname\":\"\",\"profile\":{\"lastname\":\"Doe\"}}", "Doe"},
	    {1, "{\"firstname\":\"Jane\",\"profile\":{\"lastname\":null}}", "Jane"},
	    {1, "{\"firstname\":\"Jane\",\"profile\":\"lastname\"}", "Jane"},
	    {1, "{\"profile\":{\"x\":{\"lastname\":\"no\"},\"lastname\":\"yes\"}}", "yes"},
	    {1, "{\"x\":{\"firstname\":\"no\"},\"firstname\":\"yes\"}", "yes"},
	    {1, "{\"first\\u006eame\":\"J\\u0000\\\"\\n\\ud83d\"}", "J\\u0000\"\n\\ud83d"},
	    {1, "{\"profile\":{\"lastname\":\"D\\u0000\\\"\\ud83d\\t\"}}", "D\\u0000\"\\ud83d\t"},
	    /* roles: the values at the first that has any */
	    {4, "{\"role\":\"\",\"roles\":[{\"name\":\"x\"}],\"list\":[\"no\"]}", "x"},
	    {4, "{\"role\":null,\"list\":[\"a\",null,\"\",1.50,true,false,{},[]]}", "a 1.50 list"},
	    {4, "{\"role\":[\"a\",\"b c\"],\"list\":[\"no\"]}", "a b c"},
	    {4, "{\"role\":12345678901234567890}", "12345678901234567890"},
	    {4, "{\"role\":true}", "role"},
	    {4, "{\"role\":false,\"flags\":{\"is/admin\":false}}", ""},
	    {4, "{\"role\":{},\"flags\":{\"is/admin\":true}}", "is/admin"},
	    {4, "{\"flags\":{\"is/admin\":{\"is/admin\":true}}}", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *cell = one_cell(cases[i].json, cases[i].column, 1);

		if (strcmp(cell, cases[i].wanted) != 0)
			fail_msg("%s became %s", cases[i].json, cell);
		free(cell);
	}
}

/* Two people at one vendor whose emails have one key are told apart by the spelling. */
static void test_spelling(void **state)
{
	static const struct scene scene = {
	    .records = {{"{\"email\":\"strasse@x\"}", "{\"email\":\"STRA\xc3\x9f"
						      "E@x\"}"},
			{"{\"email\":\"strasse@x\"}"}},
	    .people = {"0:0 2:0", "0:1 2:0"},
	    .keyed = 1,
	    .csv = HEADER "strasse@x,,0,unknown,,by hand,0,unknown,\r\n"
			  "stra\xc3\x9f"
			  "e@x,,1,unknown,,by hand,0,unknown,\r\n",
	    .jsonl = "{\"email\":\"strasse@x\",\"name\":null,\"one.id\":\"0\","
		     "\"one.status\":\"unknown\",\"one.role\":null," HAND ",\"two.id\":\"0\","
		     "\"two.status\":\"unknown\",\"two.role\":null}\n"
		     "{\"email\":\"stra\xc3\x9f"
		     "e@x\",\"name\":null,\"one.id\":\"1\","
		     "\"one.status\":\"unknown\",\"one.role\":null," HAND ",\"two.id\":\"0\","
		     "\"two.status\":\"unknown\",\"two.role\":null}\n",
	};
	char *cell = one_cell("{\"email\":\"a@x.\"}", 0, 0);

	(void)state;
	check_scene(&scene);
	assert_string_equal(cell, "a@x.");
	free(cell);
}

static void test_nobody(void **state)
{
	static const struct scene scene = {.csv = HEADER, .jsonl = ""};
	struct table_text *table = make(&scene, TABLE_CSV, &bom);
	char *whole = table_reader_whole(table);

	(void)state;
	check_scene(&scene);
	assert_string_equal(whole, "\xef\xbb\xbf" HEADER);
	free(whole);
	table_text_free(table);
}

/* A section's name is a cell of the header, and part of a key. */
static void test_names(void **state)
{
	struct people_vendor *vendors = calloc(2, sizeof(*vendors));
	struct people people = {.vendors = vendors,
				.vendor_count = 2,
				.firsts = calloc(2, sizeof(uint32_t)),
				.count = 1};
	struct table_text *table;
	char *whole;

	(void)state;
	vendors[0].name = "=a\"b";
	vendors[1].name = "c,d";
	table = people_table_new(&people, TABLE_CSV, &guard);
	whole = table_reader_whole(table);
	assert_string_equal(whole, "email,name,\"'=a\"\"b\",\"c,d\"\r\n,,by hand,by hand\r\n");
	free(whole);
	table_text_free(table);
	people.vendors = calloc(1, sizeof(*vendors));
	people.vendor_count = 1;
	people.vendors[0].name = "a\"b";
	people.firsts = calloc(2, sizeof(uint32_t));
	table = people_table_new(&people, TABLE_JSONL, NULL);
	whole = table_reader_whole(table);
	assert_string_equal(whole, "{\"email\":null,\"name\":null,\"a\\\"b\":\"by hand\"}\n");
	free(whole);
	table_text_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_people), cmocka_unit_test(test_several),
	    cmocka_unit_test(test_cells),  cmocka_unit_test(test_spelling),
	    cmocka_unit_test(test_nobody), cmocka_unit_test(test_names),
	};

	srandom(3);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
