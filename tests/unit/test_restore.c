/*
 * test_restore.c - cache/restore.h: what a tool rounded is the base's again, what was edited is
 * not.
 *
 * In the tables ' stands for ".
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cache/restore.h"
#include "vendors/exact.h"

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
	    {"{'a':9007199254740992}", "{'a':9007199254740993}", "{'a':9007199254740992}", 1, "a"},
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
			fail_msg("row %zu: %s", i, exact_dump(document, 0));
		assert_true(json_equal(base, before));
		assert_int_equal(restored.count, rows[i].count);
		if (rows[i].path)
			assert_string_equal(restored.path, rows[i].path);
		restored_clear(&restored);
		json_decref(base);
		json_decref(document);
		json_decref(wanted);
		json_decref(before);
	}
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
	    cmocka_unit_test(test_unpaired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
