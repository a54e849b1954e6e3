/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_earlier.c - what the saves of one process leave behind: found again, told apart, bounded.
 *
 * In the tables ' stands for ".
 */
#include "cache/document/earlier.h"

#include "vendors/json/exact_parse.h"
#include "vendors/vendor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct field fields[] = {
    {.name = "stamp", .flags = FIELD_SYSTEM},
    {.name = "password", .flags = FIELD_WRITE_ONLY},
    {.name = NULL},
};
static const struct collection users = {.fields = fields};

static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *value;

	for (char *c = copy; *c; c++) {
		if (*c == '\'')
			*c = '"';
	}
	value = exact_parse(copy, strlen(copy), EXACT_PARSE_ANY, NULL);
	free(copy);
	assert_non_null(value);
	return value;
}

/* A process whose last save's document was BASE saves DOCUMENT, which leaves LEFT (NULL: that). */
static void note(struct earlier *earlier, const char *base, const char *document, const char *left,
		 uint64_t number)
{
	json_t *from = parse(base), *to = parse(document), *after = parse(left ? left : document);
	struct merge merge;
	const struct earlier_save save = {.collection = &users,
					  .merge = &merge,
					  .document = to,
					  .left = after,
					  .number = number};

	assert_int_equal(merge_diff(from, to, &merge), 0);
	earlier_note(earlier, &save);
	merge_clear(&merge);
	json_decref(from);
	json_decref(to);
	json_decref(after);
}

/* The path of the first edit of DOCUMENT against BASE that is found, "" if none is; the vendor has
 * FRESH. */
static const char *found(const struct earlier *earlier, const char *base, const char *document,
			 const char *fresh, uint64_t *number)
{
	static char path[64];
	json_t *from = parse(base), *to = parse(document), *now = parse(fresh);
	struct earlier_hit hit;
	struct merge merge;

	path[0] = '\0';
	assert_int_equal(merge_diff(from, to, &merge), 0);
	for (size_t i = 0; !path[0] && i < merge.count; i++) {
		const struct edit *edit = &merge.edits[i];
		bool secret = strcmp(edit->path[0], "password") == 0;

		if (!earlier_find(earlier, edit, now, secret, &hit))
			continue;
		snprintf(path, sizeof(path), "%s", hit.path);
		if (number)
			*number = hit.number;
		earlier_hit_clear(&hit);
	}
	merge_clear(&merge);
	json_decref(from);
	json_decref(to);
	json_decref(now);
	return path;
}

