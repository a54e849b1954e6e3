/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lag.c - which of the values that a read shows are older than a write that was acknowledged.
 */
#include "cache/record/lag.h"
#include "vendors/vendor.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const char *const time_keys[] = {"updated_at", "created_at", NULL};
static const char *const created_keys[] = {"created_at", NULL};
static const struct field fields[] = {{NULL, 0}};
static const struct collection users = {
    .name = "users",
    .status_key = "status",
    .time_keys = time_keys,
    .created_keys = created_keys,
    .fields = fields,
};

#define BEFORE "2026-01-01T10:00:00Z"
#define BETWEEN "2026-01-01T10:00:02Z"
#define AFTER "2026-01-01T10:00:05Z"
#define LATER "2026-01-01T10:00:09Z"

/* A JSON text in which ' stands for ". */
static json_t *json(const char *text)
{
	char *copy = strdup(text);
	json_t *value;

	for (char *c = copy; *c; c++) {
		if (*c == '\'')
			*c = '"';
	}
	value = json_loads(copy, 0, NULL);
	free(copy);
	assert_non_null(value);
	return value;
}

/* ID went from BEFORE to AFTER by a write that was answered with ANSWER (or NULL). Return as
 * lag_note.
 */
static bool note(struct lag *lag, const char *before, const char *after, const char *answer)
{
	json_t *a = json(before), *b = json(after), *c = answer ? json(answer) : NULL;
	json_t *document = json_deep_copy(b);
	struct merge merge;
	bool stale;

	json_object_del(document, "updated_at"); /* the vendor's own is no edit */
	assert_int_equal(merge_diff(a, document, &merge), 0);
	json_decref(document);
	stale = lag_note(lag, "7", &merge, a, b, c);
	merge_clear(&merge);
	json_decref(a);
	json_decref(b);
	json_decref(c);
	return stale;
}

/* A read of ID shows SHOWN: that must be taken for TAKEN. */
static void reads(struct lag *lag, const char *shown, const char *taken)
{
	json_t *record = json(shown), *wanted = json(taken);
	struct lag_found found;

	lag_correct(lag, "7", record, LAG_READ, NULL, &found);
	if (!json_equal(record, wanted))
		fail_msg("%s was taken for %s", shown, json_dumps(record, JSON_COMPACT));
	assert_int_equal(found.corrected, strcmp(shown, taken) != 0);
	lag_found_clear(&found);
	json_decref(record);
	json_decref(wanted);
}

#define AS_IT_IS(lag, shown) reads(lag, shown, shown)

/* Without times: the value from before is stale, a third one is news. */
static void test_values(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	AS_IT_IS(lag, "{'status':'active'}");
	note(lag, "{'status':'active','phone':'1'}", "{'status':'inactive','phone':'1'}",
	     "{'status':'inactive'}");
	reads(lag, "{'status':'active','phone':'1'}", "{'status':'inactive','phone':'1'}");
	/* only that field */
	reads(lag, "{'status':'active','phone':'2'}", "{'status':'inactive','phone':'2'}");
	AS_IT_IS(lag, "{'status':'inactive'}");
	/* the next replica still lags */
	reads(lag, "{'status':'active'}", "{'status':'inactive'}");
	AS_IT_IS(lag, "{'status':'suspended'}");
	/* that has ended the memory */
	AS_IT_IS(lag, "{'status':'active'}");
	assert_false(lag_covers(lag, "7"));
	lag_free(lag);
}

/* A write tells whether what was read last was corrected by what it replaces. */
static void test_stale(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	assert_false(note(lag, "{'status':'active'}", "{'status':'inactive'}", NULL));
	AS_IT_IS(lag, "{'status':'inactive'}");
	assert_false(note(lag, "{'status':'inactive'}", "{'status':'active'}", NULL));
	reads(lag, "{'status':'inactive'}", "{'status':'active'}");
	assert_true(note(lag, "{'status':'active'}", "{'status':'inactive'}", NULL));
	AS_IT_IS(lag, "{'status':'inactive'}");
	assert_false(note(lag, "{'status':'inactive'}", "{'status':'active'}", NULL));
	lag_free(lag);
}

/* Several writes: each older value is stale, also that of the first. */
static void test_chain(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'phone':'1','role':'a'}", "{'phone':'2','role':'a'}", NULL);
	note(lag, "{'phone':'2','role':'a'}", "{'phone':'2','role':'b'}", NULL);
	note(lag, "{'phone':'2','role':'b'}", "{'phone':'3','role':'b'}", NULL);
	reads(lag, "{'phone':'1','role':'a'}", "{'phone':'3','role':'b'}");
	reads(lag, "{'phone':'2','role':'b'}", "{'phone':'3','role':'b'}");
	note(lag, "{'phone':'3'}", "{'phone':'1'}", NULL);
	AS_IT_IS(lag, "{'phone':'1','role':'b'}");
	reads(lag, "{'phone':'3','role':'b'}", "{'phone':'1','role':'b'}");
	lag_free(lag);
}

