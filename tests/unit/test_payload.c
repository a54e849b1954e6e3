/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_payload.c - what of a record is sent, by the rules of its table.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "vendors/base/call.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/payload.h"
#include "vendors/rest/withheld.h"
#include "vendors/vendor.h"

static const struct field fields[] = {
    {"id", FIELD_SYSTEM},
    {"/meta/created", FIELD_SYSTEM},
    {"api_key", FIELD_CONFIDENTIAL},
    {"/profile/pin", FIELD_CONFIDENTIAL},
    {"/keys/*/secret", FIELD_CONFIDENTIAL},
    {"password", FIELD_WRITE_ONLY},
    {NULL, 0},
};

static json_t *parse(const char *text)
{
	json_t *value = exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);

	assert_non_null(value);
	return value;
}

/* Assert that VALUE prints as TEXT, however the members are ordered. */
static void assert_json(const json_t *value, const char *text)
{
	json_t *wanted = parse(text);

	if (!json_equal((json_t *)(uintptr_t)value, wanted)) {
		char *shown = exact_print_text(value, 0);

		fail_msg("%s, not %s", shown, text);
	}
	json_decref(wanted);
}

/* Make the payload of FRESH and WANTED. Returns the error. */
static int make(const struct rule_update *update, const char *fresh, const char *wanted,
		struct payload *payload)
{
	const struct collection collection = {.name = "users", .fields = fields, .update = update};
	json_t *a = parse(fresh), *b = parse(wanted);
	struct call call;
	int error;

	call_init(&call, "test");
	error = payload_update(&call, &collection, a, b, false, payload);
	assert_true(!error == !call.words[0]);
	call_destroy(&call);
	json_decref(a);
	json_decref(b);
	return error;
}

/* The members that changed are sent whole, with what files do not show of them. */
static void test_changes(void **state)
{
	const struct rule_update update = {.request.body = "{changes}"};
	struct payload payload;

	(void)state;
	assert_int_equal(
	    make(&update,
		 "{\"id\":1,\"api_key\":\"k\",\"a\":1.50,\"b\":2,\"profile\":{\"pin\":7,\"x\":1,"
		 "\"y\":2},\"meta\":{\"created\":\"c\",\"l\":1}}",
		 "{\"id\":1,\"a\":1.50,\"b\":3,\"profile\":{\"x\":9,\"y\":2},\"meta\":{\"l\":1},"
		 "\"password\":\"new\"}",
		 &payload),
	    0);
	assert_json(payload.changes,
		    "{\"b\":3,\"profile\":{\"pin\":7,\"x\":9,\"y\":2},\"password\":\"new\"}");
	payload_clear(&payload);
}

/* With a deep update only the leaves are sent. */
static void test_deep(void **state)
{
	const struct rule_update update = {.request.body = "{changes}", .deep = true};
	struct payload payload;

	(void)state;
	assert_int_equal(make(&update, "{\"profile\":{\"pin\":7,\"x\":1,\"y\":{\"z\":1,\"w\":2}}}",
			      "{\"profile\":{\"x\":1,\"y\":{\"z\":null,\"w\":2}}}", &payload),
			 0);
	assert_json(payload.changes, "{\"profile\":{\"y\":{\"z\":null}}}");
	payload_clear(&payload);
}

/* A replacement has all that was received, except what the vendor assigns and what it masks. */
static void test_record(void **state)
{
	const struct rule_update update = {.request.body = "{record}"};
	struct payload payload;

	(void)state;
	assert_int_equal(
	    make(
		&update,
		"{\"id\":1,\"api_key\":\"k\",\"a\":null,\"keys\":[{\"n\":1,\"secret\":\"s\"},{\"n\":2,"
		"\"secret\":\"**********\"}],\"old\":\"*****\",\"meta\":{\"created\":\"c\"}}",
		"{\"a\":null,\"keys\":[{\"n\":1},{\"n\":2}],\"old\":\"*****\",\"b\":1,"
		"\"meta\":{}}",
		&payload),
	    0);
	assert_json(payload.record,
		    "{\"api_key\":\"k\",\"a\":null,\"keys\":[{\"n\":1,\"secret\":\"s\"},{"
		    "\"n\":2}],\"b\":1,\"meta\":{}}");
	payload_clear(&payload);
}

