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
#include <stdbool.h>
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
    {"{}", "{\"" EXTENSION "\":{\"department\":\"x\"}}",
     "[{\"op\":\"replace\",\"path\":\"" EXTENSION ":department\",\"value\":\"x\"}]"},
    {"{\"" EXTENSION "\":{\"department\":\"x\",\"manager\":{\"value\":\"1\"}}}",
     "{\"" EXTENSION "\":null}",
     "[{\"op\":\"remove\",\"path\":\"" EXTENSION ":department\"},"
     "{\"op\":\"remove\",\"path\":\"" EXTENSION ":manager\"}]"},
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

/* for a server that takes no path with a filter */
static const struct sample plain_samples[] = {
    {"{\"title\":\"x\",\"emails\":[{\"value\":\"a@x\",\"type\":\"work\"}]}",
     "{\"title\":\"y\",\"emails\":[{\"value\":\"b@x\",\"type\":\"work\"}]}",
     "[{\"op\":\"replace\",\"path\":\"title\",\"value\":\"y\"},"
     "{\"op\":\"replace\",\"path\":\"emails\",\"value\":[{\"value\":\"b@x\",\"type\":\"work\"}]}]"},
};

static void check(const struct sample *sample, bool plain)
{
	json_t *fresh = parse(sample->fresh), *wanted = parse(sample->wanted);
	json_t *operations = parse(sample->operations);
	json_t *body = scim_patch(fresh, wanted, plain);

	assert_non_null(body);
	assert_string_equal(json_string_value(json_array_get(json_object_get(body, "schemas"), 0)),
			    "urn:ietf:params:scim:api:messages:2.0:PatchOp");
	if (!json_equal(json_object_get(body, "Operations"), operations))
		fail_msg("%s: %s", sample->wanted, exact_print_text(body, 0));
	json_decref(body);
	json_decref(operations);
	json_decref(wanted);
	json_decref(fresh);
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		check(&samples[i], false);
	for (size_t i = 0; i < sizeof(plain_samples) / sizeof(*plain_samples); i++)
		check(&plain_samples[i], true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_samples)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
