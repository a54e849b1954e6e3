/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_ep_lag.c - Elastic Path's memberships while reads lag: what was made and ended here is laid
 * on each list, and what differs is told.
 */
#include "tests/unit/ep_store.h"

#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/list/list.h"
#include "vendors/elasticpath/ep_lag.h"
#include "vendors/elasticpath/ep_membership.h"
#include "vendors/elasticpath/ep_status.h"

#define OWN_LIST "GET /v2/account-members/m1/account-memberships"
#define ACCOUNT_LIST "GET /v2/accounts/a1/account-memberships"
#define ROW(id, account)                                                                           \
	"{\"id\": \"" id "\", \"account_id\": \"" account "\", \"account_member_id\": \"m1\"}"

/* The record of m1, whose list has ROWS; UNCONFIRMED as JSON, or "null". */
static void assert_status(struct ep_store *store, const char *rows, const char *memberships,
			  const char *unconfirmed)
{
	json_t *record = NULL, *wanted = parse(memberships), *doubts;
	char body[400];

	ep_store_clear(store);
	snprintf(body, sizeof(body), "{\"data\": [%s]}", rows);
	ep_store_says(store, 1, OWN_LIST, 200, body);
	ep_store_says(store, 1, OWN_LIST, 200, "{\"data\": []}");
	store->call.good_until = 0;
	assert_int_equal(item_get(&store->call, store->account, &ep_statuses, NULL, "m1", &record,
				  NULL),
			 0);
	if (!json_equal(json_object_get(record, "memberships"), wanted))
		fail_msg("%s", json_dumps(record, 0));
	assert_text(record, "status", json_array_size(wanted) ? "active" : "inactive");
	doubts = json_loads(unconfirmed, JSON_DECODE_ANY, NULL);
	if (json_is_null(doubts)) {
		assert_null(json_object_get(record, "unconfirmed"));
		assert_true(store->call.good_until <= 0);
	} else {
		assert_true(json_equal(json_object_get(record, "unconfirmed"), doubts));
		assert_true(store->call.good_until > 0);
	}
	json_decref(doubts);
	json_decref(wanted);
	json_decref(record);
}

static void test_ended(void **state)
{
	struct ep_store *store = *state;

	assert_status(store, ROW("s1", "a1"), "[{\"id\": \"s1\", \"account\": \"a1\"}]", "null");
	ep_lag_note(store->account, "a1", "m1", "s1", true);
	assert_status(store, ROW("s1", "a1"), "[]", "[{\"id\": \"s1\", \"account\": \"a1\"}]");
	assert_status(store, "", "[]", "null");
	/* another one in that account is news */
	assert_status(store, ROW("s2", "a1"), "[{\"id\": \"s2\", \"account\": \"a1\"}]", "null");
	ep_lag_forget(store->account, "a1", "m1", "s1");
	assert_status(store, ROW("s1", "a1"), "[]", "[{\"id\": \"s1\", \"account\": \"a1\"}]");
}

static void test_made(void **state)
{
	struct ep_store *store = *state;

	ep_lag_note(store->account, "a1", "m1", "s1", false);
	ep_lag_note(store->account, "a1", "m2", "s9", false);
	assert_status(store, "", "[{\"id\": \"s1\", \"account\": \"a1\"}]",
		      "[{\"id\": \"s1\", \"account\": \"a1\"}]");
	assert_status(store, ROW("s1", "a1"), "[{\"id\": \"s1\", \"account\": \"a1\"}]", "null");
	ep_lag_note(store->account, "a1", "m1", "s1", true);
	assert_status(store, "", "[]", "null");
	ep_lag_note(store->account, "a1", "m1", "s3", false);
	ep_lag_forget(store->account, "a1", "m1", "s3");
	assert_status(store, "", "[]", "null");
}

/* What was asked for is shown nowhere, but it is known that it may come. */
static void test_asked_for(void **state)
{
	struct ep_store *store = *state;

	ep_lag_note_asked(store->account, "a1", "m1", NULL);
	assert_status(store, "", "[]", "[{\"account\": \"a1\", \"asked\": true}]");
	assert_status(store, ROW("s1", "a1"), "[{\"id\": \"s1\", \"account\": \"a1\"}]", "null");
	ep_lag_note_asked(store->account, "a1", "m1", "s1");
	ep_lag_note(store->account, "a1", "m1", "s1", false);
	assert_status(store, "", "[{\"id\": \"s1\", \"account\": \"a1\"}]",
		      "[{\"id\": \"s1\", \"account\": \"a1\"}]");
	/* an old row of that account is not what was asked for */
	ep_lag_note(store->account, "a1", "m1", "s1", true);
	ep_lag_note_asked(store->account, "a1", "m1", NULL);
	assert_status(store, ROW("s1", "a1"), "[]",
		      "[{\"id\": \"s1\", \"account\": \"a1\"}, "
		      "{\"account\": \"a1\", \"asked\": true}]");
}