/* A hidden field that the user wrote is sent as written. */
static void test_hidden_written(void **state)
{
	const struct rule_update update = {.request.body = "{record}"};
	struct payload payload;

	(void)state;
	assert_int_equal(make(&update, "{\"api_key\":\"k\",\"a\":1}", "{\"api_key\":\"n\",\"a\":1}",
			      &payload),
			 0);
	assert_json(payload.record, "{\"api_key\":\"n\",\"a\":1}");
	assert_json(payload.changes, "{\"api_key\":\"n\"}");
	payload_clear(&payload);
}

static void test_clear(void **state)
{
	static const struct rule_update updates[] = {
	    {.request.body = "{changes}{record}", .clear = RULE_CLEAR_NULL},
	    {.request.body = "{changes}{record}", .clear = RULE_CLEAR_EMPTY},
	    {.request.body = "{changes}{record}", .clear = RULE_CLEAR_REFUSE},
	};
	static const char *const changes[] = {"{\"a\":null}", "{\"a\":\"\"}"};
	static const char *const records[] = {"{\"a\":null,\"b\":null}", "{\"a\":\"\",\"b\":null}"};
	struct payload payload;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(make(&updates[i], "{\"a\":\"x\",\"b\":null}",
				      "{\"a\":null,\"b\":null}", &payload),
				 0);
		assert_json(payload.changes, changes[i]);
		assert_json(payload.record, records[i]);
		payload_clear(&payload);
	}
	assert_int_equal(make(&updates[2], "{\"a\":\"x\"}", "{\"a\":null}", &payload), -EINVAL);
	assert_null(payload.record);
}

/* Where parts are sent, a change outside of them is refused, not lost. */
static void test_parts(void **state)
{
	const struct rule_update update = {
	    .request.body = "{\"data\":{\"attributes\":{changes/attributes}},\"n\":{/nick}}"};
	struct payload payload;

	(void)state;
	assert_int_equal(make(&update,
			      "{\"attributes\":{\"a\":1,\"b\":2},\"nick\":\"x\",\"type\":\"u\"}",
			      "{\"attributes\":{\"a\":1,\"b\":3},\"nick\":\"y\",\"type\":\"u\"}",
			      &payload),
			 0);
	assert_json(json_object_get(payload.changes, "attributes"), "{\"b\":3}");
	assert_json(json_object_get(payload.shown, "nick"), "\"y\"");
	payload_clear(&payload);
	assert_int_equal(make(&update, "{\"attributes\":{\"a\":1},\"type\":\"u\"}",
			      "{\"attributes\":{\"a\":2},\"type\":\"v\"}", &payload),
			 -EPERM);
}

/* A part that was not edited is not sent, and one may come with the objects around it. */
static void test_parts_alone(void **state)
{
	const struct rule_update update = {
	    .request.body = "{\"name\":{changes/p/name},\"lang\":{changes/p/o/lang}}"};
	struct payload payload;

	(void)state;
	assert_int_equal(make(&update, "{\"p\":{\"name\":\"n\"}}",
			      "{\"p\":{\"name\":\"n\",\"o\":{\"lang\":\"de\"}}}", &payload),
			 0);
	assert_json(payload.changes, "{\"p\":{\"o\":{\"lang\":\"de\"}}}");
	payload_clear(&payload);
	assert_int_equal(make(&update, "{\"p\":{}}", "{\"p\":{\"o\":{\"x\":1}}}", &payload),
			 -EPERM);
}

/* A null that the user did not write stays one, even in a member that is sent whole. */
static void test_clear_others(void **state)
{
	static const struct rule_update updates[] = {
	    {.request.body = "{changes}", .clear = RULE_CLEAR_EMPTY},
	    {.request.body = "{changes}", .clear = RULE_CLEAR_REFUSE},
	};
	struct payload payload;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(make(&updates[i], "{\"a\":{\"x\":null,\"y\":1}}",
				      "{\"a\":{\"x\":null,\"y\":2}}", &payload),
				 0);
		assert_json(payload.changes, "{\"a\":{\"x\":null,\"y\":2}}");
		payload_clear(&payload);
	}
}

