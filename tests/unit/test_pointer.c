/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pointer.c - vendors/json/pointer.h: which values a pointer finds, sets and removes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/pointer.h"

static const char document[] =
    "{\"id\":7,\"a\":{\"b\":{\"c\":1},\"\":2,\"*\":9},\"a/b\":3,\"m~n\":4,\"none\":null,"
    "\"rows\":[{\"id\":1,\"tags\":[\"x\",\"y\"]},{\"name\":\"n\"},{\"id\":3,\"tags\":[\"z\"]}],"
    "\"big\":18446744073709551616.10,\"0\":\"zero\",\"\\u00e9\":5,\"@odata.nextLink\":\"u\"}";

static json_t *parse(const char *text)
{
	json_t *value = exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);

	assert_non_null(value);
	return value;
}

/* Assert that VALUE is written as TEXT; NULL: there is none. */
static void assert_json(const json_t *value, const char *text)
{
	char *printed = exact_print_text(value, 0);

	if (!text)
		assert_null(value);
	else
		assert_string_equal(printed ? printed : "(none)", text);
	free(printed);
}

static void test_get(void **state)
{
	static const char *const cases[][2] = {
	    {"id", "7"},
	    {"/id", "7"},
	    {"/a/b/c", "1"},
	    {"/a/", "2"},
	    {"/a~1b", "3"},
	    {"/m~0n", "4"},
	    {"/none", "null"},
	    {"none", "null"},
	    {"/rows/0/id", "1"},
	    {"/rows/2/tags/0", "\"z\""},
	    {"/rows/*/name", "\"n\""},
	    {"/rows/*/tags/*", "\"x\""},
	    {"/rows/*/tags/1", "\"y\""},
	    {"/big", "18446744073709551616.10"},
	    {"/0", "\"zero\""},
	    {"/\xc3\xa9", "5"},
	    {"@odata.nextLink", "\"u\""},
	    {"missing", NULL},
	    {"/missing/b", NULL},
	    {"/id/b", NULL},
	    {"/none/b", NULL},
	    {"/rows/3", NULL},
	    {"/rows/00", NULL},
	    {"/rows/-", NULL},
	    {"/rows/99999999999999999999", NULL},
	    {"/rows/", NULL},
	    {"/a/*", NULL},
	    {"/id/*", NULL},
	    {"/", NULL},
	};
	json_t *value = parse(document);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_null(pointer_check(cases[i][0]));
		assert_json(pointer_get(value, cases[i][0]), cases[i][1]);
	}
	assert_ptr_equal(pointer_get(value, "."), value);
	assert_null(pointer_get(NULL, "/a"));
	assert_null(pointer_get(NULL, "a"));
	json_decref(value);
}

static int collect(json_t *at, void *arg)
{
	char *text = exact_print_text(at, 0);

	stpcpy(strchr((char *)arg, 0), text);
	stpcpy(strchr((char *)arg, 0), " ");
	free(text);
	return 0;
}

static int stop_walk(json_t *at, void *arg)
{
	(void)at;
	return --*(int *)arg ? 0 : 5;
}

static void test_each(void **state)
{
	static const char *const cases[][2] = {
	    {"/rows/*/id", "1 3 "},
	    {"/rows/*/tags/*", "\"x\" \"y\" \"z\" "},
	    {"/rows/*/nothing", ""},
	    {"/none", "null "},
	    {"id", "7 "},
	    {"/a/*/c", ""},
	};
	json_t *value = parse(document), *list = parse("[[1,2],[],[3]]");
	char found[200];
	int count = 2;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		*found = '\0';
		assert_int_equal(pointer_each(value, cases[i][0], collect, found), 0);
		assert_string_equal(found, cases[i][1]);
	}
	*found = '\0';
	pointer_each(list, "/*/*", collect, found);
	pointer_each(list, ".", collect, found);
	assert_string_equal(found, "1 2 3 [[1,2],[],[3]] ");
	assert_int_equal(pointer_each(value, "/rows/*", stop_walk, &count), 5);
	assert_int_equal(count, 0);
	json_decref(value);
	json_decref(list);
}

