/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_status_refusal.c - what is said of a text that is no status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache/access/status_refusal.h"

#include <string.h>

static void test_words(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {"Inactive\n", "\"Inactive\" is not a status: write inactive, in lower case"},
	    {"inactive \n",
	     "\"inactive \" is not a status: write inactive, without blanks and quotes"},
	    {"\"active\"\n",
	     "'\"active\"' is not a status: write active, without blanks and quotes"},
	    {" ACTIVE\r\n", "\" ACTIVE\" is not a status: write active, in lower case, without "
			    "blanks and quotes"},
	    {"disabled\n",
	     "\"disabled\" is not a status: to end the user's access, write inactive"},
	    {"Deactivate",
	     "\"Deactivate\" is not a status: to end the user's access, write inactive"},
	    {"0\n", "\"0\" is not a status: to end the user's access, write inactive"},
	    {"enabled\n", "\"enabled\" is not a status: to give the user access, write active"},
	    {"inactve\n", "\"inactve\" is not a status; did you mean inactive?"},
	    {"junk\n", "\"junk\" is not a status: a status is active or inactive"},
	    {"active inactive\n",
	     "\"active inactive\" is not a status: a status is active or inactive"},
	    {"\n", "an empty text is not a status: a status is active or inactive"},
	    {"{\"status\": \"inactive\"}\n",
	     "a document is not a status: a status is active or inactive; documents go to the .json"},
	    /* what may be a key */
	    {"hunter2hunter2\n",
	     "what was written is not a status: a status is active or inactive"},
	    {"abcdefghijklmnopqrstuvwxyz\n",
	     "what was written is not a status: a status is active or inactive"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(status_refusal(cases[i].text, strlen(cases[i].text)),
				    cases[i].words);
	assert_string_equal(status_refusal("in\0ctive", 8),
			    "what was written is not a status: a status is active or inactive");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
