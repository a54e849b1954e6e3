/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_scim_record.c - the email and the status of a SCIM resource, and what is added to one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "vendors/json/exact_parse.h"
#include "vendors/scim/scim_record.h"

#define CORE "urn:ietf:params:scim:schemas:core:2.0:"
#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

static json_t *parse(const char *text)
{
	json_t *value = exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);

	assert_non_null(value);
	return value;
}

static void test_email(void **state)
{
	static const struct {
		const char *user, *email;
	} samples[] = {
	    {"{\"emails\":[{\"value\":\"a@x\"},{\"value\":\"b@x\",\"primary\":true}]}", "b@x"},
	    {"{\"emails\":[{\"value\":\"a@x\"},{\"value\":\"b@x\",\"primary\":\"True\"}]}", "b@x"},
	    {"{\"emails\":[{\"value\":\"a@x\",\"primary\":false},{\"value\":\"b@x\"}]}", "a@x"},
	    {"{\"emails\":[{\"value\":\"\",\"primary\":true},{\"value\":\"b@x\"}]}", "b@x"},
	    {"{\"emails\":[{\"type\":\"work\"}],\"userName\":\"c@x\"}", "c@x"},
	    {"{\"userName\":\"c@x\"}", "c@x"},
	    /* a login that is no address is nobody's email */
	    {"{\"userName\":\"jane\"}", NULL},
	    {"{\"emails\":null,\"userName\":5}", NULL},
	    {"{}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		json_t *user = parse(samples[i].user);
		const char *email = json_string_value(scim_record_email(user));

		if (samples[i].email)
			assert_string_equal(email, samples[i].email);
		else
			assert_null(email);
		json_decref(user);
	}
}

static void test_status(void **state)
{
	static const char *const active[] = {"true", "\"true\"", "\"True\"", "\"tRUE\"", "null"};
	static const char *const inactive[] = {"false", "\"false\"", "\"False\"", "0", "\"no\""};

	(void)state;
	assert_string_equal(scim_record_status(NULL), "active");
	for (size_t i = 0; i < 5; i++) {
		json_t *on = parse(active[i]), *off = parse(inactive[i]);

		assert_string_equal(scim_record_status(on), "active");
		assert_string_equal(scim_record_status(off), "inactive");
		json_decref(on);
		json_decref(off);
	}
}

static void test_complete(void **state)
{
	static const struct {
		const char *before, *after;
		bool group, created;
	} samples[] = {
	    {"{\"userName\":\"a\"}", "{\"userName\":\"a\",\"schemas\":[\"" CORE "User\"]}", false,
	     true},
	    {"{\"" ENTERPRISE "\":{}}",
	     "{\"" ENTERPRISE "\":{},\"schemas\":[\"" CORE "User\",\"" ENTERPRISE "\"]}", false,
	     true},
	    {"{\"schemas\":[\"x\"]}", "{\"schemas\":[\"x\"]}", false, true},
	    {"{\"schemas\":[]}", "{\"schemas\":[\"" CORE "Group\"]}", true, true},
	    /* in a PUT an absent active may mean true or false */
	    {"{\"schemas\":[\"x\"]}", "{\"schemas\":[\"x\"],\"active\":true}", false, false},
	    {"{\"schemas\":[\"x\"],\"active\":\"False\"}",
	     "{\"schemas\":[\"x\"],\"active\":\"False\"}", false, false},
	    {"{\"schemas\":[\"x\"]}", "{\"schemas\":[\"x\"]}", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		json_t *record = parse(samples[i].before), *wanted = parse(samples[i].after);

		assert_int_equal(samples[i].group
				     ? scim_record_complete_group(record, samples[i].created)
				     : scim_record_complete_user(record, samples[i].created),
				 0);
		assert_true(json_equal(record, wanted));
		json_decref(record);
		json_decref(wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_email),
					   cmocka_unit_test(test_status),
					   cmocka_unit_test(test_complete)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
