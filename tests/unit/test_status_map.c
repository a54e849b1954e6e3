/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_status_map.c - the words for statuses as vendors write them, and the values for words.
 */
#include "vendors/rest/status_map.h"
#include "vendors/rules.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const struct field none[] = {{NULL, 0}};

/* Return the word that a record with STATUS (JSON; NULL: without one) has by TABLE, or "(none)". */
static const char *word_of(const struct rule_status *table, const char *status)
{
	static char buffer[STATUS_MAP_MAX], kept[STATUS_MAP_MAX];
	const struct collection users = {.status_key = "/state/now",
					 .status = table,
					 .fields = none};
	json_t *record = json_pack("{s:{}}", "state");
	const char *word;

	if (status)
		json_object_set_new(json_object_get(record, "state"), "now",
				    json_loads(status, JSON_DECODE_ANY, NULL));
	word = status_map_word(&users, record, buffer);
	stpcpy(kept, word ? word : "(none)");
	json_decref(record);
	return kept;
}

#define ANY                                                                                        \
	{                                                                                          \
		VALUE_ANY, NULL                                                                    \
	}
#define TRUE                                                                                       \
	{                                                                                          \
		VALUE_TRUE, NULL                                                                   \
	}
#define FALSE                                                                                      \
	{                                                                                          \
		VALUE_FALSE, NULL                                                                  \
	}
#define ABSENT                                                                                     \
	{                                                                                          \
		VALUE_ABSENT, NULL                                                                 \
	}
#define NUMBER(text)                                                                               \
	{                                                                                          \
		VALUE_NUMBER, text                                                                 \
	}
#define TEXT(text)                                                                                 \
	{                                                                                          \
		VALUE_TEXT, text                                                                   \
	}
#define LIST(...) ((const struct value[]){__VA_ARGS__, {VALUE_END, NULL}})

static void test_words(void **state)
{
	const struct rule_status scim = {.active = LIST(TRUE, TEXT("True"), ABSENT),
					 .inactive = LIST(FALSE, TEXT("False"))};
	const struct rule_status redmine = {.active = LIST(NUMBER("1")),
					    .inactive = LIST(NUMBER("3"))};
	const struct rule_status dated = {.active = LIST({VALUE_NULL, NULL}, ABSENT),
					  .inactive = LIST(ANY)};
	const struct rule_status loud = {.active = LIST(TEXT("ACTIVE")),
					 .inactive = LIST(TEXT("SUSPENDED"), TEXT("GONE"))};

	(void)state;
	assert_string_equal(word_of(&scim, "true"), "active");
	assert_string_equal(word_of(&scim, "\"True\""), "active");
	assert_string_equal(word_of(&scim, NULL), "active");
	assert_string_equal(word_of(&scim, "false"), "inactive");
	assert_string_equal(word_of(&scim, "\"true\""), "true");
	assert_string_equal(word_of(&redmine, "1"), "active");
	assert_string_equal(word_of(&redmine, "3"), "inactive");
	assert_string_equal(word_of(&redmine, "2"), "2");
	assert_string_equal(word_of(&redmine, "\"1\""), "1");
	assert_string_equal(word_of(&redmine, "true"), "true");
	assert_string_equal(word_of(&redmine, NULL), "(none)");
	assert_string_equal(word_of(&redmine, "null"), "(none)");
	assert_string_equal(word_of(&redmine, "{}"), "(none)");
	assert_string_equal(word_of(&dated, "null"), "active");
	assert_string_equal(word_of(&dated, NULL), "active");
	assert_string_equal(word_of(&dated, "\"2026-01-02\""), "inactive");
	assert_string_equal(word_of(&loud, "\"GONE\""), "inactive");
	assert_string_equal(word_of(&loud, "\"LOCKED\""), "LOCKED");
	assert_string_equal(word_of(&loud, "\"two\\nlines\""), "(none)");
	assert_string_equal(word_of(&loud, "\"\""), "(none)");
	/* a word of the vendor's that is not listed does not pass for one of ours */
	assert_string_equal(word_of(&loud, "\"inactive\""), "\"inactive\"");
	assert_string_equal(word_of(&loud, "\"unknown\""), "\"unknown\"");
	/* without a table the values are the words */
	assert_string_equal(word_of(NULL, "\"inactive\""), "inactive");
	assert_string_equal(word_of(NULL, "true"), "(none)");
}

