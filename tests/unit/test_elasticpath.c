/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_elasticpath.c - what Elastic Path is asked, request by request: changing, making and finding
 * members, the realm that is remembered. The sign-in of buyers: test_buyer.c.
 *
 * The answers are the guide's and the OpenAPI's, and wrong ones. How it looks as files is shown on
 * a real mount (tests/mount).
 */
#include "tests/unit/ep_store.h"

#include "vendors/rest/item.h"
#include "vendors/elasticpath/ep_member.h"
#include "vendors/elasticpath/ep_realm.h"
#include "vendors/elasticpath/ep_settings.h"

#include "vendors/http/basis.h"

#define REALM_SETTINGS(id)                                                                         \
	"{\"data\": {\"type\": \"account_authentication_settings\", \"relationships\": "           \
	"{\"authentication_realm\": {\"data\": {\"id\": \"" id "\"}}}}}"
#define INFOS(realm) "/v2/authentication-realms/" realm "/user-authentication-info"

/* ---- the realm ---- */

static void assert_realm(struct ep_store *store, const char *wanted)
{
	char *realm = NULL;

	assert_int_equal(ep_settings_realm(&store->call, store->account, &realm), 0);
	if (wanted)
		assert_string_equal(realm, wanted);
	else
		assert_null(realm);
	free(realm);
}