/* From VERSION a process saves FIRST; then comes SECOND: the path that is found in it. */
static void test_values(void **state)
{
	static const struct {
		const char *version, *first, *second, *path;
	} table[] = {
	    {"{'a':1}", "{'a':2}", "{'a':1}", "a"},
	    {"{'a':1}", "{'a':2}", "{'a':1.0}", "a"},
	    {"{'a':1.5}", "{'a':2}", "{'a':1.5}", "a"},
	    {"{'a':9007199254740993}", "{'a':2}", "{'a':9007199254740992.0}", ""},
	    {"{'a':1}", "{'a':2}", "{'a':'1'}", ""},
	    {"{'a':1}", "{'a':2}", "{'a':true}", ""},
	    {"{'a':1}", "{'a':2}", "{'a':3}", ""},
	    {"{'a':1}", "{'a':2}", "{}", ""},
	    {"{'a':1,'b':2}", "{'a':2,'b':2}", "{'a':2,'b':1}", ""},
	    {"{'a':''}", "{'a':'x'}", "{'a':''}", "a"},
	    {"{'a':[]}", "{'a':[1]}", "{'a':[]}", "a"},
	    {"{'a':[]}", "{'a':[1]}", "{'a':{}}", ""},
	    {"{'a':{}}", "{'a':'x'}", "{'a':{}}", "a"},
	    {"{'a':[1,2]}", "{'a':[1]}", "{'a':[2,1]}", ""},
	    {"{'a':[{'x':1,'y':2}]}", "{'a':[]}", "{'a':[{'y':2,'x':1}]}", "a"},
	    {"{'a':[{'x':1,'y':2}]}", "{'a':[]}", "{'a':[{'y':1,'x':2}]}", ""},
	    {"{'a':[[1],[]]}", "{'a':[]}", "{'a':[[],[1]]}", ""},
	    {"{'a':null}", "{'a':1}", "{'a':null}", "a"},
	    {"{}", "{'a':1}", "{'a':null}", ""},
	    {"{}", "{'a':null,'b':1}", "{'a':1}", ""},
	    {"{'a':1}", "{'a':null}", "{'a':1}", "a"},
	    {"{'a':{'b':1,'c':2}}", "{'a':{'b':2,'c':2}}", "{'a':{'b':1,'c':3}}", "a.b"},
	    {"{'a':{'b':1,'c':2}}", "{'a':{'b':2,'c':2}}", "{'a':{'c':3}}", ""},
	    {"{'a':{'b':1,'c':2}}", "{'a':null}", "{'a':{'c':2}}", "a.c"},
	    {"{'a':{'b':1,'c':2}}", "{'a':null}", "{'a':{'c':3}}", ""},
	    {"{'a':{'b':1,'c':2}}", "{'a':'x'}", "{'a':{'b':1}}", "a.b"},
	    {"{'a':{'b':{'c':null}}}", "{'a':{'b':{'c':1}}}", "{'a':{'b':{'c':null}}}", "a.b.c"},
	    {"{'a':'x'}", "{'a':{'b':1}}", "{'a':'x'}", "a"},
	    {"{}", "{'a':{'b':1}}", "{'a':null}", ""},
	    {"{'a':null}", "{'a':{'b':1}}", "{'a':null}", "a"},
	    {"{'a.b':1}", "{'a.b':2}", "{'a.b':2,'a':{'b':1}}", ""},
	    {"{'ab':{'c':1}}", "{'ab':{'c':2}}", "{'ab':{'c':2},'a':{'bc':1}}", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct earlier earlier = {0};
		uint64_t number = 0;

		note(&earlier, table[i].version, table[i].first, NULL, 7);
		assert_string_equal(found(&earlier, table[i].first, table[i].second, table[i].first,
					  &number),
				    table[i].path);
		if (table[i].path[0])
			assert_int_equal(number, 7);
		/* the vendor has it already */
		assert_string_equal(found(&earlier, table[i].first, table[i].second,
					  table[i].second, NULL),
				    "");
		earlier_clear(&earlier);
	}
}

static void test_several_saves(void **state)
{
	struct earlier earlier = {0}, copy;
	uint64_t number;

	(void)state;
	note(&earlier, "{'a':1,'b':1}", "{'a':2,'b':1}", NULL, 3);
	note(&earlier, "{'a':2,'b':1}", "{'a':2,'b':2}", NULL, 4);
	note(&earlier, "{'a':2,'b':2}", "{'a':3,'b':2}", NULL, 5);
	earlier_copy(&copy, &earlier);
	earlier_clear(&earlier);
	for (int value = 1; value <= 2; value++) {
		char document[32];

		snprintf(document, sizeof(document), "{'a':%d}", value);
		assert_string_equal(found(&copy, "{'a':3,'b':2}", document, "{'a':3,'b':2}",
					  &number),
				    "a");
		assert_int_equal(number, 5);
	}
	assert_string_equal(found(&copy, "{'a':3,'b':2}", "{'b':1}", "{'b':2}", &number), "b");
	assert_int_equal(number, 4);
	earlier_clear(&copy);
}

/* What the vendor made of a value, and what others changed, was left as well. */
static void test_what_was_left(void **state)
{
	struct earlier earlier = {0};
	uint64_t number = 1;

	(void)state;
	note(&earlier, "{'a':'x','b':1,'stamp':'1'}", "{'a':'y','b':1,'stamp':'1'}",
	     "{'a':'Y','b':2,'stamp':'2'}", 3);
	note(&earlier, "{'a':'y','b':1}", "{'a':'z','b':1}", NULL, 4);
	for (const char *const *a = (const char *[]){"{'a':'x'}", "{'a':'y'}", "{'a':'Y'}", NULL};
	     *a; a++)
		assert_string_equal(found(&earlier, "{'a':'z'}", *a, "{'a':'z'}", NULL), "a");
	/* no save of the process changed b */
	assert_string_equal(found(&earlier, "{'b':1}", "{'b':2}", "{'b':1}", &number), "b");
	assert_int_equal(number, 0);
	assert_string_equal(found(&earlier, "{'stamp':'1'}", "{'stamp':'2'}", "{}", NULL), "");
	earlier_clear(&earlier);
}

static void test_secrets(void **state)
{
	struct earlier earlier = {0};

	(void)state;
	note(&earlier, "{}", "{'password':'one'}", "{}", 1);
	assert_string_equal(found(&earlier, "{}", "{'password':'one'}", "{}", NULL), "");
	note(&earlier, "{}", "{'password':'two'}", "{}", 2);
	assert_string_equal(found(&earlier, "{}", "{'password':'one'}", "{}", NULL), "password");
	assert_string_equal(found(&earlier, "{}", "{'password':'two'}", "{}", NULL), "");
	assert_string_equal(found(&earlier, "{}", "{'password':'three'}", "{}", NULL), "");
	earlier_clear(&earlier);
}

static void test_rebase(void **state)
{
	/* saved, left and document; what the document then is compared with */
	static const char *const table[][4] = {
	    {"{'a':'x'}", "{'a':'X'}", "{'a':'x'}", "{'a':'x'}"},
	    {"{'a':'x'}", "{'a':'X'}", "{'a':'X'}", "{'a':'X'}"},
	    {"{'a':'x'}", "{'a':'X'}", "{'a':'y'}", "{'a':'X'}"},
	    {"{'a':'x'}", "{}", "{'a':'y'}", "{}"},
	    {"{'a':'x'}", "{'a':'X'}", "{}", "{'a':'x'}"},
	    {"{'b':'x'}", "{'b':'X'}", "{'b':'y'}", "{'b':'x'}"}, /* others changed it */
	    {"{'o':{'p':'x','q':1}}", "{'o':{'p':'X','q':1}}", "{'o':{'p':'x','q':2}}",
	     "{'o':{'p':'x','q':1}}"},
	    {"{'o':{'p':'x','q':1}}", "{'o':{'p':'X','q':2}}", "{'o':{'p':'y','q':3}}",
	     "{'o':{'p':'X','q':1}}"},
	};
	struct earlier earlier = {0};

	(void)state;
	note(&earlier, "{'b':'x','o':{'q':1}}", "{'a':'x','b':'x','o':{'p':'x','q':1}}", NULL, 1);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		json_t *saved = parse(table[i][0]), *left = parse(table[i][1]);
		json_t *document = parse(table[i][2]), *wanted = parse(table[i][3]);

		earlier_rebase(&earlier, saved, left, document);
		assert_true(json_equal(saved, wanted));
		json_decref(saved);
		json_decref(left);
		json_decref(document);
		json_decref(wanted);
	}
	earlier_clear(&earlier);
}