static void check_value(const struct rule_status *table, const char *word, int error,
			const char *wanted)
{
	const struct collection users = {.status_key = "/state/now",
					 .status = table,
					 .fields = none};
	json_t *record = json_object(), *value = json_loads(wanted, JSON_DECODE_ANY, NULL);
	json_t *described = status_map_value(&users, word);

	assert_int_equal(status_map_can_set(&users, word), !error);
	assert_int_equal(status_map_set(&users, record, word), error);
	if (!error)
		assert_true(
		    json_equal(json_object_get(json_object_get(record, "state"), "now"), value));
	assert_true(json_equal(described, value));
	json_decref(described);
	json_decref(value);
	json_decref(record);
}

static void test_values(void **state)
{
	const struct rule_status scim = {.active = LIST(ABSENT, TRUE),
					 .inactive = LIST(FALSE, TEXT("no"))};
	const struct rule_status dated = {.active = LIST(ABSENT), .inactive = LIST(ANY)};

	(void)state;
	check_value(&scim, "active", 0, "true");
	check_value(&scim, "inactive", 0, "false");
	check_value(&dated, "active", -EOPNOTSUPP, "null");
	check_value(&dated, "inactive", -EOPNOTSUPP, "\"inactive\"");
	check_value(NULL, "inactive", 0, "\"inactive\"");
}

static bool may_activate(const struct rule_status *table, const char *status)
{
	const struct collection users = {.status_key = "status", .status = table, .fields = none};
	json_t *record = json_pack("{s:s}", "status", status);
	bool may = status_map_may_activate(&users, record);

	json_decref(record);
	return may;
}

static void test_requests(void **state)
{
	const struct rule_status_request activate[] = {{.name = "unlock",
							.from = LIST(TEXT("LOCKED"))},
						       {.name = "any"},
						       {.name = NULL}};
	const struct rule_status plain = {.active = LIST(TEXT("ACTIVE")),
					  .inactive = LIST(TEXT("SUSPENDED"))};
	const struct rule_status words = {.active = LIST(TEXT("active")),
					  .inactive = LIST(TEXT("inactive"))};
	const struct collection by_words = {.status_key = "status",
					    .status = &words,
					    .fields = none};
	struct rule_status own = plain;
	const struct collection by_field = {.status_key = "status",
					    .status = &plain,
					    .fields = none};
	const struct collection by_request = {.status_key = "status",
					      .status = &own,
					      .fields = none};

	(void)state;
	own.activate = activate;
	assert_false(status_map_has_request(&by_field, "active"));
	assert_false(status_map_has_requests(&by_field));
	assert_true(status_map_has_request(&by_request, "active"));
	assert_false(status_map_has_request(&by_request, "inactive"));
	assert_true(status_map_has_requests(&by_request));
	assert_true(may_activate(&plain, "SUSPENDED"));
	assert_true(may_activate(&plain, "ACTIVE"));
	assert_false(may_activate(&plain, "LOCKED"));
	assert_true(may_activate(&own, "LOCKED"));
	/* `from` must name the status: a request for any status does not */
	assert_false(may_activate(&own, "PENDING"));
	assert_true(may_activate(NULL, "PENDING"));
	/* a table that lists the words themselves is as none */
	assert_true(status_map_is_plain(&by_words));
	assert_false(status_map_is_plain(&by_field));
	assert_true(may_activate(&words, "PENDING"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_requests),
	};

	return cmocka_run_group_tests_name("status_map", tests, NULL, NULL);
}