static void test_change(void **state)
{
	static const struct {
		const char *pointer, *result;
		int rc;
	} sets[] = {
	    {"b", "{\"a\":{\"x\":null},\"l\":[1,2],\"b\":0}", 0},
	    {"/a/y/z", "{\"a\":{\"x\":null,\"y\":{\"z\":0}},\"l\":[1,2]}", 0},
	    {"/a/x/z", "{\"a\":{\"x\":{\"z\":0}},\"l\":[1,2]}", 0},
	    {"/l/1", "{\"a\":{\"x\":null},\"l\":[1,0]}", 0},
	    {"/q~1r/s~0t", "{\"a\":{\"x\":null},\"l\":[1,2],\"q/r\":{\"s~t\":0}}", 0},
	    {"/l/2", "{\"a\":{\"x\":null},\"l\":[1,2]}", -EINVAL},
	    {"/l/0/x", "{\"a\":{\"x\":null},\"l\":[1,2]}", -EINVAL},
	    {"/l/*", "{\"a\":{\"x\":null},\"l\":[1,2]}", -EINVAL},
	    {".", "{\"a\":{\"x\":null},\"l\":[1,2]}", -EINVAL},
	};
	static const char *const removals[][2] = {
	    {"a", "{\"l\":[1,2],\"r\":[{\"s\":1,\"t\":2},{\"s\":3},4]}"},
	    {"/a/x", "{\"a\":{},\"l\":[1,2],\"r\":[{\"s\":1,\"t\":2},{\"s\":3},4]}"},
	    {"/l/0", "{\"a\":{\"x\":null},\"l\":[null,2],\"r\":[{\"s\":1,\"t\":2},{\"s\":3},4]}"},
	    {"/l/*",
	     "{\"a\":{\"x\":null},\"l\":[null,null],\"r\":[{\"s\":1,\"t\":2},{\"s\":3},4]}"},
	    {"/r/*/s", "{\"a\":{\"x\":null},\"l\":[1,2],\"r\":[{\"t\":2},{},4]}"},
	    {"/b/c", "{\"a\":{\"x\":null},\"l\":[1,2],\"r\":[{\"s\":1,\"t\":2},{\"s\":3},4]}"},
	    {".", "{\"a\":{\"x\":null},\"l\":[1,2],\"r\":[{\"s\":1,\"t\":2},{\"s\":3},4]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		json_t *value = parse("{\"a\":{\"x\":null},\"l\":[1,2]}");

		assert_int_equal(pointer_set(value, sets[i].pointer, json_integer(0)), sets[i].rc);
		assert_json(value, sets[i].result);
		json_decref(value);
	}
	for (size_t i = 0; i < sizeof(removals) / sizeof(*removals); i++) {
		json_t *value = parse(
		    "{\"a\":{\"x\":null},\"l\":[1,2],\"r\":[{\"s\":1,\"t\":2},{\"s\":3},4]}");

		pointer_remove(value, removals[i][0]);
		assert_json(value, removals[i][1]);
		json_decref(value);
	}
}

static void test_check(void **state)
{
	static const char *const wrong[] = {"", "a/b", "~", "a~0", "*", "/a~", "/a~2", "/a\n"};
	char text[4 * POINTER_NAME_MAX] = "/";

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_non_null(pointer_check(wrong[i]));
	assert_null(pointer_check("."));
	memset(text + 1, 'a', POINTER_NAME_MAX - 1);
	assert_null(pointer_check(text));
	text[POINTER_NAME_MAX] = 'a';
	assert_non_null(pointer_check(text));
	memset(text, '/', 65);
	text[65] = '\0';
	assert_non_null(pointer_check(text));
}

static void test_names(void **state)
{
	char name[POINTER_NAME_MAX];
	const char *at = "/a~1b/~0/c";
	static char *path[] = {"a", "b", "c"};

	(void)state;
	assert_true(pointer_next(&at, name));
	assert_string_equal(name, "a/b");
	assert_true(pointer_next(&at, name));
	assert_string_equal(name, "~");
	assert_true(pointer_next(&at, name));
	assert_string_equal(name, "c");
	assert_false(pointer_next(&at, name));
	at = "id";
	assert_true(pointer_next(&at, name));
	assert_string_equal(name, "id");
	assert_false(pointer_next(&at, name));
	at = ".";
	assert_false(pointer_next(&at, name));

	assert_int_equal(pointer_relate("/a/b", path, 2), POINTER_COVERS);
	assert_int_equal(pointer_relate("/a/b", path, 3), POINTER_COVERS);
	assert_int_equal(pointer_relate("/a/b", path, 1), POINTER_BELOW);
	assert_int_equal(pointer_relate("/a/b", path, 0), POINTER_BELOW);
	assert_int_equal(pointer_relate("/a/x", path, 3), POINTER_APART);
	assert_int_equal(pointer_relate("/a/*/c", path, 3), POINTER_COVERS);
	assert_int_equal(pointer_relate("a", path, 3), POINTER_COVERS);
	assert_int_equal(pointer_relate("/ab", path, 3), POINTER_APART);
	assert_int_equal(pointer_relate(".", path, 0), POINTER_COVERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_get),    cmocka_unit_test(test_each),
	    cmocka_unit_test(test_change), cmocka_unit_test(test_check),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
