/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_history_facts.c - what a write is known by: as a line, and as JSON and back.
 */
#include "cache/history/history_facts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct history_facts whole = {.number = 7,
					   .when = {1764500000, 123456000},
					   .owner = "partnerize https://x users",
					   .id = "12",
					   .uid = 1000,
					   .command = "vi",
					   .path = "partnerize/12.json",
					   .email = "a@b.example",
					   .status = "active->inactive",
					   .fields = "status,a.b",
					   .access = {.kind = HISTORY_STATUS,
						      .subject = "people",
						      .takes_back = 3,
						      .was = "x 1\ny 2\n",
						      .left = ""}};

static void test_line(void **state)
{
	struct history_facts facts = whole;
	char *line = history_facts_line(&facts);

	(void)state;
	assert_string_equal(line, "7\t2025-11-30T10:53:20.123Z\t1000\tvi\tpartnerize/12.json\t"
				  "status\t12\ta@b.example\tactive->inactive\tstatus,a.b\n");
	free(line);
	facts.command = "a\tb\nc\\d\x1b\x7f\xff";
	facts.email = facts.status = NULL;
	facts.fields = "";
	facts.id = "\xc3\xa9\xe2\x80\xae\xc2\x85";
	line = history_facts_line(&facts);
	assert_string_equal(line, "7\t2025-11-30T10:53:20.123Z\t1000\t"
				  "a\\tb\\nc\\\\d\\x1B\\x7F\\xFF\tpartnerize/12.json\tstatus\t"
				  "\xc3\xa9\\xE2\\x80\\xAE\\xC2\\x85\t-\t-\t-\n");
	free(line);
}

static void test_json(void **state)
{
	struct history_facts facts;
	json_t *held = NULL;
	size_t length = 0;
	char *text = history_facts_json(&whole, &length), *again;

	(void)state;
	assert_int_equal(strlen(text), length);
	assert_int_equal(history_facts_read(text, length, &facts, &held), 0);
	again = history_facts_json(&facts, &length);
	assert_string_equal(text, again);
	assert_int_equal(facts.when.tv_sec, whole.when.tv_sec);
	assert_int_equal(facts.when.tv_nsec, whole.when.tv_nsec);
	assert_int_equal(facts.access.kind, HISTORY_STATUS);
	assert_string_equal(facts.access.left, "");
	assert_int_equal(facts.access.takes_back, 3);
	json_decref(held);
	free(again);
	free(text);
}

/* Any member that is missing or of another type is damage. */
static void test_damaged(void **state)
{
	size_t length = 0;
	char *text = history_facts_json(&whole, &length);
	json_t *object = json_loads(text, 0, NULL), *held = NULL;
	struct history_facts facts;
	const char *key;
	json_t *value;

	(void)state;
	assert_true(json_object_size(object) == 15);
	json_object_foreach(object, key, value) {
		json_t *spoilt[] = {json_copy(object), json_copy(object)};

		json_object_del(spoilt[0], key);
		json_object_set_new(spoilt[1], key, json_array());
		for (size_t i = 0; i < 2; i++) {
			char *bad = json_dumps(spoilt[i], 0);

			assert_int_equal(history_facts_read(bad, strlen(bad), &facts, &held),
					 -EINVAL);
			free(bad);
			json_decref(spoilt[i]);
		}
	}
	json_decref(object);
	for (size_t cut = 0; cut < length - 2; cut++)
		assert_int_equal(history_facts_read(text, cut, &facts, &held), -EINVAL);
	free(text);
}

static void test_copies(void **state)
{
	struct history_access copy;

	(void)state;
	assert_int_equal(history_facts_copy(&copy, &whole.access), 0);
	assert_string_equal(copy.was, whole.access.was);
	assert_ptr_not_equal(copy.was, whole.access.was);
	assert_null(copy.owner);
	history_facts_clear(&copy);
	assert_null(copy.was);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_line),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