/* By times: what is not later is stale; what is later is news, and what it replaces is stale then.
 */
static void test_times(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'status':'active','updated_at':'" BEFORE "'}",
	     "{'status':'inactive','updated_at':'" AFTER "'}",
	     "{'status':'inactive','updated_at':'" AFTER "'}");
	reads(lag, "{'status':'active','updated_at':'" BEFORE "'}",
	      "{'status':'inactive','updated_at':'" BEFORE "'}");
	/* a short row */
	reads(lag, "{'status':'active'}", "{'status':'inactive'}");
	AS_IT_IS(lag, "{'status':'inactive','updated_at':'" AFTER "'}");
	reads(lag, "{'status':'active','updated_at':'" BEFORE "'}",
	      "{'status':'inactive','updated_at':'" BEFORE "'}");
	/* somebody has set it back */
	AS_IT_IS(lag, "{'status':'active','updated_at':'" LATER "'}");
	AS_IT_IS(lag, "{'status':'active','updated_at':'" LATER "'}");
	/* this read is from between the two */
	reads(lag, "{'status':'inactive','updated_at':'" AFTER "'}",
	      "{'status':'active','updated_at':'" AFTER "'}");
	lag_free(lag);
}

/* An equal time counts as later, unless the version before the write had it too. */
static void test_equal_times(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'status':'active','updated_at':'" BEFORE "'}",
	     "{'status':'inactive','updated_at':'" AFTER "'}", "{'updated_at':'" AFTER "'}");
	AS_IT_IS(lag, "{'status':'active','updated_at':'" AFTER "'}");
	lag_free(lag);

	lag = lag_new(&users, 60);
	note(lag, "{'status':'active','updated_at':'" AFTER "'}",
	     "{'status':'inactive','updated_at':'" AFTER "'}", "{'updated_at':'" AFTER "'}");
	reads(lag, "{'status':'active','updated_at':'" AFTER "'}",
	      "{'status':'inactive','updated_at':'" AFTER "'}");
	AS_IT_IS(lag, "{'status':'active','updated_at':'" LATER "'}");
	lag_free(lag);
}

/* A status there and back, at a vendor whose responses to changes have no time. */
static void test_there_and_back(void **state)
{
	struct lag *lag = lag_new(&users, 60);
	const char *const first = "{'status':'active','updated_at':'" BEFORE "'}";
	const char *const between = "{'status':'inactive','updated_at':'" AFTER "'}";

	(void)state;
	note(lag, first, "{'status':'inactive','updated_at':'" BEFORE "'}", NULL);
	note(lag, "{'status':'inactive','updated_at':'" BEFORE "'}", first, NULL);
	/* which of the two versions it is does not show, so that its time proves nothing */
	AS_IT_IS(lag, first);
	reads(lag, between, "{'status':'active','updated_at':'" AFTER "'}");
	lag_free(lag);

	/* nor if it is what proves the change */
	lag = lag_new(&users, 60);
	note(lag, first, "{'status':'inactive','updated_at':'" BEFORE "'}", NULL);
	note(lag, "{'status':'inactive','updated_at':'" BEFORE "'}", first, first);
	reads(lag, between, "{'status':'active','updated_at':'" AFTER "'}");
	lag_free(lag);

	/* a time that is earlier than what was read before is that of an older version */
	lag = lag_new(&users, 60);
	note(lag, between, "{'status':'gone','updated_at':'" AFTER "'}",
	     "{'status':'gone','updated_at':'" BEFORE "'}");
	reads(lag, between, "{'status':'gone','updated_at':'" AFTER "'}");
	lag_free(lag);
}

/* A response without the fraction of the second must not make the version before look later. */
static void test_rounded_answer(void **state)
{
	struct lag *lag = lag_new(&users, 60);
	const char *const before = "{'status':'active','updated_at':'2026-01-01T10:00:00.100Z'}";

	(void)state;
	note(lag, before, "{'status':'inactive','updated_at':'2026-01-01T10:00:00Z'}",
	     "{'updated_at':'2026-01-01T10:00:00Z'}");
	reads(lag, before, "{'status':'inactive','updated_at':'2026-01-01T10:00:00.100Z'}");
	lag_free(lag);
}

