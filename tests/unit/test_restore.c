/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_restore.c - cache/document/restore.h: what a tool rounded is the base's again, what was
 * edited is not.
 *
 * In the tables ' stands for ".
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/document/restore.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"

static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *value;

	for (char *c = copy; *c; c++) {
		if (*c == '\'')
			*c = '"';
	}
	value = exact_parse(copy, strlen(copy), 0, NULL);
	if (!value)
		fail_msg("not JSON: %s", text);
	free(copy);
	return value;
}

static json_t *parse_member(const char *text)
{
	char document[400];

	snprintf(document, sizeof(document), "{'a':%s}", text);
	return parse(document);
}

static void test_restore(void **state)
{
	static const struct {
		const char *base, *document, *wanted; /* NULL: the document stays as it is */
		size_t count;
		const char *path;
	} rows[] = {
	    /* numbers */
	    {"{'a':9007199254740993}", "{'a':9007199254740992}", "{'a':9007199254740993}", 1, "a"},
	    {"{'a':9007199254740993}", "{'a':9007199254740994}", NULL, 0, NULL},
	    {"{'a':9007199254740992}", "{'a':9007199254740993}", NULL, 0, NULL},
	    {"{'a':1e400}", "{'a':null}", "{'a':1e400}", 1, "a"},
	    {"{'a':1e300}", "{'a':null}", NULL, 0, NULL},
	    {"{'a':1.10}", "{'a':1.1}", "{'a':1.10}", 0, NULL},
	    {"{'a':1e400}", "{'a':1.7976931348623157e+308}", "{'a':1e400}", 1, "a"},
	    {"{'a':1e400}", "{'a':-1.7976931348623157e+308}", NULL, 0, NULL},
	    {"{'a':'1.10'}", "{'a':1.1}", NULL, 0, NULL},
	    {"{'a':1.10}", "{'a':'1.10'}", NULL, 0, NULL},
	    {"{'b':{'a':[1e400]}}", "{'b':{'a':[1.7976931348623157e308],'c':1}}",
	     "{'b':{'a':[1e400],'c':1}}", 1, "b.a[]"},
	    {"{'a':1e-400,'b':1e-400}", "{'a':0,'b':0.0}", "{'a':1e-400,'b':1e-400}", 2, "a"},
	    /* texts */
	    {"{'a':'x\\ud83d'}", "{'a':'x\xef\xbf\xbd'}", "{'a':'x\\ud83d'}", 1, "a"},
	    {"{'a':'x\\ud83d'}", "{'a':'y\xef\xbf\xbd'}", NULL, 0, NULL},
	    {"{'a':'x\xef\xbf\xbd'}", "{'a':'x'}", NULL, 0, NULL},
	    {"{'\\ud83d':{'a':1.0}}", "{'\xef\xbf\xbd':{'a':2}}", "{'\\ud83d':{'a':2}}", 1,
	     "\\ud83d"},
	    {"{'\\ud83d':1,'\xef\xbf\xbd':2}", "{'\xef\xbf\xbd':3}", NULL, 0, NULL},
	    {"{'a\\u0000\\ud83d':1}", "{'a':2}", NULL, 0, NULL},
	    /* arrays: at their places, and moved */
	    {"{'a':[1.10,2.0,3]}", "{'a':[1.1,2,4]}", "{'a':[1.10,2.0,4]}", 0, NULL},
	    {"{'a':[1,9007199254740993]}", "{'a':[9007199254740992,1]}",
	     "{'a':[9007199254740993,1]}", 1, "a[]"},
	    {"{'a':[{'n':1e400,'s':'x'},5]}", "{'a':[5,{'s':'x','n':1.7976931348623157e308}]}",
	     "{'a':[5,{'s':'x','n':1e400}]}", 1, "a[].n"},
	    {"{'a':[{'n':1e400,'s':'x'}]}", "{'a':[{'n':1.7976931348623157e308,'s':'y'}]}",
	     "{'a':[{'n':1e400,'s':'y'}]}", 1, "a[].n"},
	    {"{'a':[1,2]}", "{'a':{}}", NULL, 0, NULL},
	    {"{'a':[]}", "{'a':[1.0]}", NULL, 0, NULL},
	    {"{'a':{}}", "{'a':[1.0],'b':1.0}", NULL, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *base = parse(rows[i].base), *document = parse(rows[i].document);
		json_t *wanted = parse(rows[i].wanted ? rows[i].wanted : rows[i].document);
		json_t *before = json_deep_copy(base);
		struct restored restored = {0};

		assert_int_equal(restore_document(base, document, &restored), 0);
		if (!json_equal(document, wanted))
			fail_msg("row %zu: %s", i, exact_print_text(document, 0));
		assert_true(json_equal(base, before));
		assert_int_equal(restored.count, rows[i].count);
		if (rows[i].path)
			assert_string_equal(restored.path, rows[i].path);
		restore_clear(&restored);
		json_decref(base);
		json_decref(document);
		json_decref(wanted);
		json_decref(before);
	}
}

#define ONE "1234567890123456789"   /* both are 1234567890123456800 */
#define OTHER "1234567890123456790" /* where a tool rounds them */
#define BOTH "1234567890123456800"

/* Elements that a tool makes one of, or that stand where others stood. */
static void test_elements(void **state)
{
	static const struct {
		const char *base, *document;
		const char *wanted; /* NULL: as it is; "": nobody can tell */
	} rows[] = {
	    /* a tool that does not round removed, added or swapped some */
	    {"[" ONE "," OTHER "]", "[" OTHER "]", NULL},
	    {"[" ONE "," OTHER "]", "[" OTHER "," ONE "]", NULL},
	    {"[" ONE "]", "[" ONE "," OTHER "]", NULL},
	    {"[" ONE "]", "[" OTHER "]", NULL},
	    {"[" ONE "]", "[" ONE "," BOTH "]", NULL},
	    {"[{'id':" ONE ",'p':'r'},{'id':" OTHER ",'p':'r'}]", "[{'id':" OTHER ",'p':'r'}]",
	     NULL},
	    {"[{'id':" ONE ",'p':'r'}]", "[{'id':" OTHER ",'p':'r'},{'id':" ONE ",'p':'r'}]", NULL},
	    {"[1.50,1.5,2.0]", "[1.5,2.0]", NULL},
	    {"[1.50,1.5,2.0]", "[1.50,2.0]", NULL},
	    {"['\\udc00','\\udc01','x']", "['\\udc01']", NULL},
	    {"[9007199254740993,9007199254740992]", "[9007199254740992,9007199254740993]", NULL},
	    /* one that does, and leaves no doubt */
	    {"[" ONE "," OTHER "]", "[" BOTH "," BOTH "]", "[" ONE "," OTHER "]"},
	    {"[" ONE "," OTHER "]", "[" BOTH "," BOTH ",5]", "[" ONE "," OTHER ",5]"},
	    {"[" ONE "," OTHER ",'a']", "[" BOTH "," BOTH ",'b','c']",
	     "[" ONE "," OTHER ",'b','c']"},
	    {"['a'," ONE ",'b']", "[" BOTH ",'a']", "[" ONE ",'a']"},
	    {"[" ONE "]", "[" BOTH "," BOTH "]", "[" ONE "," BOTH "]"},
	    {"[" ONE "," ONE ",1]", "[1," BOTH "]", "[1," ONE "]"},
	    {"[1.50,1.5,2.0]", "[2,1.5]", "[2.0,1.5]"},
	    {"[1e400,2]", "[2,null]", "[2,1e400]"},
	    {"['\\udc00','x']", "['x','\xef\xbf\xbd']", "['x','\\udc00']"},
	    {"[[" ONE "],[" OTHER "]]", "[[" BOTH "],[" BOTH "],[]]", "[[" ONE "],[" OTHER "],[]]"},
	    {"[{'id':1,'l':1e400},{'id':2,'l':1e400}]", "[{'id':2,'l':null}]",
	     "[{'id':2,'l':1e400}]"},
	    {"[{'id':1,'l':1e400},{'id':2,'l':1e400}]", "[{'id':2,'l':null,'n':1}]",
	     "[{'id':2,'l':1e400,'n':1}]"},
	    /* elements that were edited, and moved */
	    {"[{'id':" ONE ",'p':'r'},{'id':7,'p':'s'}]", "[{'id':" BOTH ",'p':'t'}]",
	     "[{'id':" ONE ",'p':'t'}]"},
	    {"[{'id':7,'p':'r'},{'id':" ONE ",'p':'s'}]", "[{'id':" BOTH ",'p':'t'}]",
	     "[{'id':" ONE ",'p':'t'}]"},
	    {"[{'id':7,'p':1.50},{'id':8,'p':'s'}]", "[{'id':7,'p':1.5,'n':1},{'id':9}]",
	     "[{'id':7,'p':1.50,'n':1},{'id':9}]"},
	    {"[{'id':" ONE ",'p':'r'},{'id':" OTHER ",'p':'s'}]",
	     "[{'id':" BOTH ",'p':'t'},{'id':" BOTH ",'p':'s'}]",
	     "[{'id':" ONE ",'p':'t'},{'id':" OTHER ",'p':'s'}]"},
	    /* and some */
	    {"[" ONE "," OTHER "]", "[" BOTH "]", ""},
	    {"[" ONE "," OTHER "]", "[" BOTH ",5]", ""},
	    {"[" ONE "," OTHER ",1]", "[1," BOTH "," BOTH "]", ""},
	    {"[" ONE "," OTHER "]", "['new'," BOTH "," BOTH "]", ""},
	    {"[" ONE ",1]", "[1," BOTH "," BOTH "]", ""},
	    {"[9007199254740993,9007199254740992]", "[9007199254740992]", ""},
	    {"[9007199254740992,9007199254740993,1]", "[9007199254740992,1]", ""},
	    {"[9007199254740993,9007199254740992,1]", "[1,9007199254740992,9007199254740992]", ""},
	    {"[9007199254740993,9007199254740992]", "[{'new':1},9007199254740992,9007199254740992]",
	     ""},
	    {"['\\udc00','\\udc01']", "['\xef\xbf\xbd']", ""},
	    {"[1e400,null]", "[null]", ""},
	    {"[1e400,2e400]", "[null]", ""},
	    {"[{'id':" ONE ",'p':'r'},{'id':" OTHER ",'p':'r'}]", "[{'id':" BOTH ",'p':'r'}]", ""},
	    {"[{'id':" ONE ",'p':'r'},{'id':" OTHER ",'p':'s'}]", "[{'id':" BOTH ",'p':'t'}]", ""},
	    {"[{'id':" ONE ",'p':'r'},{'id':" OTHER ",'p':'s'}]", "[{'id':" BOTH ",'p':'s'}]", ""},
	    {"[{'ids':[" ONE "," OTHER "]}]", "[{'ids':[" BOTH "]}]", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *base = parse_member(rows[i].base),
		       *document = parse_member(rows[i].document);
		json_t *wanted = parse_member(rows[i].wanted && *rows[i].wanted ? rows[i].wanted
										: rows[i].document);
		bool doubtful = rows[i].wanted && !*rows[i].wanted;
		struct restored restored = {0};
		int error = restore_document(base, document, &restored);

		if (error != (doubtful ? -EINVAL : 0))
			fail_msg("row %zu: %d", i, error);
		if (!doubtful && !json_equal(document, wanted))
			fail_msg("row %zu: %s", i, exact_print_text(document, 0));
		if (doubtful)
			assert_true(restored.doubt && *restored.doubt == 'a');
		else
			assert_null(restored.doubt);
		restore_clear(&restored);
		json_decref(base);
		json_decref(document);
		json_decref(wanted);
	}
}

/* COUNT numbers from NUMBER on, each with a 0 at its end if SPELLED so. */
static json_t *many(size_t count, unsigned number, bool spelled)
{
	json_t *document = json_object(), *array = json_array();

	json_object_set_new(document, "a", array);
	for (size_t i = 0; i < count; i++) {
		char text[32];

		snprintf(text, sizeof(text), "%u.5%s", number++, spelled ? "0" : "");
		json_array_append_new(array,
				      exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL));
	}
	return document;
}

/* Large arrays: one comparison for each pair would take for ever. */
static void test_large(void **state)
{
	const size_t count = 20000;
	json_t *base = many(count, 1, true), *shorter = many(count - 1, 2, true);
	json_t *longer = many(count + 1, 1, false), *moved = many(count - 1, 2, false);
	json_t *reversed = json_object(), *array = json_array();
	struct restored restored = {0};

	(void)state;
	json_object_set_new(reversed, "a", array);
	for (size_t i = count - 1; i--;)
		json_array_append(array, json_array_get(json_object_get(moved, "a"), i));
	assert_int_equal(restore_document(base, shorter, &restored), 0);
	assert_int_equal(json_array_size(json_object_get(shorter, "a")), count - 1);
	assert_int_equal(restore_document(base, longer, &restored), 0);
	assert_true(json_equal(json_array_get(json_object_get(longer, "a"), count - 1),
			       json_array_get(json_object_get(base, "a"), count - 1)));
	assert_int_equal(restore_document(base, moved, &restored), 0);
	assert_true(json_equal(moved, shorter));
	/* no element is in doubt, but that would take too long to find out */
	assert_int_equal(restore_document(base, reversed, &restored), -EINVAL);
	json_decref(reversed);
	restore_clear(&restored);
	json_decref(base);
	json_decref(shorter);
	json_decref(longer);
	json_decref(moved);
}

static void test_unpaired(void **state)
{
	static const struct {
		const char *base, *document;
		const char *path; /* what is refused; NULL: nothing */
	} rows[] = {
	    {"{'a':'\\ud83d'}", "{'a':'\\ud83d'}", NULL},
	    {"{'a':'\\ud83d'}", "{'a':'x'}", NULL},
	    {"{'a':'x'}", "{'a':'\\ud83d'}", "a"},
	    {"{'a':'\\ud83d'}", "{'a':'\\ud83dx'}", "a"},
	    {"{'a':'\\ud83d'}", "{'b':'\\ud83d'}", "b"},
	    {"{'a':['\\ud83d',{'b':'\\ude00'}]}", "{'a':['x','\\ud83d',{'b':'\\ude00'}]}", NULL},
	    {"{'a':['\\ud83d']}", "{'a':['\\ude00']}", "a"},
	    {"{'\\ud83d':1}", "{'\\ud83d':2}", NULL},
	    {"{'a':1}", "{'\\ud83d':2}", "\\ud83d"},
	    {"{'a':{'b':1}}", "{'a':{'\\ude00':null}}", NULL},
	    {"{'a':{'b':1}}", "{'a':{'\\ude00':1}}", "a.\\ude00"},
	    {"{'a':1}", "{'a':{'\\ude00':1}}", "a"},
	    {"{'a':'\\u0000'}", "{'a':'\\u0000x','\\u0000':1}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *base = parse(rows[i].base), *document = parse(rows[i].document);
		const struct edit *edit;
		struct merge merge;
		char *path;

		assert_int_equal(merge_diff(base, document, &merge), 0);
		edit = restore_find_unpaired(&merge);
		if (!edit != !rows[i].path)
			fail_msg("row %zu", i);
		path = edit ? merge_path(edit) : NULL;
		if (path)
			assert_string_equal(path, rows[i].path);
		free(path);
		merge_clear(&merge);
		json_decref(base);
		json_decref(document);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_restore),
	    cmocka_unit_test(test_elements),
	    cmocka_unit_test(test_large),
	    cmocka_unit_test(test_unpaired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
