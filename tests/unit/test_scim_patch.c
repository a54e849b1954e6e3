/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scim_patch.c - the operations that turn one SCIM resource into another.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/scim/scim_patch.h"

static json_t *parse(const char *text)
{
	json_t *value = exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);

	assert_non_null(value);
	return value;
}

struct sample {
	const char *fresh, *wanted, *operations;
};

#define EXTENSION "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static const struct sample samples[] = {
    /* nothing differs, or only what the server assigns */
    {"{\"id\":\"1\",\"userName\":\"a\"}", "{\"id\":\"1\",\"userName\":\"a\"}", "[]"},
    {"{\"schemas\":[\"x\"],\"meta\":{\"v\":1}}", "{\"schemas\":[\"y\"],\"meta\":{\"v\":2}}", "[]"},
    /* a member that is left out stays */
    {"{\"a\":1,\"b\":2}", "{\"a\":1}", "[]"},
    /* simple attributes */
    {"{\"title\":\"x\"}", "{\"title\":\"y\"}",
     "[{\"op\":\"replace\",\"path\":\"title\",\"value\":\"y\"}]"},
    {"{\"title\":\"x\"}", "{\"title\":null}", "[{\"op\":\"remove\",\"path\":\"title\"}]"},
    {"{}", "{\"title\":null}", "[]"},
    /* active is a boolean, whatever the server shows */
    {"{\"active\":\"True\"}", "{\"active\":\"False\"}",
     "[{\"op\":\"replace\",\"path\":\"active\",\"value\":false}]"},
    {"{}", "{\"active\":false}", "[{\"op\":\"replace\",\"path\":\"active\",\"value\":false}]"},
    /* parts */
    {"{\"name\":{\"givenName\":\"A\",\"familyName\":\"B\"}}",
     "{\"name\":{\"givenName\":\"C\",\"familyName\":null}}",
     "[{\"op\":\"replace\",\"path\":\"name.givenName\",\"value\":\"C\"},"
     "{\"op\":\"remove\",\"path\":\"name.familyName\"}]"},
    {"{}", "{\"name\":{\"givenName\":\"C\"}}",
     "[{\"op\":\"replace\",\"path\":\"name\",\"value\":{\"givenName\":\"C\"}}]"},
    {"{\"" EXTENSION "\":{\"department\":\"x\",\"manager\":{\"value\":\"1\"}}}",
     "{\"" EXTENSION "\":{\"department\":\"y\",\"manager\":{\"value\":\"2\"}}}",
     "[{\"op\":\"replace\",\"path\":\"" EXTENSION ":department\",\"value\":\"y\"},"
     "{\"op\":\"replace\",\"path\":\"" EXTENSION ":manager.value\",\"value\":\"2\"}]"},
    /* elements, by their value */
    {"{\"emails\":[{\"value\":\"a@x\",\"type\":\"work\"},{\"value\":\"b@x\",\"type\":\"home\"}]}",
     "{\"emails\":[{\"value\":\"a@x\",\"type\":\"other\"},{\"value\":\"b@x\",\"type\":\"home\"}]}",
     "[{\"op\":\"replace\",\"path\":\"emails[value eq \\\"a@x\\\"].type\",\"value\":\"other\"}]"},
    {"{\"emails\":[{\"value\":\"a@x\",\"type\":\"work\"},{\"value\":\"b@x\",\"type\":\"home\"}]}",
     "{\"emails\":[{\"value\":\"c@x\",\"type\":\"work\"},{\"value\":\"b@x\",\"type\":\"home\"}]}",
     "[{\"op\":\"replace\",\"path\":\"emails[value eq \\\"a@x\\\"].value\",\"value\":\"c@x\"}]"},
    {"{\"emails\":[{\"value\":\"a@x\"}]}", "{\"emails\":[{\"value\":\"a@x\"},{\"value\":\"b@x\"}]}",
     "[{\"op\":\"add\",\"path\":\"emails\",\"value\":[{\"value\":\"b@x\"}]}]"},
    {"{\"emails\":[{\"value\":\"a@x\"},{\"value\":\"b@x\"}]}", "{\"emails\":[{\"value\":\"a@x\"}]}",
     "[{\"op\":\"remove\",\"path\":\"emails[value eq \\\"b@x\\\"]\"}]"},
    {"{\"members\":[{\"value\":\"q\\\"1\"},{\"value\":\"2\"}]}",
     "{\"members\":[{\"value\":\"2\"}]}",
     "[{\"op\":\"remove\",\"path\":\"members[value eq \\\"q\\\\\\\"1\\\"]\"}]"},
    /* whole, where no element can be told from another, or only their order differs */
    {"{\"emails\":[{\"value\":\"a\"},{\"value\":\"a\"}]}", "{\"emails\":[{\"value\":\"b\"}]}",
     "[{\"op\":\"replace\",\"path\":\"emails\",\"value\":[{\"value\":\"b\"}]}]"},
    {"{\"addresses\":[{\"street\":\"a\"}]}", "{\"addresses\":[{\"street\":\"b\"}]}",
     "[{\"op\":\"replace\",\"path\":\"addresses\",\"value\":[{\"street\":\"b\"}]}]"},
    {"{\"emails\":[{\"value\":\"a\"},{\"value\":\"b\"}]}",
     "{\"emails\":[{\"value\":\"b\"},{\"value\":\"a\"}]}",
     "[{\"op\":\"replace\",\"path\":\"emails\",\"value\":[{\"value\":\"b\"},{\"value\":\"a\"}]}]"},
    {"{\"roles\":[\"a\"]}", "{\"roles\":[\"b\"]}",
     "[{\"op\":\"replace\",\"path\":\"roles\",\"value\":[\"b\"]}]"},
};

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		json_t *fresh = parse(samples[i].fresh), *wanted = parse(samples[i].wanted);
		json_t *operations = parse(samples[i].operations);
		json_t *body = scim_patch(fresh, wanted);

		assert_non_null(body);
		assert_string_equal(json_string_value(
					json_array_get(json_object_get(body, "schemas"), 0)),
				    "urn:ietf:params:scim:api:messages:2.0:PatchOp");
		if (!json_equal(json_object_get(body, "Operations"), operations))
			fail_msg("sample %zu: %s", i, exact_print_text(body, 0));
		json_decref(body);
		json_decref(operations);
		json_decref(wanted);
		json_decref(fresh);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