/* The response had no time: none counts as later until a read has shown what was written. */
static void test_untimed_answer(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'status':'active','updated_at':'" BEFORE "'}",
	     "{'status':'inactive','updated_at':'" BEFORE "'}", "{'status':'inactive'}");
	reads(lag, "{'status':'active','updated_at':'" AFTER "'}",
	      "{'status':'inactive','updated_at':'" AFTER "'}");
	AS_IT_IS(lag, "{'status':'inactive','updated_at':'" AFTER "'}");
	AS_IT_IS(lag, "{'status':'active','updated_at':'" LATER "'}");
	lag_free(lag);
}

/* What a write rests on may be a read that lags: the version before it has the time of the last one
 * that is known, which may be that of the write as well. */
static void test_write_on_a_stale_read(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'phone':'1','role':'a','updated_at':'" BEFORE "'}",
	     "{'phone':'2','role':'a','updated_at':'" BEFORE "'}",
	     "{'phone':'2','updated_at':'" AFTER "'}");
	note(lag, "{'phone':'2','role':'a','updated_at':'" BEFORE "'}",
	     "{'phone':'2','role':'b','updated_at':'" BEFORE "'}",
	     "{'role':'b','updated_at':'" AFTER "'}");
	reads(lag, "{'phone':'2','role':'a','updated_at':'" AFTER "'}",
	      "{'phone':'2','role':'b','updated_at':'" AFTER "'}");
	AS_IT_IS(lag, "{'phone':'2','role':'a','updated_at':'" LATER "'}");
	lag_free(lag);
}

/* An equal time counts as later, and is no reason to take what comes next for older. */
static void test_equal_time_ends(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'phone':'1','updated_at':'" BEFORE "'}",
	     "{'phone':'3','updated_at':'" BEFORE "'}", "{'phone':'3','updated_at':'" AFTER "'}");
	AS_IT_IS(lag, "{'phone':'2','updated_at':'" AFTER "'}");
	AS_IT_IS(lag, "{'phone':'3','updated_at':'" AFTER "'}");
	lag_free(lag);
}

/* Two writes in a second, and no answer tells the time: when a read has told that of the second
 * one, a read that lags behind it may have the same. */
static void test_writes_in_one_second(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'phone':'1','updated_at':'" BEFORE "'}",
	     "{'phone':'2','updated_at':'" BEFORE "'}", "{'phone':'2'}");
	note(lag, "{'phone':'2','updated_at':'" BEFORE "'}",
	     "{'phone':'3','updated_at':'" BEFORE "'}", "{'phone':'3'}");
	AS_IT_IS(lag, "{'phone':'3','updated_at':'" AFTER "'}");
	reads(lag, "{'phone':'2','updated_at':'" AFTER "'}",
	      "{'phone':'3','updated_at':'" AFTER "'}");
	AS_IT_IS(lag, "{'phone':'2','updated_at':'" LATER "'}");
	lag_free(lag);
}

/* A write went over a value that was never read here: a read with an earlier time may still show
 * it. */
static void test_unseen_value(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'phone':'1','updated_at':'" BEFORE "'}",
	     "{'phone':'3','updated_at':'" BEFORE "'}", "{'phone':'3','updated_at':'" AFTER "'}");
	reads(lag, "{'phone':'2','updated_at':'" BETWEEN "'}",
	      "{'phone':'3','updated_at':'" BETWEEN "'}");
	AS_IT_IS(lag, "{'phone':'2','updated_at':'" LATER "'}");
	lag_free(lag);
}

/* An answer tells when the record was made, and not when it was changed: no read is later by that.
 */
static void test_created_is_not_updated(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'phone':'1','created_at':'2020-01-01T00:00:00Z','updated_at':'" AFTER "'}",
	     "{'phone':'2','created_at':'2020-01-01T00:00:00Z','updated_at':'" AFTER "'}",
	     "{'phone':'2','created_at':'2020-01-01T00:00:00Z'}");
	/* this read is from before the version that the write replaced */
	reads(lag, "{'phone':'1','created_at':'2020-01-01T00:00:00Z','updated_at':'" BEFORE "'}",
	      "{'phone':'2','created_at':'2020-01-01T00:00:00Z','updated_at':'" BEFORE "'}");
	lag_free(lag);
}

