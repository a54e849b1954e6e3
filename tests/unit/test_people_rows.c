/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_people_rows.c - which records of all vendors are one person.
 */
#include "fs/tables/people_rows.h"

#include "cache/record/snapshot.h"
#include "fs/people/email_index.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define BRANCHES 4
#define BY_HAND 1 /* the number of a vendor without an API */
#define STATUSES 3

static const char *const id_keys[] = {"id", NULL}, *const email_keys[] = {"email", NULL};
static const struct field fields[] = {{NULL, 0}};
static const struct collection users = {
    .name = "users",
    .id_keys = id_keys,
    .email_keys = email_keys,
    .time_keys = id_keys,
    .status_key = "status",
    .fields = fields,
};
static const struct collection statuses = {
    .name = "statuses",
    .id_keys = id_keys,
    .email_keys = email_keys,
    .time_keys = id_keys,
    .status_key = "status",
    .absent_status = "inactive",
    .fields = fields,
};
static const struct vendor with_api = {.users = &users}, by_hand,
			   with_statuses = {.users = &users, .statuses = &statuses};

static struct branch branches[BRANCHES];
static struct record_dir *const api = (struct record_dir *)&branches;
static struct fs fs = {.branches = branches, .branch_count = BRANCHES};

static int set_up(void **state)
{
	static const struct vendor *const vendors[BRANCHES] = {&with_api, &by_hand, &with_api,
							       &with_statuses};
	static char names[BRANCHES][8];

	(void)state;
	for (size_t i = 0; i < BRANCHES; i++) {
		branches[i].account = calloc(1, sizeof(struct account));
		if (!branches[i].account)
			return -1;
		snprintf(names[i], sizeof(names[i]), "v%zu", i);
		branches[i].account->name = names[i];
		branches[i].account->vendor = vendors[i];
		branches[i].users = vendors[i]->users ? api : NULL;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < BRANCHES; i++)
		free(branches[i].account);
	return 0;
}

/* A snapshot of records 0, 1... with these EMAILS (NULL: none), which end with "end". */
static struct snapshot *make(const char *const *emails)
{
	struct snapshot_builder builder;

	snapshot_begin(&builder, NULL);
	for (size_t i = 0; !emails[i] || strcmp(emails[i], "end") != 0; i++) {
		json_t *object = emails[i] ? json_pack("{s:s}", "email", emails[i]) : json_object();
		char id[24];

		snprintf(id, sizeof(id), "%zu", i);
		assert_int_equal(snapshot_add(&builder, record_new(&users, id, object,
								   (struct timespec){1, 0})),
				 0);
		json_decref(object);
	}
	return snapshot_end(&builder, (struct timespec){1, 0});
}

/*
 * The people of vendors 0, 2 and 3 must be EXPECTED, a line for each: the records as VENDOR.ID,
 * with blanks between them.
 */
static void check(const char *const *first, const char *const *second, const char *const *third,
		  size_t keyed, const char *expected)
{
	const char *const *const emails[BRANCHES] = {first, NULL, second, third};
	struct email_index *index = email_index_new(&fs);
	struct snapshot *of_users[BRANCHES] = {NULL};
	struct people people;
	char text[1000] = "";
	size_t length = 0;

	for (size_t i = 0; i < BRANCHES; i++) {
		if (emails[i])
			index->known[i].snapshot = make(emails[i]);
	}
	of_users[STATUSES] = index->known[2].snapshot;
	assert_int_equal(people_rows_make(index, of_users, &people), 0);
	for (size_t i = 0; i < people.count; i++) {
		assert_true(people.firsts[i] < people.firsts[i + 1]);
		for (size_t j = people.firsts[i]; j < people.firsts[i + 1]; j++)
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%d.%s%c",
						   people.record_vendors[j], people.records[j]->id,
						   j + 1 < people.firsts[i + 1] ? ' ' : '\n');
	}
	assert_string_equal(text, expected);
	assert_int_equal(people.keyed, keyed);
	assert_int_equal(people.vendor_count, BRANCHES);
	assert_null(people.vendors[BY_HAND].users);
	assert_null(people.vendors[BY_HAND].snapshot);
	assert_string_equal(people.vendors[STATUSES].name, "v3");
	assert_ptr_equal(people.vendors[0].snapshot, index->known[0].snapshot);
	assert_null(people.vendors[0].statuses);
	assert_ptr_equal(people.vendors[STATUSES].statuses, of_users[STATUSES]);
	assert_string_equal(people.vendors[STATUSES].absent_status, "inactive");
	people_table_clear(&people);
	email_index_free(index);
}

static const char *const nobody[] = {"end"};

static void test_nobody(void **state)
{
	(void)state;
	check(nobody, nobody, nobody, 0, "");
}

/* In the order of the emails, whatever the vendors' order, and in any case. */
static void test_one_each(void **state)
{
	const char *const first[] = {"c@x.example", "A@x.example", "end"};
	const char *const second[] = {"b@x.example", "a@X.example", "end"};
	const char *const third[] = {"d@x.example", "a@x.example", "end"};

	(void)state;
	check(first, second, third, 4, "0.1 2.1 3.1\n2.0\n0.0\n3.0\n");
}

static void test_without(void **state)
{
	const char *const first[] = {NULL, "b@x.example", NULL, "end"};
	const char *const third[] = {"a@x.example", NULL, "end"};

	(void)state;
	check(first, nobody, third, 2, "3.0\n0.1\n0.0\n0.2\n3.1\n");
}

/* Two users of one vendor with one email are one person. */
static void test_several(void **state)
{
	const char *const first[] = {"a@x.example", "b@x.example", "a@x.example", "A@x.example",
				     "end"};
	const char *const second[] = {"a@x.example", "end"};

	(void)state;
	check(first, second, nobody, 2, "0.0 0.2 0.3 2.0\n0.1\n");
}

/*
 * One vendor tells two spellings apart, so they are two people, and each has the record of the
 * vendor that has one spelling only. People who are apart follow all others.
 */
static void test_apart(void **state)
{
	const char *const first[] = {"jane@x.example", "z@x.example", "ja\u00adne@x.example",
				     "end"};
	const char *const second[] = {"Jane@x.example", "end"};

	(void)state;
	check(first, second, nobody, 2, "0.0 2.0\n0.1\n0.2 2.0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nobody),  cmocka_unit_test(test_one_each),
	    cmocka_unit_test(test_without), cmocka_unit_test(test_several),
	    cmocka_unit_test(test_apart),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