/* However many saves there were, what the version had is known, and what the newest of them left.
 */
static void test_bound(void **state)
{
	struct earlier earlier = {0};
	char from[32] = "{'a':'first'}", to[32];

	(void)state;
	for (int i = 0; i < EARLIER_MAX + 100; i++) {
		snprintf(to, sizeof(to), "{'a':%d}", i);
		note(&earlier, from, to, NULL, 1);
		memcpy(from, to, sizeof(from));
		assert_true(earlier.count <= EARLIER_MAX);
	}
	assert_false(earlier.full);
	assert_string_equal(found(&earlier, to, "{'a':'first'}", to, NULL), "a");
	assert_string_equal(found(&earlier, to, "{'a':4000}", to, NULL), "a");
	assert_string_equal(found(&earlier, to, "{'a':1}", to, NULL), "");
	earlier_clear(&earlier);
}

/* A version with more fields than can be kept. */
static void test_full(void **state)
{
	struct earlier earlier = {0}, copy;
	json_t *version = json_object(), *document = json_object();
	char *from, *to, name[16];

	(void)state;
	for (int i = 0; i < EARLIER_MAX + 1; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		json_object_set_new(version, name, json_integer(1));
		json_object_set_new(document, name, json_integer(2));
	}
	from = json_dumps(version, 0);
	to = json_dumps(document, 0);
	note(&earlier, from, to, NULL, 1);
	assert_true(earlier.full && earlier.count <= EARLIER_MAX);
	earlier_copy(&copy, &earlier);
	assert_true(copy.full);
	earlier_clear(&copy);
	earlier_clear(&earlier);
	free(from);
	free(to);
	json_decref(version);
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),        cmocka_unit_test(test_several_saves),
	    cmocka_unit_test(test_what_was_left), cmocka_unit_test(test_secrets),
	    cmocka_unit_test(test_rebase),        cmocka_unit_test(test_bound),
	    cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