/* Members of objects by themselves; null and missing are the same. */
static void test_nested(void **state)
{
	struct lag *lag = lag_new(&users, 60);

	(void)state;
	note(lag, "{'address':{'city':'A','zip':'1'},'fax':'9'}",
	     "{'address':{'city':'B','zip':'1'},'fax':null}", NULL);
	reads(lag, "{'address':{'city':'A','zip':'2'},'fax':'9'}",
	      "{'address':{'city':'B','zip':'2'},'fax':null}");
	AS_IT_IS(lag, "{'address':{'city':'B'}}");
	lag_free(lag);

	/* an object where there was none: each member by itself */
	lag = lag_new(&users, 60);
	note(lag, "{'name':'x'}", "{'name':'x','address':{'city':'B','zip':'1'}}", NULL);
	reads(lag, "{'name':'x'}", "{'name':'x','address':{'city':'B','zip':'1'}}");
	reads(lag, "{'name':'x','address':{'zip':'2'}}",
	      "{'name':'x','address':{'zip':'2','city':'B'}}");
	lag_free(lag);
}

/* A read that is to prove something newer teaches nothing. */
static void test_proof(void **state)
{
	struct lag *lag = lag_new(&users, 60);
	json_t *record = json("{'phone':'3'}");

	(void)state;
	note(lag, "{'phone':'1'}", "{'phone':'2'}", NULL);
	lag_correct(lag, "7", record, LAG_PROOF, NULL, NULL);
	assert_string_equal(json_string_value(json_object_get(record, "phone")), "3");
	json_decref(record);
	reads(lag, "{'phone':'1'}", "{'phone':'2'}");
	lag_free(lag);
}

/* What is proved may be a value that the record had before: it is not taken for stale. */
static void test_proved(void **state)
{
	struct lag *lag = lag_new(&users, 60);
	json_t *a = json("{'phone':'2'}"), *b = json("{'phone':'1'}");
	struct merge back;

	(void)state;
	note(lag, "{'phone':'1'}", "{'phone':'2'}", NULL);
	assert_int_equal(merge_diff(a, b, &back), 0);
	lag_correct(lag, "7", b, LAG_PROOF, &back, NULL);
	assert_string_equal(json_string_value(json_object_get(b, "phone")), "1");
	lag_correct(lag, "7", b, LAG_SETTLE, &back, NULL);
	assert_string_equal(json_string_value(json_object_get(b, "phone")), "2");
	merge_clear(&back);
	json_decref(a);
	json_decref(b);
	lag_free(lag);
}

/* The status that was read is told, where it was not believed. */
static void test_status(void **state)
{
	struct lag *lag = lag_new(&users, 60);
	json_t *record = json("{'status':'active'}");
	struct lag_found found;

	(void)state;
	note(lag, "{'status':'active'}", "{'status':'inactive'}", NULL);
	lag_correct(lag, "7", record, LAG_READ, NULL, &found);
	assert_string_equal(found.status, "active");
	assert_string_equal(json_string_value(found.value), "active");
	lag_found_clear(&found);
	json_decref(record);
	record = json("{'status':'inactive'}");
	lag_correct(lag, "7", record, LAG_READ, NULL, &found);
	assert_null(found.status);
	json_decref(record);
	lag_free(lag);
}

static void tell(void *arg, const char *id)
{
	char *told = arg;

	told[strlen(told)] = id[0];
}

/* When the lag ends, those whose last read was stale are told of; 0 seconds are no memory. */
static void test_end(void **state)
{
	struct lag *lag = lag_new(&users, 1);
	char told[16] = "";
	double left;

	(void)state;
	assert_true(lag_expire(lag, tell, told) <= 0);
	note(lag, "{'status':'active'}", "{'status':'inactive'}", NULL);
	reads(lag, "{'status':'active'}", "{'status':'inactive'}");
	while ((left = lag_expire(lag, tell, told)) > 0) {
		struct timespec pause = {0, 20000000};

		assert_true(left <= 1);
		nanosleep(&pause, NULL);
	}
	assert_string_equal(told, "7");
	AS_IT_IS(lag, "{'status':'active'}");
	lag_free(lag);

	lag = lag_new(&users, 0);
	note(lag, "{'status':'active'}", "{'status':'inactive'}", NULL);
	AS_IT_IS(lag, "{'status':'active'}");
	lag_free(lag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_stale),
	    cmocka_unit_test(test_chain),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_equal_times),
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_rounded_answer),
	    cmocka_unit_test(test_untimed_answer),
	    cmocka_unit_test(test_created_is_not_updated),
	    cmocka_unit_test(test_unseen_value),
	    cmocka_unit_test(test_equal_time_ends),
	    cmocka_unit_test(test_writes_in_one_second),
	    cmocka_unit_test(test_write_on_a_stale_read),
	    cmocka_unit_test(test_nested),
	    cmocka_unit_test(test_proof),
	    cmocka_unit_test(test_proved),
	    cmocka_unit_test(test_status),
	    cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
