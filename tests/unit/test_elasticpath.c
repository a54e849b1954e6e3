/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_elasticpath.c - what Elastic Path is asked, request by request: changing, making and finding
 * members, the realm that is remembered. The sign-in of buyers: test_buyer.c.
 *
 * The answers are the guide's and the OpenAPI's, and wrong ones. How it looks as files is shown on
 * a real mount (tests/mount).
 */
#include "tests/unit/shop.h"

#include "vendors/rest/item.h"
#include "vendors/elasticpath/elasticpath.h"

#include "vendors/http/basis.h"

#define REALM_SETTINGS(id)                                                                         \
	"{\"data\": {\"type\": \"account_authentication_settings\", \"relationships\": "           \
	"{\"authentication_realm\": {\"data\": {\"id\": \"" id "\"}}}}}"
#define INFOS(realm) "/v2/authentication-realms/" realm "/user-authentication-info"

/* ---- the realm ---- */

static void assert_realm(struct shop *shop, const char *wanted)
{
	char *realm = NULL;

	assert_int_equal(ep_realm(&shop->call, shop->account, &realm), 0);
	if (wanted)
		assert_string_equal(realm, wanted);
	else
		assert_null(realm);
	free(realm);
}

static void test_realm_is_remembered(void **state)
{
	struct shop *shop = *state;

	shop_says(shop, 1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	for (int i = 0; i < 3; i++)
		assert_realm(shop, "r1");
	assert_int_equal(shop->asked_count, 1);
	shop_says(shop, 1, "GET " SETTINGS, 200, REALM_SETTINGS("r2"));
	ep_realm_forget(shop->account);
	for (int i = 0; i < 3; i++)
		assert_realm(shop, "r2");
	assert_int_equal(shop->asked_count, 2);
	/* nothing is kept where the section says so */
	shop->account->ttl = 0;
	ep_realm_forget(shop->account);
	shop_says(shop, 2, "GET " SETTINGS, 200, REALM_SETTINGS("r3"));
	assert_realm(shop, "r3");
	assert_realm(shop, "r3");
	assert_int_equal(shop->asked_count, 4);
}

static void test_no_realm(void **state)
{
	const unsigned statuses[] = {200, 403, 404};
	struct shop *shop = *state;
	char *realm = NULL;

	for (size_t i = 0; i < 3; i++) {
		shop_clear(shop);
		ep_realm_forget(shop->account);
		shop_says(shop, -1, "GET " SETTINGS, statuses[i],
			  "{\"data\": {\"enable_self_signup\": true}}");
		assert_realm(shop, NULL);
		assert_realm(shop, NULL);
		assert_int_equal(shop->asked_count, 1);
	}
	/* what went wrong is not remembered */
	shop_clear(shop);
	ep_realm_forget(shop->account);
	shop_says(shop, -1, "GET " SETTINGS, 400, "{}");
	assert_int_equal(ep_realm(&shop->call, shop->account, &realm), -EINVAL);
	assert_int_equal(ep_realm(&shop->call, shop->account, &realm), -EINVAL);
	assert_null(realm);
	shop_clear(shop);
	shop_says(shop, -1, "GET " SETTINGS, 200, "<html>");
	assert_int_equal(ep_realm(&shop->call, shop->account, &realm), -EREMOTEIO);
	assert_int_equal(shop->asked_count, 1);
}

static void test_settings_written(void **state)
{
	struct shop *shop = *state;
	json_t *body = parse("{\"enable_self_signup\": false, \"relationships\": {}}");
	json_t *answer = NULL;

	shop_says(shop, 1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	shop_says(shop, 1, "PUT " SETTINGS, 200, REALM_SETTINGS("r2"));
	shop_says(shop, 1, "GET " SETTINGS, 200, REALM_SETTINGS("r2"));
	assert_realm(shop, "r1");
	assert_int_equal(item_put(&shop->call, shop->account, &ep_settings, NULL, "settings", body,
				  NULL, &answer),
			 VENDOR_DONE);
	assert_asked(shop, 1, "PUT " SETTINGS);
	assert_body(shop, 1,
		    "{\"data\": {\"type\": \"account_authentication_settings\", "
		    "\"enable_self_signup\": false, \"relationships\": {}}}");
	assert_realm(shop, "r2");
	json_decref(answer);
	json_decref(body);
}

/* ---- changing members ---- */

static enum vendor_outcome put_member(struct shop *shop, const char *text)
{
	json_t *body = parse(text), *answer = NULL;
	enum vendor_outcome outcome = item_put(&shop->call, shop->account, &ep_members, NULL, "m1",
					       body, NULL, &answer);

	json_decref(body);
	json_decref(answer);
	return outcome;
}

#define ANN "{\"name\": \"A\", \"email\": \"a@x\"}"

static void test_put_in_realm(void **state)
{
	struct shop *shop = *state;

	shop_says(shop, -1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	shop_says(shop, -1, "GET " INFOS("r1") "/m1", 200,
		  "{\"data\": {\"id\": \"m1\", \"type\": \"user_authentication_info\", \"own\": 1, "
		  "\"name\": \"Z\", \"meta\": {}, \"links\": {}}}");
	shop_says(shop, -1, "PUT " INFOS("r1") "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	shop_says(shop, -1, "PUT " MEMBERS "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	assert_int_equal(put_member(shop, "{\"type\": \"account_member\", \"name\": \"A\", "
					  "\"given_name\": null, \"email\": \"a@x\"}"),
			 VENDOR_DONE);
	assert_int_equal(shop->asked_count, 3);
	assert_body(
	    shop, 2,
	    "{\"data\": {\"type\": \"user_authentication_info\", \"own\": 1, \"name\": \"A\", "
	    "\"given_name\": null, \"email\": \"a@x\"}}");
	/* the store's own fields are the member's; a body without a type gets one */
	assert_int_equal(put_member(shop, "{\"name\": \"B\", \"email\": \"a@x\", \"tier\": 3}"),
			 VENDOR_DONE);
	assert_int_equal(shop->asked_count, 6);
	assert_asked(shop, 4, "PUT " INFOS("r1") "/m1");
	assert_asked(shop, 5, "PUT " MEMBERS "/m1");
	assert_body(shop, 5, "{\"data\": {\"type\": \"account_member\", \"tier\": 3}}");
}

/* What was read tells which half has changed; an info that could not be whole is not sent. */
static void test_put_of_a_half(void **state)
{
	struct shop *shop = *state;
	json_t *read = parse("{\"name\": \"A\", \"email\": \"a@x\", \"tier\": 3}");
	struct basis basis;

	shop_says(shop, -1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	shop_says(shop, -1, "PUT " INFOS("r1") "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	shop_says(shop, -1, "PUT " MEMBERS "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	assert_int_equal(put_member(shop, "{\"name\": \"B\", \"tier\": 3}"), VENDOR_REFUSED);
	assert_int_equal(shop->call.error, EINVAL);
	assert_non_null(strstr(shop->call.words, "\"email\""));
	basis_begin(&basis, 0);
	basis.ageless = true;
	basis.record = read;
	shop->call.basis = &basis;
	assert_int_equal(put_member(shop, "{\"name\": \"A\", \"email\": \"a@x\", \"tier\": 4}"),
			 VENDOR_DONE);
	assert_int_equal(shop->asked_count, 3);
	assert_asked(shop, 2, "PUT " MEMBERS "/m1");
	assert_body(shop, 2, "{\"data\": {\"type\": \"account_member\", \"tier\": 4}}");
	assert_int_equal(put_member(shop, "{\"name\": \"B\", \"email\": \"a@x\", \"tier\": 3}"),
			 VENDOR_DONE);
	assert_asked(shop, 3, "GET " INFOS("r1") "/m1");
	assert_asked(shop, 4, "PUT " INFOS("r1") "/m1");
	assert_false(basis.part_made);
	basis_release(&shop->call);
	shop->call.basis = NULL;
	json_decref(read);
}

static void test_put_where_the_realm_moved(void **state)
{
	struct shop *shop = *state;

	shop_says(shop, 1, "GET " SETTINGS, 200, REALM_SETTINGS("old"));
	shop_says(shop, 1, "GET " SETTINGS, 200, REALM_SETTINGS("new"));
	shop_says(shop, -1, "PUT " INFOS("new") "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	assert_int_equal(put_member(shop, ANN), VENDOR_DONE);
	assert_int_equal(shop->asked_count, 6);
	assert_asked(shop, 2, "PUT " INFOS("old") "/m1");
	assert_asked(shop, 4, "GET " INFOS("new") "/m1");
	assert_asked(shop, 5, "PUT " INFOS("new") "/m1");
	assert_int_equal(put_member(shop, ANN), VENDOR_DONE);
	assert_int_equal(shop->asked_count, 8);
}

static void test_put_of_nobody(void **state)
{
	struct shop *shop = *state;

	shop_says(shop, -1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	assert_int_equal(put_member(shop, ANN), VENDOR_REFUSED);
	assert_int_equal(shop->call.error, ENOENT);
	assert_int_equal(shop->call.status, 404);
	assert_non_null(strstr(shop->call.words, "Not there"));
	assert_non_null(strstr(shop->call.request, "PUT " INFOS("r1") "/m1"));
	assert_int_equal(shop->asked_count, 4);
}

static void test_put_without_realm(void **state)
{
	struct shop *shop = *state;

	shop_says(shop, -1, "GET " SETTINGS, 200, "{\"data\": {}}");
	shop_says(shop, -1, "PUT " MEMBERS "/m1", 200, "{\"data\": {\"id\": \"m1\"}}");
	assert_int_equal(put_member(shop, ANN), VENDOR_DONE);
	assert_asked(shop, 1, "PUT " MEMBERS "/m1");
	/* nor is anything sent while nobody knows */
	shop_clear(shop);
	ep_realm_forget(shop->account);
	shop_says(shop, -1, "GET " SETTINGS, 400, "{}");
	assert_int_equal(put_member(shop, ANN), VENDOR_REFUSED);
	assert_int_equal(shop->asked_count, 1);
}

/* ---- making members ---- */

static void test_preprovision_is_a_setting(void **state)
{
	struct shop *shop = *state;

	assert_false(ep_members.creates(shop->account));
	shop_set(shop->account, "allow_preprovision", "yes");
	assert_true(ep_members.creates(shop->account));
}

static void test_post(void **state)
{
	struct shop *shop = *state;
	json_t *body = parse("{\"name\": \"A\", \"email\": \"a@x\", \"tier\": 3}");
	json_t *answer = NULL;
	char *log;
	size_t length;

	shop_says(shop, -1, "GET " SETTINGS, 200, REALM_SETTINGS("r1"));
	shop_says(shop, -1, "POST " INFOS("r1"), 201,
		  "{\"data\": {\"id\": \"m9\", \"type\": \"user_authentication_info\", \"name\": "
		  "\"A\", \"email\": \"a@x\", \"meta\": {\"created_at\": \"2026-01-01T00:00:00Z\", "
		  "\"updated_at\": \"2026-01-01T00:00:00Z\", \"creation_status\": "
		  "\"IN_PROGRESS\"}, \"links\": {\"self\": \"/x\"}}}");
	assert_int_equal(item_post(&shop->call, shop->account, &ep_members, NULL, body, &answer),
			 VENDOR_DONE);
	assert_body(shop, 1,
		    "{\"data\": {\"type\": \"user_authentication_info\", \"name\": \"A\", "
		    "\"email\": \"a@x\"}}");
	assert_text(answer, "id", "m9");
	assert_text(answer, "type", "account_member");
	assert_text(answer, "email", "a@x");
	assert_text(answer, "meta.timestamps.updated_at", "2026-01-01T00:00:00Z");
	assert_null(json_object_get(answer, "links"));
	log = log_text(&length);
	assert_non_null(strstr(log, "may take it back"));
	free(log);
	json_decref(answer);
	json_decref(body);
}

static void test_post_without_realm(void **state)
{
	struct shop *shop = *state;
	json_t *body = parse("{\"name\": \"A\", \"email\": \"a@x\"}"), *answer = NULL;

	shop_says(shop, -1, "GET " SETTINGS, 403, "{}");
	assert_int_equal(item_post(&shop->call, shop->account, &ep_members, NULL, body, &answer),
			 VENDOR_REFUSED);
	assert_int_equal(shop->call.error, EOPNOTSUPP);
	assert_non_null(strstr(shop->call.words, "name no realm"));
	assert_null(answer);
	assert_int_equal(shop->asked_count, 1);
	json_decref(body);
}

static void test_post_of_a_realm(void **state)
{
	const unsigned statuses[] = {404, 405, 422};
	const int errors[] = {EOPNOTSUPP, EOPNOTSUPP, EINVAL};
	struct shop *shop = *state;
	json_t *body = parse("{\"name\": \"A\"}"), *answer = NULL;

	for (size_t i = 0; i < 3; i++) {
		shop_clear(shop);
		shop_says(shop, 1, "POST /v2/authentication-realms", statuses[i], "{}");
		assert_int_equal(item_post(&shop->call, shop->account, &ep_realms, NULL, body,
					   &answer),
				 VENDOR_REFUSED);
		assert_int_equal(shop->call.error, errors[i]);
		assert_true(!!strstr(shop->call.words, "the vendor makes no realms") ==
			    (errors[i] == EOPNOTSUPP));
		assert_int_equal(shop->asked_count, 1);
	}
	assert_body(shop, 0, "{\"data\": {\"type\": \"authentication-realm\", \"name\": \"A\"}}");
	json_decref(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SHOP(test_realm_is_remembered),
	    SHOP(test_no_realm),
	    SHOP(test_settings_written),
	    SHOP(test_put_in_realm),
	    SHOP(test_put_of_a_half),
	    SHOP(test_put_where_the_realm_moved),
	    SHOP(test_put_of_nobody),
	    SHOP(test_put_without_realm),
	    SHOP(test_preprovision_is_a_setting),
	    SHOP(test_post),
	    SHOP(test_post_without_realm),
	    SHOP(test_post_of_a_realm),
	};

	return cmocka_run_group_tests_name("elasticpath", tests, NULL, NULL);
}