/* Once one of that account has been found and ended, nothing is awaited any more. */
static void test_asked_for_and_ended(void **state)
{
	struct ep_store *store = *state;

	ep_lag_note_asked(store->account, "a1", "m1", NULL);
	ep_lag_note_asked(store->account, "a2", "m1", NULL);
	ep_lag_forget(store->account, "a1", "m1", "s1");
	assert_status(store, "", "[]", "[{\"account\": \"a2\", \"asked\": true}]");
}

static void test_no_lag(void **state)
{
	struct ep_store *store = *state;

	store->account->lag = 0;
	ep_lag_note(store->account, "a1", "m1", "s1", true);
	ep_lag_note(store->account, "a1", "m1", "s2", false);
	ep_lag_note_asked(store->account, "a1", "m1", NULL);
	assert_status(store, ROW("s1", "a1"), "[{\"id\": \"s1\", \"account\": \"a1\"}]", "null");
}

/* ---- an account's list ---- */

struct rows {
	struct list_sink sink;
	json_t *ids; /* member id -> the vendor's */
};

static int add(struct list_sink *sink, const char *id, json_t *record)
{
	struct rows *rows = (struct rows *)sink;
	char buffer[COLLECTION_ID_MAX];
	const char *own = collection_path_id(&ep_links, record, buffer);

	assert_non_null(own);
	if (json_object_get(rows->ids, id))
		return -EEXIST;
	return json_object_set_new(rows->ids, id, json_string(own));
}

static void reset(struct list_sink *sink)
{
	json_object_clear(((struct rows *)sink)->ids);
}

static void test_links(void **state)
{
	struct rows rows = {.sink = {.add = add, .reset = reset}, .ids = json_object()};
	struct ep_store *store = *state;
	json_t *wanted = parse("{\"m1\": \"s3\", \"m2\": \"s2\"}");

	ep_lag_note(store->account, "a1", "m1", "s1", true);
	ep_lag_note(store->account, "a1", "m1", "s3", false);
	ep_lag_note(store->account, "a2", "m4", "s4", false);
	ep_lag_note_asked(store->account, "a1", "m5", "s5");
	ep_store_says(store, 1, ACCOUNT_LIST, 200,
		      "{\"data\": [" ROW("s1", "a1") ", {\"id\": \"s2\", \"account_member_id\": "
						     "\"m2\"}]}");
	ep_store_says(store, -1, ACCOUNT_LIST, 200, "{\"data\": []}");
	assert_int_equal(list_walk(&store->call, store->account, &ep_links, "a1", &rows.sink), 0);
	assert_true(json_equal(rows.ids, wanted));
	assert_true(store->call.good_until > 0);
	json_decref(wanted);
	json_decref(rows.ids);
}

/* Who was made just now may not be there for all reads; nobody else is taken for new. */
static void test_new(void **state)
{
	struct ep_store *store = *state;
	json_t *record = NULL, *member = parse("{\"id\": \"m1\"}");

	assert_int_equal(item_get(&store->call, store->account, &ep_statuses, NULL, "m1", &record,
				  NULL),
			 -ENOENT);
	ep_lag_note_new(store->account, member);
	assert_true(ep_lag_is_new(store->account, "m1"));
	assert_false(ep_lag_is_new(store->account, "m2"));
	assert_int_equal(item_get(&store->call, store->account, &ep_statuses, NULL, "m1", &record,
				  NULL),
			 0);
	assert_text(record, "status", "inactive");
	json_decref(record);
	json_decref(member);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_ended),     STORE_TEST(test_made),
	    STORE_TEST(test_asked_for), STORE_TEST(test_asked_for_and_ended),
	    STORE_TEST(test_no_lag),    STORE_TEST(test_links),
	    STORE_TEST(test_new),
	};

	return cmocka_run_group_tests_name("ep_lag", tests, NULL, NULL);
}
