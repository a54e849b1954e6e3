/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_merge.c - each rule of cache/document/merge.h, in tables, and what happens when memory runs
 * out.
 *
 * In the tables ' stands for ". Random records are the matter of test_merge_random.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/document/merge.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"

static json_t *parse(const char *text)
{
	char *copy = strdup(text);
	json_t *value;

	assert_non_null(copy);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = exact_parse(copy, strlen(copy), EXACT_PARSE_ANY, NULL);
	if (!value)
		print_error("not JSON: %s\n", text);
	free(copy);
	assert_non_null(value);
	return value;
}

/* The exact text, members in their order; the caller frees. */
static char *dump(const json_t *value)
{
	char *text = exact_print_text(value, 0);

	assert_non_null(text);
	return text;
}

static void assert_dump(const json_t *value, const char *want)
{
	json_t *wanted = parse(want);
	char *a = dump(value);
	char *b = dump(wanted);

	assert_string_equal(a, b);
	free(a);
	free(b);
	json_decref(wanted);
}

/* ---- tables ---- */

static void test_same(void **state)
{
	static const struct {
		bool same;
		const char *a;
		const char *b;
	} rows[] = {
	    {true, "1", "1.0"},
	    {true, "0", "-0.0"},
	    {true, "1.5", "15e-1"},
	    {true, "-9223372036854775808", "-9223372036854775808.0"},
	    {false, "9223372036854775807", "9223372036854775808.0"},
	    {false, "9007199254740993", "9007199254740992.0"},
	    {false, "1", "1.5"},
	    {false, "1", "1e300"},
	    {false, "1", "2"},
	    {false, "1.5", "2.5"},
	    {false, "1", "'1'"},
	    {false, "1", "true"},
	    {false, "0", "false"},
	    {false, "0", "null"},
	    {true, "true", "true"},
	    {false, "true", "false"},
	    {true, "null", "null"},
	    {false, "null", "''"},
	    {true, "'\\u00e9'", "'\xc3\xa9'"},
	    {false, "'\\u00e9'", "'e\\u0301'"}, /* bytes, not looks */
	    {false, "'a'", "'A'"},
	    {false, "'a'", "'a '"},
	    {false, "'a\\u0000b'", "'a\\u0000c'"},
	    {true, "'a\\u0000b'", "'a\\u0000b'"},
	    {false, "'a'", "'a\\u0000'"},
	    {true, "[1,{'a':2,'b':3}]", "[1.0,{'b':3,'a':2.0}]"},
	    {false, "[1,2]", "[2,1]"},
	    {false, "[1]", "[1,null]"},
	    {false, "[]", "{}"},
	    {false, "[]", "null"},
	    {true, "{'a':{'b':[]}}", "{'a':{'b':[]}}"},
	    {false, "{'a':1}", "{'b':1}"},
	    {false, "{'a':1}", "{'a':1,'b':1}"},
	    {false, "{'a':null}", "{}"},
	    {false, "{'a':null}", "{'b':null}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *a = parse(rows[i].a);
		json_t *b = parse(rows[i].b);

		if (merge_same(a, b) != rows[i].same || merge_same(b, a) != rows[i].same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
		assert_true(merge_same(a, a));
		assert_false(merge_same(a, NULL));
		assert_false(merge_same(NULL, a));
		json_decref(a);
		json_decref(b);
	}
	assert_true(merge_same(NULL, NULL));
}

/* The edits as text: path=before>after, in their order; the caller frees. */
static char *edits_text(const struct merge *merge)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	for (size_t i = 0; i < merge->count; i++) {
		const struct edit *edit = &merge->edits[i];
		char *path = merge_path(edit);
		char *before = edit->before ? dump(edit->before) : strdup("-");
		char *after = dump(edit->after);

		fprintf(stream, "%s%s=%s>%s", i ? " " : "", path, before, after);
		free(path);
		free(before);
		free(after);
	}
	fclose(stream);
	for (char *c = text; *c; c++)
		if (*c == '"')
			*c = '\'';
	return text;
}

static void test_diff(void **state)
{
	static const struct {
		const char *base;
		const char *document;
		const char *edits;
	} rows[] = {
	    {"{}", "{}", ""},
	    {"{'a':1,'b':2}", "{'b':2.0,'a':1}", ""},
	    {"{'a':1,'b':2}", "{}", ""},
	    {"{'a':1}", "{'a':2}", "a=1>2"},
	    {"{'a':1}", "{'b':2}", "b=->2"},
	    {"{'a':1}", "{'a':'1'}", "a=1>'1'"},
	    {"{'a':1,'b':2}", "{'b':3,'a':4}", "b=2>3 a=1>4"},
	    /* null clears, unless there is nothing to clear */
	    {"{'a':1}", "{'a':null}", "a=1>null"},
	    {"{'a':null}", "{'a':null}", ""},
	    {"{}", "{'a':null}", ""},
	    {"{'a':null}", "{}", ""},
	    {"{'a':null}", "{'a':1}", "a=null>1"},
	    {"{'a':false}", "{'a':null}", "a=false>null"},
	    {"{'a':''}", "{'a':null}", "a=''>null"},
	    /* objects: member by member */
	    {"{'a':{'b':1,'c':2}}", "{'a':{'b':3}}", "a.b=1>3"},
	    {"{'a':{'b':1,'c':2}}", "{'a':{}}", ""},
	    {"{'a':{'b':{'c':1}}}", "{'a':{'b':{'c':null,'d':2}}}", "a.b.c=1>null a.b.d=->2"},
	    {"{'a':{}}", "{'a':{'b':null}}", ""},
	    {"{'a':{'b':1}}", "{'a':null}", "a={'b':1}>null"},
	    {"{'a':{'b':1}}", "{'a':2}", "a={'b':1}>2"},
	    {"{'a':{'b':1}}", "{'a':[]}", "a={'b':1}>[]"},
	    /* an object where there was none: one change */
	    {"{}", "{'a':{'b':1,'c':{'d':null}}}", "a=->{'b':1,'c':{'d':null}}"},
	    {"{'a':null}", "{'a':{}}", "a=null>{}"},
	    {"{'a':1}", "{'a':{'b':null}}", "a=1>{'b':null}"},
	    {"{'a':[]}", "{'a':{}}", "a=[]>{}"},
	    /* arrays: as a whole */
	    {"{'a':[1,{'b':2,'c':3}]}", "{'a':[1.0,{'c':3,'b':2}]}", ""},
	    {"{'a':[1,2]}", "{'a':[2,1]}", "a=[1,2]>[2,1]"},
	    {"{'a':[{'b':1}]}", "{'a':[{}]}", "a=[{'b':1}]>[{}]"},
	    {"{'a':[{'b':null}]}", "{'a':[{}]}", "a=[{'b':null}]>[{}]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *base = parse(rows[i].base);
		json_t *document = parse(rows[i].document);
		struct merge merge;
		char *text;

		assert_int_equal(merge_diff(base, document, &merge), 0);
		/* edits are copies: they outlive both */
		json_decref(base);
		json_decref(document);
		text = edits_text(&merge);
		assert_string_equal(text, rows[i].edits);
		free(text);
		merge_clear(&merge);
		assert_null(merge.edits);
		assert_int_equal(merge.count, 0);
		merge_clear(&merge);
	}
}

static void test_state(void **state)
{
	static const struct {
		const char *base;
		const char *document; /* makes one edit */
		const char *record;
		enum merge_state want;
		const char *value; /* NULL: none */
	} rows[] = {
	    {"{'a':1}", "{'a':2}", "{'a':1.0}", MERGE_OLD, "1.0"},
	    {"{'a':1}", "{'a':2}", "{'a':2.0}", MERGE_NEW, "2.0"},
	    {"{'a':1}", "{'a':2}", "{'a':3}", MERGE_OTHER, "3"},
	    {"{'a':1}", "{'a':2}", "{'a':null}", MERGE_OTHER, "null"},
	    {"{'a':1}", "{'a':2}", "{}", MERGE_MISSING, NULL},
	    {"{'a':1}", "{'a':null}", "{}", MERGE_NEW, NULL},
	    {"{'a':1}", "{'a':null}", "{'a':null}", MERGE_NEW, "null"},
	    {"{'a':1}", "{'a':null}", "{'a':1}", MERGE_OLD, "1"},
	    {"{'a':1}", "{'a':null}", "{'a':2}", MERGE_OTHER, "2"},
	    {"{}", "{'a':1}", "{}", MERGE_OLD, NULL},
	    {"{}", "{'a':1}", "{'a':null}", MERGE_OLD, "null"},
	    {"{'a':null}", "{'a':1}", "{}", MERGE_OLD, NULL},
	    {"{'a':null}", "{'a':1}", "{'a':2}", MERGE_OTHER, "2"},
	    {"{'a':{'b':1}}", "{'a':{'b':2}}", "{'a':{'b':1}}", MERGE_OLD, "1"},
	    {"{'a':{'b':1}}", "{'a':{'b':2}}", "{'a':{}}", MERGE_MISSING, NULL},
	    {"{'a':{'b':1}}", "{'a':{'b':2}}", "{}", MERGE_MISSING, NULL},
	    {"{'a':{'b':1}}", "{'a':{'b':2}}", "{'a':null}", MERGE_MISSING, NULL},
	    {"{'a':{'b':1}}", "{'a':{'b':2}}", "{'a':'x'}", MERGE_OTHER, NULL},
	    {"{'a':{'b':1}}", "{'a':{'b':null}}", "{}", MERGE_NEW, NULL},
	    {"{'a':{'b':1}}", "{'a':{'b':null}}", "{'a':[]}", MERGE_OTHER, NULL},
	    {"{'a':{}}", "{'a':{'b':1}}", "{}", MERGE_OLD, NULL},
	    {"{'a':{}}", "{'a':{'b':1}}", "{'a':false}", MERGE_OTHER, NULL},
	    /* nulls inside what is compared */
	    {"{'a':{'b':1}}", "{'a':null}", "{'a':{'b':1,'c':null}}", MERGE_OLD,
	     "{'b':1,'c':null}"},
	    {"{'a':{'b':1}}", "{'a':null}", "{'a':{'b':1,'c':2}}", MERGE_OTHER, "{'b':1,'c':2}"},
	    {"{}", "{'a':{'b':1,'c':null}}", "{'a':{'b':1}}", MERGE_NEW, "{'b':1}"},
	    {"{}", "{'a':{'b':1}}", "{'a':{}}", MERGE_OTHER, "{}"},
	    {"{'a':[{}]}", "{'a':[{'b':null}]}", "{'a':[{}]}", MERGE_OLD, "[{}]"},
	    {"{'a':[{}]}", "{'a':[{'b':null}]}", "{'a':[{'b':null}]}", MERGE_NEW, "[{'b':null}]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *base = parse(rows[i].base);
		json_t *document = parse(rows[i].document);
		json_t *record = parse(rows[i].record);
		struct merge merge;
		json_t *value;

		assert_int_equal(merge_diff(base, document, &merge), 0);
		assert_int_equal(merge.count, 1);
		if (merge_state(merge.edits, record) != rows[i].want)
			fail_msg("%s to %s on %s", rows[i].base, rows[i].document, rows[i].record);
		value = merge_value(merge.edits, record);
		if (rows[i].value)
			assert_dump(value, rows[i].value);
		else
			assert_null(value);
		merge_clear(&merge);
		json_decref(base);
		json_decref(document);
		json_decref(record);
	}
}

/* Lay base->document on record. want: the record afterwards; conflict: the path, then no want. */
struct apply_row {
	const char *base;
	const char *document;
	const char *record;
	const char *want;
	const char *conflict;
	bool force;
};

static const struct apply_row apply_rows[] = {
    {"{'a':1}", "{}", "{'b':2}", "{'b':2}", NULL, false},
    /* places are kept, new members go to the end */
    {"{'a':1,'b':2}", "{'c':4,'a':3}", "{'b':5,'a':1,'z':6}", "{'b':5,'a':3,'z':6,'c':4}", NULL,
     false},
    {"{'a':{'x':1}}", "{'a':{'y':2,'x':3}}", "{'a':{'x':1,'q':0},'b':1}",
     "{'a':{'x':3,'q':0,'y':2},'b':1}", NULL, false},
    /* there already: left alone, to the spelling */
    {"{'a':1}", "{'a':2}", "{'a':2.0}", "{'a':2.0}", NULL, false},
    {"{'a':1}", "{'a':null}", "{}", "{}", NULL, false},
    {"{'a':1}", "{'a':null}", "{'a':1}", "{'a':null}", NULL, false},
    {"{'a':1}", "{'a':2}", "{'a':2.0}", "{'a':2.0}", NULL, true},
    /* conflicts: nothing is laid, the first one is told */
    {"{'a':1,'b':1}", "{'a':2,'b':2}", "{'a':1,'b':3}", NULL, "b", false},
    {"{'a':1,'b':1}", "{'b':2,'a':2}", "{'a':3,'b':3}", NULL, "b", false},
    {"{'a':1,'b':1}", "{'a':2,'b':2}", "{'a':1,'b':3}", "{'a':2,'b':2}", NULL, true},
    {"{'a':1}", "{'a':2}", "{'a':null}", NULL, "a", false},
    {"{'a':1}", "{'a':2}", "{}", NULL, "a", false},
    {"{'a':1}", "{'a':2}", "{}", "{'a':2}", NULL, true},
    {"{'a':[1]}", "{'a':[1,2]}", "{'a':[1,3]}", NULL, "a", false},
    {"{}", "{'a':{'b':1}}", "{'a':{'c':1}}", NULL, "a", false},
    {"{}", "{'a':{'b':1}}", "{'a':{'c':1}}", "{'a':{'b':1}}", NULL, true},
    /* on the way */
    {"{'a':{}}", "{'a':{'b':{'c':1}}}", "{}", "{'a':{'b':{'c':1}}}", NULL, false},
    {"{'a':{'b':{}}}", "{'a':{'b':{'c':1,'d':2}}}", "{'a':null,'z':1}",
     "{'a':{'b':{'c':1,'d':2}},'z':1}", NULL, false},
    {"{'a':{'b':1}}", "{'a':{'b':2}}", "{'a':null}", NULL, "a.b", false},
    {"{'a':{'b':1}}", "{'a':{'b':2}}", "{'a':null}", "{'a':{'b':2}}", NULL, true},
    {"{'z':1,'a':{}}", "{'z':2,'a':{'b':1}}", "{'z':1,'a':'x'}", NULL, "a.b", false},
    {"{'z':1,'a':{}}", "{'z':2,'a':{'b':1}}", "{'z':1,'a':'x'}", NULL, "a.b", true},
    {"{'a':{'b':1}}", "{'a':{'b':null}}", "{'a':[]}", NULL, "a.b", false},
    /* a null in a whole object stays */
    {"{}", "{'a':{'b':null}}", "{}", "{'a':{'b':null}}", NULL, false},
};

static void test_apply(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(apply_rows) / sizeof(apply_rows[0]); i++) {
		const struct apply_row *row = &apply_rows[i];
		json_t *base = parse(row->base);
		json_t *document = parse(row->document);
		json_t *record = parse(row->record);
		const struct edit *conflict = NULL;
		struct merge merge;
		int rc;

		assert_int_equal(merge_diff(base, document, &merge), 0);
		rc = merge_apply(&merge, record, row->force, &conflict);
		assert_int_equal(rc, row->conflict ? -ESTALE : 0);
		if (row->conflict) {
			char *path = merge_path(conflict);

			assert_string_equal(path, row->conflict);
			free(path);
		} else {
			assert_null(conflict);
		}
		assert_dump(record, row->want ? row->want : row->record);
		merge_clear(&merge);
		json_decref(base);
		json_decref(document);
		json_decref(record);
	}
}

/* ---- no memory: jansson's allocations fail one after the other ---- */

static int allocations_left;

static void *failing_malloc(size_t size)
{
	return allocations_left-- > 0 ? malloc(size) : NULL;
}

static void test_no_memory(void **state)
{
	json_t *base = parse("{'a':{'x':1},'b':[1,2],'c':'old'}");
	json_t *document = parse("{'a':{'y':{'z':[1]}},'b':[3],'c':{'d':'new'}}");
	json_t *record = parse("{'b':[1,2],'c':'old'}");
	unsigned failed_diff = 0;
	unsigned failed_apply = 0;
	int rc = -1;

	(void)state;
	for (int allowed = 0; rc; allowed++) {
		json_t *fresh = json_deep_copy(record);
		const struct edit *conflict = NULL;
		struct merge merge;

		json_set_alloc_funcs(failing_malloc, free);
		allocations_left = allowed;
		rc = merge_diff(base, document, &merge);
		failed_diff += rc != 0;
		if (!rc) {
			rc = merge_apply(&merge, fresh, false, &conflict);
			failed_apply += rc != 0;
		}
		json_set_alloc_funcs(malloc, free);
		if (rc)
			assert_int_equal(rc, -ENOMEM);
		else
			assert_dump(fresh, "{'b':[3],'c':{'d':'new'},'a':{'y':{'z':[1]}}}");
		assert_null(conflict);
		merge_clear(&merge);
		json_decref(fresh);
	}
	assert_true(failed_diff > 5);
	assert_true(failed_apply > 5);
	json_decref(base);
	json_decref(document);
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),      cmocka_unit_test(test_diff),
	    cmocka_unit_test(test_state),     cmocka_unit_test(test_apply),
	    cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