/* What is hidden in the elements of an array stays with its element. */
static void test_elements(void **state)
{
	static const char fresh[] = "{\"keys\":[{\"name\":\"a\",\"secret\":\"A\"},"
				    "{\"name\":\"b\",\"secret\":\"B\"}]}";
	static const char *const cases[][2] = {
	    {"{\"keys\":[{\"name\":\"b\"},{\"name\":\"a\"}]}",
	     "{\"keys\":[{\"name\":\"b\",\"secret\":\"B\"},{\"name\":\"a\",\"secret\":\"A\"}]}"},
	    {"{\"keys\":[{\"name\":\"b\"}]}", "{\"keys\":[{\"name\":\"b\",\"secret\":\"B\"}]}"},
	    {"{\"keys\":[{\"name\":\"b\",\"x\":1},{\"name\":\"c\"}]}",
	     "{\"keys\":[{\"name\":\"b\",\"x\":1,\"secret\":\"B\"},{\"name\":\"c\"}]}"},
	};
	const struct rule_update update = {.request.body = "{changes}"};
	struct payload payload;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(make(&update, fresh, cases[i][0], &payload), 0);
		assert_json(payload.changes, cases[i][1]);
		payload_clear(&payload);
	}
	/* without a name, an element that was edited keeps its place */
	assert_int_equal(make(&update, "{\"keys\":[{\"n\":1,\"secret\":\"A\"}]}",
			      "{\"keys\":[{\"n\":2}]}", &payload),
			 0);
	assert_json(payload.changes, "{\"keys\":[{\"n\":2,\"secret\":\"A\"}]}");
	payload_clear(&payload);
}

/* A mask in the elements of an array is not sent, wherever the element stands now. */
static void test_masks_in_elements(void **state)
{
	const struct rule_update update = {.request.body = "{record}"};
	struct payload payload;

	(void)state;
	assert_int_equal(make(&update, "{\"l\":[{\"n\":1,\"pin\":\"****\"},{\"n\":2}]}",
			      "{\"l\":[{\"n\":2},{\"n\":1,\"pin\":\"****\"}]}", &payload),
			 0);
	assert_json(payload.record, "{\"l\":[{\"n\":2},{\"n\":1}]}");
	assert_json(payload.changes, "{\"l\":[{\"n\":2},{\"n\":1}]}");
	payload_clear(&payload);
}

static void test_masks(void **state)
{
	static const char *const masked[] = {"**", "**********",
					     "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"};
	static const char *const plain[] = {"", "*", "a**", "** ", "\xe2\x80\xa2"};

	(void)state;
	for (size_t i = 0; i < sizeof(masked) / sizeof(*masked); i++) {
		json_t *value = json_string(masked[i]);

		assert_true(withheld_is_masked(value));
		json_decref(value);
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		json_t *value = json_string(plain[i]);

		assert_false(withheld_is_masked(value));
		json_decref(value);
	}
	assert_false(withheld_is_masked(NULL));
}

static void test_create(void **state)
{
	const struct collection collection = {.name = "users", .fields = fields};
	json_t *wanted = parse("{\"id\":1,\"a\":1,\"password\":\"p\",\"meta\":{\"created\":1}}");
	struct payload payload;
	struct call call;

	(void)state;
	call_init(&call, "test");
	assert_int_equal(payload_create(&call, &collection, wanted, &payload), 0);
	assert_json(payload.record, "{\"a\":1,\"password\":\"p\",\"meta\":{}}");
	payload_clear(&payload);
	call_destroy(&call);
	json_decref(wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_changes),     cmocka_unit_test(test_deep),
	    cmocka_unit_test(test_record),      cmocka_unit_test(test_hidden_written),
	    cmocka_unit_test(test_clear),       cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_parts_alone), cmocka_unit_test(test_clear_others),
	    cmocka_unit_test(test_elements),    cmocka_unit_test(test_masks_in_elements),
	    cmocka_unit_test(test_masks),       cmocka_unit_test(test_create),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
