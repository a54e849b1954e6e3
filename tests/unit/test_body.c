/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_body.c - vendors/template/body.h: bodies keep the vendor's own types and characters.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "vendors/json/exact_parse.h"
#include "vendors/template/body.h"

static const char values_text[] =
    "{\"id\":18446744073709551616.10,\"n\":7,\"name\":\"a\\\"b\\n{n}\",\"half\":\"x\\ud83d\","
    "\"changes\":{\"a\":[1,{\"k\\ud83d\":\"{n}\"}],\"b\":null},\"flag\":false,\"none\":null,"
    "\"changes/profile\":{\"x\":1.0},\"secret\":\"p&=+ \"}";

static json_t *all;

static json_t *value(const struct template_values *values, const char *name)
{
	(void)values;
	return json_incref(json_object_get(all, name));
}

static const struct template_values values = {value};

static const char *const examples[][2] = {
    {"{\"user\": {changes}}", "{\"user\":{\"a\":[1,{\"k\\ud83d\":\"{n}\"}],\"b\":null}}"},
    {"{changes}", "{\"a\":[1,{\"k\\ud83d\":\"{n}\"}],\"b\":null}"},
    {"{\"data\":{\"type\":\"users\",\"id\":{id},\"attributes\":{changes/profile}}}",
     "{\"data\":{\"type\":\"users\",\"id\":18446744073709551616.10,\"attributes\":{\"x\":1.0}}}"},
    {"{\"id\":\"{id}\",\"n\":{n},\"t\":\"{n}\"}",
     "{\"id\":\"18446744073709551616.10\",\"n\":7,\"t\":\"7\"}"},
    {"[{n},{missing},{flag},{none}]", "[7,false,null]"},
    {"{\"a\":{missing},\"b\":1.50}", "{\"b\":1.50}"},
    {"{\"cursor\":\"{missing}\",\"b\":\"{ n }\"}", "{\"b\":\"{ n }\"}"},
    {"{\"q\":\"user {name} {half}!\"}", "{\"q\":\"user a\\\"b\\n{n} x\\ud83d!\"}"},
    {"{\"q\":\"\\ud83d {n}\",\"r\":\"{n}\\u0000{flag}\"}",
     "{\"q\":\"\\ud83d 7\",\"r\":\"7\\u0000{flag}\"}"},
    {"{\"q\":\"{changes}\"}",
     "{\"q\":\"{\\\"a\\\":[1,{\\\"k\\\\ud83d\\\":\\\"{n}\\\"}],\\\"b\\\":null}\"}"},
    {"{\"query\":\"{ users(id: {n}) { id name } }\"}",
     "{\"query\":\"{ users(id: 7) { id name } }\"}"},
    {"{\"a\":{},\"b\":[],\"c\":\"}{\"}", "{\"a\":{},\"b\":[],\"c\":\"}{\"}"},
    {"{\"a\":\"x{missing}\"}", NULL},
    {"{missing}", NULL},
    {"a={secret}&b={missing}&n={n}", "a=p%26%3D%2B+&n=7"},
};

static void test_expand(void **state)
{
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		char *text;

		if (body_check(examples[i][0]))
			fail_msg("%s: %s", examples[i][0], body_check(examples[i][0]));
		*why = '\0';
		text = body_expand(examples[i][0], &values, why, sizeof(why));
		if (!examples[i][1]) {
			assert_null(text);
			assert_string_equal(why, "there is no value for {missing}");
		} else {
			if (!text)
				fail_msg("%s: %s", examples[i][0], why);
			assert_string_equal(text, examples[i][1]);
		}
		free(text);
	}
}

static void test_check(void **state)
{
	static const char *const wrong[] = {
	    "{\"a\":}",
	    "{\"a\" {n}}",
	    "{\"a\":1,\"a\":2}",
	    "{\"{n}\":1}",
	    "{\"a\":[{\"x{n}\":1}]}",
	    "{\"a\":\"x",
	    "{n}{n}",
	    "{\"a\":\"\\u001Ab\"}",
	    "[1",
	};
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		if (!body_check(wrong[i]))
			fail_msg("%s", wrong[i]);
	}
	assert_null(body_expand("{\"a\":}", &values, why, sizeof(why)));
	assert_true(body_is_json("{}"));
	assert_true(body_is_json("[]"));
	assert_false(body_is_json("a={x}"));
}

static int set_up(void **state)
{
	(void)state;
	all = exact_parse(values_text, strlen(values_text), 0, NULL);
	return all ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	json_decref(all);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_expand),
	    cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
