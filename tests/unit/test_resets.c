/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_resets.c - what is evidence that a vendor empties what a change leaves out.
 */
#include "cache/record/resets.h"

#include "vendors/vendor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct field fields[] = {{"own", FIELD_SYSTEM}, {"/a/own", FIELD_SYSTEM}, {NULL, 0}};
static const struct collection users = {.fields = fields, .status_key = "/state"};

struct sight {
	const char *before, *wanted, *after;
	bool evident;
	const char *lost; /* names, each followed by a blank */
};

/* Judge SIGHT, which RESETS (or NULL) remembers. */
static void judge(struct resets *resets, const struct sight *sight)
{
	json_t *before = json_loads(sight->before, 0, NULL);
	json_t *wanted = json_loads(sight->wanted, 0, NULL);
	json_t *after = json_loads(sight->after, 0, NULL);
	const struct resets_change change = {.collection = &users,
					     .before = before,
					     .wanted = wanted,
					     .leaves_out = true};
	char names[200] = "";
	size_t used = 0;
	struct merge lost;

	assert_true(before && wanted && after);
	assert_int_equal(resets_find(resets, &change, after, &lost), sight->evident);
	for (size_t i = 0; i < lost.count; i++) {
		char *path = merge_path(&lost.edits[i]);

		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s ", path);
		free(path);
	}
	assert_string_equal(names, sight->lost);
	merge_clear(&lost);
	json_decref(before);
	json_decref(wanted);
	json_decref(after);
}

static void test_evidence(void **state)
{
	static const struct sight sights[] = {
	    /* two are evidence, whatever is kept */
	    {"{\"x\":1,\"b\":\"1\",\"c\":\"2\",\"d\":\"3\",\"e\":\"4\"}",
	     "{\"x\":2,\"b\":\"1\",\"c\":\"2\",\"d\":\"3\",\"e\":\"4\"}",
	     "{\"x\":2,\"d\":\"3\",\"e\":\"4\",\"b\":null}", true, "b c "},
	    /* one is, if nothing is kept */
	    {"{\"x\":1,\"b\":\"1\"}", "{\"x\":2,\"b\":\"1\"}", "{\"x\":2,\"b\":\"\"}", true, "b "},
	    {"{\"x\":1,\"b\":\"1\",\"c\":\"2\"}", "{\"x\":2,\"b\":\"1\",\"c\":\"2\"}",
	     "{\"x\":2,\"c\":\"2\"}", false, "b "},
	    /* what was cleared on purpose, what is the vendor's, flags, numbers and times are not
	     */
	    {"{\"x\":\"1\",\"own\":\"1\",\"f\":true,\"n\":7,\"t\":\"2026-11-30T08:00:00Z\"}",
	     "{\"x\":null,\"own\":\"1\",\"f\":true,\"n\":7,\"t\":\"2026-11-30T08:00:00Z\"}", "{}",
	     false, ""},
	    {"{\"x\":1,\"t\":\"2026-11-30 08:00\",\"u\":\"2026-11-30 08:00:01\"}",
	     "{\"x\":2,\"t\":\"2026-11-30 08:00\",\"u\":\"2026-11-30 08:00:01\"}", "{\"x\":2}",
	     false, ""},
	    /* a day without a time is a person's own: a birthday */
	    {"{\"x\":1,\"t\":\"1990-11-30\"}", "{\"x\":2,\"t\":\"1990-11-30\"}", "{\"x\":2}", true,
	     "t "},
	    /* inside of a member, whether it was edited or not */
	    {"{\"a\":{\"own\":\"1\",\"p\":\"1\",\"q\":[1],\"r\":\"3\"}}",
	     "{\"a\":{\"own\":\"1\",\"p\":\"2\",\"q\":[1],\"r\":\"3\"}}",
	     "{\"a\":{\"p\":\"2\",\"q\":[]}}", true, "a.q a.r "},
	    {"{\"x\":1,\"a\":{\"p\":\"1\"},\"b\":{}}", "{\"x\":2,\"a\":{\"p\":\"1\"},\"b\":{}}",
	     "{\"x\":2,\"a\":{}}", true, "a "},
	    /* a deactivation may end some, not most */
	    {"{\"state\":\"on\",\"b\":[1],\"c\":[2],\"d\":\"3\",\"e\":\"4\",\"f\":\"5\"}",
	     "{\"state\":\"off\",\"b\":[1],\"c\":[2],\"d\":\"3\",\"e\":\"4\",\"f\":\"5\"}",
	     "{\"state\":\"off\",\"b\":[],\"c\":[],\"d\":\"3\",\"e\":\"4\",\"f\":\"5\"}", false,
	     "b c "},
	    {"{\"state\":\"on\",\"b\":[1],\"c\":[2],\"d\":\"3\"}",
	     "{\"state\":\"off\",\"b\":[1],\"c\":[2],\"d\":\"3\"}",
	     "{\"state\":\"off\",\"d\":\"3\"}", true, "b c "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sights) / sizeof(sights[0]); i++)
		judge(NULL, &sights[i]);
}

/* What may be lost if only X of RECORD is sent, or "". */
static void assert_risk(struct resets *resets, const char *record, bool leaves_out,
			const char *name)
{
	json_t *before = json_loads(record, 0, NULL), *wanted = json_deep_copy(before);
	const struct resets_change change = {.collection = &users,
					     .before = before,
					     .wanted = wanted,
					     .leaves_out = leaves_out};
	char *risk;

	json_object_set_new(wanted, "x", json_integer(9));
	risk = resets_risk(resets, &change);
	assert_string_equal(risk ? risk : "", name);
	free(risk);
	json_decref(before);
	json_decref(wanted);
}

static void test_memory(void **state)
{
	static const struct sight harmless = {"{\"x\":1,\"b\":\"1\",\"c\":\"2\"}",
					      "{\"x\":2,\"b\":\"1\",\"c\":\"2\"}",
					      "{\"x\":2,\"c\":\"2\"}", false, "b "};
	static const struct sight evident = {"{\"x\":1,\"b\":\"1\",\"c\":\"2\",\"d\":\"3\"}",
					     "{\"x\":2,\"b\":\"1\",\"c\":\"2\",\"d\":\"3\"}",
					     "{\"x\":2,\"d\":\"3\"}", true, "b c "};
	struct resets *resets = resets_new();

	(void)state;
	judge(resets, &harmless);
	assert_risk(resets, "{\"x\":1,\"b\":\"1\"}", true, "");
	judge(resets, &evident);
	assert_risk(resets, "{\"x\":1,\"d\":\"3\",\"n\":5,\"own\":\"1\",\"c\":\"\"}", true, "");
	assert_risk(resets, "{\"x\":1,\"d\":\"3\",\"c\":\"2\"}", true, "c");
	assert_risk(resets, "{\"x\":1,\"d\":\"3\",\"new\":\"2\"}", true, "new");
	assert_risk(resets, "{\"x\":1,\"d\":\"3\",\"c\":\"2\"}", false, "");
	resets_free(resets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_evidence),
	    cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
