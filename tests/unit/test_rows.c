/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rows.c - where the rows of a page are by the pointers of a table, and the record in a row.
 */
#include "vendors/list/rows.h"
#include "vendors/vendor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* Append the row to the text ARG: its number, or "-" if there is none. */
static int write_row(json_t *row, void *arg)
{
	char *text = arg;

	if (row)
		sprintf(text + strlen(text), "%d ", (int)json_integer_value(row));
	else
		stpcpy(strchr(text, 0), "- ");
	return 0;
}

static void test_find(void **state)
{
	static const struct {
		const char *pointers[3], *answer;
		bool may_lack;
		const char *rows; /* NULL: there are none; "odd": something else is there */
	} cases[] = {
	    {{"/a/*"}, "{\"a\": [1, 2]}", false, "1 2 "},
	    {{"/a/*"}, "{\"a\": []}", false, ""},
	    {{"/*"}, "[1, 2]", false, "1 2 "},
	    {{"/*"}, "{}", false, "odd"},
	    {{"/a/*"}, "{\"b\": [1]}", false, NULL},
	    {{"/a/*", "/b/*"}, "{\"b\": [1], \"a\": null}", false, "1 "},
	    {{"/a/*", "/b/*"}, "{\"b\": [1], \"a\": []}", false, ""},
	    {{"/a/*"}, "{\"a\": {\"b\": 1}}", false, "odd"},
	    {{"/a"}, "{\"a\": 7}", false, "7 "},
	    {{"/a*/*"}, "{\"a*\": [3]}", false, "3 "},
	    /* an element without its row or rows is no empty list */
	    {{"/a/*/b"}, "{\"a\": [{\"b\": 1}, {}, {\"b\": 2}]}", true, "1 - 2 "},
	    {{"/a/*/b/*"}, "{\"a\": [{\"b\": [1, 2]}, {\"b\": [3]}]}", false, "1 2 3 "},
	    {{"/a/*/b/*"}, "{\"a\": [{\"b\": [1]}, {}, {\"b\": [3]}]}", false, "1 - 3 "},
	    {{"/a/*/b/*"}, "{\"a\": [{\"b\": [1]}, {}, {\"b\": [3]}]}", true, "1 3 "},
	    {{"/a/*/b/*"}, "{\"a\": [{\"b\": 1}]}", true, "- "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct rule_list listing = {.rows = cases[i].pointers,
						  .no_rows_is_empty = cases[i].may_lack};
		const struct collection collection = {.listing = &listing};
		json_t *answer = json_loads(cases[i].answer, JSON_DECODE_ANY, NULL);
		struct rows rows = rows_find(&collection, answer);
		char text[64] = "";

		assert_int_equal(rows_each(&rows, write_row, text), 0);
		if (rows.odd)
			stpcpy(text, "odd");
		assert_true(cases[i].rows ? rows.odd || rows.at : !rows.odd && !rows.at);
		assert_string_equal(text, cases[i].rows ? cases[i].rows : "");
		json_decref(answer);
	}
}

static void test_record(void **state)
{
	static const char *const roots[] = {"/user", ".", NULL};
	static const char *const only[] = {"/user", NULL};
	const struct rule_list listing = {.first = NULL};
	struct collection collection = {.listing = &listing};
	json_t *flat = json_loads("{\"id\": 1}", 0, NULL);
	json_t *wrapped = json_loads("{\"user\": {\"id\": 1}}", 0, NULL);
	json_t *odd = json_loads("{\"user\": 5}", 0, NULL);

	(void)state;
	assert_ptr_equal(rows_record(&collection, flat), flat);
	assert_null(rows_record(&collection, NULL));
	collection.row_roots = roots;
	assert_ptr_equal(rows_record(&collection, flat), flat);
	assert_ptr_equal(rows_record(&collection, wrapped), json_object_get(wrapped, "user"));
	assert_null(rows_record(&collection, odd));
	collection.row_roots = only;
	assert_null(rows_record(&collection, flat));
	json_decref(flat);
	json_decref(wrapped);
	json_decref(odd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
