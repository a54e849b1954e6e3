/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_words.c - vendors/rest/words.h: what error responses of known shapes say.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#include "vendors/rest/words.h"

static const char *const examples[][2] = {
    /* RFC 7807; RFC 6749; SCIM */
    {"{\"title\":\"Bad\",\"detail\":\"no email\",\"status\":400}", "Bad: no email"},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}", "invalid_grant: expired"},
    {"{\"schemas\":[\"urn:x\"],\"status\":\"409\",\"scimType\":\"uniqueness\",\"detail\":\"taken\"}",
     "taken: uniqueness"},
    /* Google, Graph; the same words twice are said once */
    {"{\"error\":{\"code\":403,\"message\":\"quota\",\"errors\":[{\"message\":\"quota\","
     "\"reason\":\"rateLimitExceeded\"}]}}",
     "quota: rateLimitExceeded"},
    /* Okta */
    {"{\"errorCode\":\"E1\",\"errorSummary\":\"failed\",\"errorCauses\":[{\"errorSummary\":\"login: "
     "short\"}]}",
     "failed: login: short"},
    /* Keycloak */
    {"{\"errorMessage\":\"User exists\"}", "User exists"},
    /* GitHub, GitLab */
    {"{\"message\":\"Validation Failed\",\"errors\":[{\"field\":\"email\",\"message\":\"taken\"}]}",
     "Validation Failed: email: taken"},
    {"{\"message\":{\"email\":[\"has been taken\",\"is short\"]}}",
     "email: has been taken: is short"},
    /* Zendesk */
    {"{\"error\":\"RecordInvalid\",\"description\":\"Record failed\",\"details\":{\"email\":[{"
     "\"description\":\"Email: x is taken\"}]}}",
     "RecordInvalid: Record failed: email: Email: x is taken"},
    /* Dropbox, Box, Slack SCIM v1, Salesforce, Jira */
    {"{\"error_summary\":\"not_found/\",\"user_message\":{\"text\":\"No such user\"}}",
     "not_found/: No such user"},
    {"{\"message\":\"Bad\",\"context_info\":{\"errors\":[{\"reason\":\"r\",\"name\":\"login\","
     "\"message\":\"m is bad\"}]}}",
     "Bad: login: m is bad: r"},
    {"{\"Errors\":{\"description\":\"user_not_found\",\"code\":404}}", "user_not_found"},
    {"[{\"message\":\"session expired\",\"errorCode\":\"X\"}]", "session expired"},
    {"{\"errorMessages\":[\"one\",\"two\"],\"errors\":{}}", "one: two"},
    /* Django REST Framework */
    {"{\"email\":[\"Enter a valid address.\"],\"non_field_errors\":[\"No.\"]}",
     "email: Enter a valid address.: No."},
    {"{\"detail\":\"Not found.\"}", "Not found."},
    /* RabbitMQ, Redmine, plain strings */
    {"{\"error\":\"bad_request\",\"reason\":\"no tags\"}", "bad_request: no tags"},
    {"{\"errors\":[\"Login is short\",\"Mail is bad\"]}", "Login is short: Mail is bad"},
    {"\"slow down\"", "slow down"},
    /* no JSON */
    {"Too many requests\r\nsecond line", "Too many requests"},
    {"  <html>no</html>", ""},
    {"{\"message\":\"cut", ""},
    {"", ""},
    {"{}", ""},
    {"caf\xc3\xa9 \x01", "caf?? ?"},
};

static void test_bodies(void **state)
{
	char words[300];

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		words_of_body(examples[i][0], strlen(examples[i][0]), words, sizeof(words));
		assert_string_equal(words, examples[i][1]);
	}
	words_of_body(NULL, 0, words, sizeof(words));
	assert_string_equal(words, "");
}

static void test_room(void **state)
{
	char words[8];

	(void)state;
	words_of_body("{\"message\":\"a long message\"}", 28, words, sizeof(words));
	assert_string_equal(words, "a long ");
	words_of_body("a long text", 11, words, sizeof(words));
	assert_string_equal(words, "a long ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_bodies),
	    cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