static void test_realm_is_remembered(void **state)
{
	struct ep_store *store = *state;

	ep_store_says(store, 1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	for (int i = 0; i < 3; i++)
		assert_realm(store, "r1");
	assert_int_equal(store->asked_count, 1);
	ep_store_says(store, 1, "GET " SETTINGS, 200, REALM_SETTINGS("r2"));
	ep_settings_forget(store->account);
	for (int i = 0; i < 3; i++)
		assert_realm(store, "r2");
	assert_int_equal(store->asked_count, 2);
	/* nothing is kept where the section says so */
	store->account->ttl = 0;
	ep_settings_forget(store->account);
	ep_store_says(store, 2, "GET " SETTINGS, 200, REALM_SETTINGS("r3"));
	assert_realm(store, "r3");
	assert_realm(store, "r3");
	assert_int_equal(store->asked_count, 4);
}

static void test_no_realm(void **state)
{
	const unsigned statuses[] = {200, 403, 404};
	struct ep_store *store = *state;
	char *realm = NULL;

	for (size_t i = 0; i < 3; i++) {
		ep_store_clear(store);
		ep_settings_forget(store->account);
		ep_store_says(store, -1, "GET " SETTINGS, statuses[i],
			      "{\"data\": {\"enable_self_signup\": true}}");
		assert_realm(store, NULL);
		assert_realm(store, NULL);
		assert_int_equal(store->asked_count, 1);
	}
	/* what went wrong is not remembered */
	ep_store_clear(store);
	ep_settings_forget(store->account);
	ep_store_says(store, -1, "GET " SETTINGS, 400, "{}");
	assert_int_equal(ep_settings_realm(&store->call, store->account, &realm), -EINVAL);
	assert_int_equal(ep_settings_realm(&store->call, store->account, &realm), -EINVAL);
	assert_null(realm);
	ep_store_clear(store);
	ep_store_says(store, -1, "GET " SETTINGS, 200, "<html>");
	assert_int_equal(ep_settings_realm(&store->call, store->account, &realm), -EREMOTEIO);
	assert_int_equal(store->asked_count, 1);
}

static void test_settings_written(void **state)
{
	struct ep_store *store = *state;
	json_t *body = parse("{\"enable_self_signup\": false, \"relationships\": {}}");
	json_t *answer = NULL;

	ep_store_says(store, 1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	ep_store_says(store, 1, "PUT " SETTINGS, 200, REALM_SETTINGS("r2"));
	ep_store_says(store, 1, "GET " SETTINGS, 200, REALM_SETTINGS("r2"));
	assert_realm(store, "r1");
	assert_int_equal(item_put(&store->call, store->account, &ep_settings, NULL, "settings",
				  body, NULL, &answer),
			 VENDOR_DONE);
	assert_asked(store, 1, "PUT " SETTINGS);
	assert_body(store, 1,
		    "{\"data\": {\"type\": \"account_authentication_settings\", "
		    "\"enable_self_signup\": false, \"relationships\": {}}}");
	assert_realm(store, "r2");
	json_decref(answer);
	json_decref(body);
}

/* ---- changing members ---- */

static enum vendor_outcome put_member(struct ep_store *store, const char *text)
{
	json_t *body = parse(text), *answer = NULL;
	enum vendor_outcome outcome = item_put(&store->call, store->account, &ep_members, NULL,
					       "m1", body, NULL, &answer);

	json_decref(body);
	json_decref(answer);
	return outcome;
}

#define ANN "{\"name\": \"A\", \"email\": \"a@x\"}"

static void test_put_in_realm(void **state)
{
	struct ep_store *store = *state;

	ep_store_says(store, -1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	ep_store_says(
	    store, -1, "GET " INFOS("r1") "/m1", 200,
	    "{\"data\": {\"id\": \"m1\", \"type\": \"user_authentication_info\", \"own\": 1, "
	    "\"name\": \"Z\", \"meta\": {}, \"links\": {}}}");
	ep_store_says(store, -1, "PUT " INFOS("r1") "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	ep_store_says(store, -1, "PUT " MEMBERS "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	assert_int_equal(put_member(store, "{\"type\": \"account_member\", \"name\": \"A\", "
					   "\"given_name\": null, \"email\": \"a@x\"}"),
			 VENDOR_DONE);
	assert_int_equal(store->asked_count, 3);
	assert_body(
	    store, 2,
	    "{\"data\": {\"type\": \"user_authentication_info\", \"own\": 1, \"name\": \"A\", "
	    "\"given_name\": null, \"email\": \"a@x\"}}");
	/* the store's own fields are the member's; a body without a type gets one */
	assert_int_equal(put_member(store, "{\"name\": \"B\", \"email\": \"a@x\", \"tier\": 3}"),
			 VENDOR_DONE);
	assert_int_equal(store->asked_count, 6);
	assert_asked(store, 4, "PUT " INFOS("r1") "/m1");
	assert_asked(store, 5, "PUT " MEMBERS "/m1");
	assert_body(store, 5, "{\"data\": {\"type\": \"account_member\", \"tier\": 3}}");
}

/* What was read tells which half has changed; an info that could not be whole is not sent. */
static void test_put_of_a_half(void **state)
{
	struct ep_store *store = *state;
	json_t *read = parse("{\"name\": \"A\", \"email\": \"a@x\", \"tier\": 3}");
	struct basis basis;

	ep_store_says(store, -1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	ep_store_says(store, -1, "PUT " INFOS("r1") "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	ep_store_says(store, -1, "PUT " MEMBERS "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	assert_int_equal(put_member(store, "{\"name\": \"B\", \"tier\": 3}"), VENDOR_REFUSED);
	assert_int_equal(store->call.error, EINVAL);
	assert_non_null(strstr(store->call.words, "\"email\""));
	basis_begin(&basis, 0);
	basis.ageless = true;
	basis.record = read;
	store->call.basis = &basis;
	assert_int_equal(put_member(store, "{\"name\": \"A\", \"email\": \"a@x\", \"tier\": 4}"),
			 VENDOR_DONE);
	assert_int_equal(store->asked_count, 3);
	assert_asked(store, 2, "PUT " MEMBERS "/m1");
	assert_body(store, 2, "{\"data\": {\"type\": \"account_member\", \"tier\": 4}}");
	assert_int_equal(put_member(store, "{\"name\": \"B\", \"email\": \"a@x\", \"tier\": 3}"),
			 VENDOR_DONE);
	assert_asked(store, 3, "GET " INFOS("r1") "/m1");
	assert_asked(store, 4, "PUT " INFOS("r1") "/m1");
	assert_false(basis.part_made);
	/* nothing has changed: nothing is sent, and nothing has failed */
	assert_int_equal(put_member(store, "{\"name\": \"A\", \"email\": \"a@x\", \"tier\": 3}"),
			 VENDOR_DONE);
	assert_int_equal(store->asked_count, 5);
	basis_release(&store->call);
	store->call.basis = NULL;
	json_decref(read);
}

static void test_put_where_the_realm_moved(void **state)
{
	struct ep_store *store = *state;

	ep_store_says(store, 1, "GET " SETTINGS, 200, REALM_SETTINGS("old"));
	ep_store_says(store, 1, "GET " SETTINGS, 200, REALM_SETTINGS("new"));
	ep_store_says(store, -1, "PUT " INFOS("new") "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	assert_int_equal(put_member(store, ANN), VENDOR_DONE);
	assert_int_equal(store->asked_count, 6);
	assert_asked(store, 2, "PUT " INFOS("old") "/m1");
	assert_asked(store, 4, "GET " INFOS("new") "/m1");
	assert_asked(store, 5, "PUT " INFOS("new") "/m1");
	assert_int_equal(put_member(store, ANN), VENDOR_DONE);
	assert_int_equal(store->asked_count, 8);
}

static void test_put_of_nobody(void **state)
{
	struct ep_store *store = *state;

	ep_store_says(store, -1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	assert_int_equal(put_member(store, ANN), VENDOR_REFUSED);
	assert_int_equal(store->call.error, ENOENT);
	assert_int_equal(store->call.status, 404);
	assert_non_null(strstr(store->call.words, "Not there"));
	assert_non_null(strstr(store->call.request, "PUT " INFOS("r1") "/m1"));
	assert_int_equal(store->asked_count, 4);
}

static void test_put_without_realm(void **state)
{
	struct ep_store *store = *state;

	ep_store_says(store, -1, "GET " SETTINGS, 200, "{\"data\": {}}");
	ep_store_says(store, -1, "PUT " MEMBERS "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	assert_int_equal(put_member(store, ANN), VENDOR_DONE);
	assert_asked(store, 1, "PUT " MEMBERS "/m1");
	/* nor is anything sent while nobody knows */
	ep_store_clear(store);
	ep_settings_forget(store->account);
	ep_store_says(store, -1, "GET " SETTINGS, 400, "{}");
	assert_int_equal(put_member(store, ANN), VENDOR_REFUSED);
	assert_int_equal(store->asked_count, 1);
}

/* ---- making members ---- */

static void test_preprovision_is_a_setting(void **state)
{
	struct ep_store *store = *state;

	assert_false(ep_members.creates(store->account));
	ep_store_set(store->account, "allow_preprovision", "yes");
	assert_true(ep_members.creates(store->account));
}

static void test_post(void **state)
{
	struct ep_store *store = *state;
	json_t *body = parse("{\"name\": \"A\", \"email\": \"a@x\", \"tier\": 3}");
	json_t *answer = NULL;
	char *log;
	size_t length;

	ep_store_says(store, -1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	ep_store_says(
	    store, -1, "POST " INFOS("r1"), 201,
	    "{\"data\": {\"id\": \"m9\", \"type\": \"user_authentication_info\", \"name\": "
	    "\"A\", \"email\": \"a@x\", \"meta\": {\"created_at\": \"2026-01-01T00:00:00Z\", "
	    "\"updated_at\": \"2026-01-01T00:00:00Z\", \"creation_status\": "
	    "\"IN_PROGRESS\"}, \"links\": {\"self\": \"/x\"}}}");
	assert_int_equal(item_post(&store->call, store->account, &ep_members, NULL, body, &answer),
			 VENDOR_DONE);
	assert_body(store, 1,
		    "{\"data\": {\"type\": \"user_authentication_info\", \"name\": \"A\", "
		    "\"email\": \"a@x\"}}");
	assert_text(answer, "id", "m9");
	assert_text(answer, "type", "account_member");
	assert_text(answer, "email", "a@x");
	assert_text(answer, "/meta/timestamps/updated_at", "2026-01-01T00:00:00Z");
	assert_null(json_object_get(answer, "links"));
	log = log_text(&length);
	assert_non_null(strstr(log, "may remove it again"));
	free(log);
	json_decref(answer);
	json_decref(body);
}

static void test_post_without_realm(void **state)
{
	struct ep_store *store = *state;
	json_t *body = parse("{\"name\": \"A\", \"email\": \"a@x\"}"), *answer = NULL;

	ep_store_says(store, -1, "GET " SETTINGS, 403, "{}");
	assert_int_equal(item_post(&store->call, store->account, &ep_members, NULL, body, &answer),
			 VENDOR_REFUSED);
	assert_int_equal(store->call.error, EOPNOTSUPP);
	assert_non_null(strstr(store->call.words, "name no realm"));
	assert_null(answer);
	assert_int_equal(store->asked_count, 1);
	json_decref(body);
}

static void test_post_of_a_realm(void **state)
{
	const unsigned statuses[] = {404, 405, 422};
	const int errors[] = {EOPNOTSUPP, EOPNOTSUPP, EINVAL};
	struct ep_store *store = *state;
	json_t *body = parse("{\"name\": \"A\"}"), *answer = NULL;

	for (size_t i = 0; i < 3; i++) {
		ep_store_clear(store);
		ep_store_says(store, 1, "POST /v2/authentication-realms", statuses[i], "{}");
		assert_int_equal(item_post(&store->call, store->account, &ep_realms, NULL, body,
					   &answer),
				 VENDOR_REFUSED);
		assert_int_equal(store->call.error, errors[i]);
		assert_true(!!strstr(store->call.words, "the vendor creates no realms") ==
			    (errors[i] == EOPNOTSUPP));
		assert_int_equal(store->asked_count, 1);
	}
	assert_body(store, 0, "{\"data\": {\"type\": \"authentication-realm\", \"name\": \"A\"}}");
	json_decref(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_realm_is_remembered),
	    STORE_TEST(test_no_realm),
	    STORE_TEST(test_settings_written),
	    STORE_TEST(test_put_in_realm),
	    STORE_TEST(test_put_of_a_half),
	    STORE_TEST(test_put_where_the_realm_moved),
	    STORE_TEST(test_put_of_nobody),
	    STORE_TEST(test_put_without_realm),
	    STORE_TEST(test_preprovision_is_a_setting),
	    STORE_TEST(test_post),
	    STORE_TEST(test_post_without_realm),
	    STORE_TEST(test_post_of_a_realm),
	};

	return cmocka_run_group_tests_name("elasticpath", tests, NULL, NULL);
}
