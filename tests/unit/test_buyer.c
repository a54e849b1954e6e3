/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_buyer.c - the sign-in of an Elastic Path buyer: what is sent, with which token, how often,
 * and that nothing of the request or the answer comes into words that are logged.
 */
#include "tests/unit/ep_store.h"

#define TOKENS "/v2/account-members/tokens"

#define SIGN_IN                                                                                    \
	"{\"authentication_mechanism\": \"password\", \"username\": \"jane@x.example\", "          \
	"\"password\": \"pass-CANARY\", \"password_profile_id\": \"profile-1\", "                  \
	"\"oauth_authorization_code\": \"code-CANARY \\\"1\\\"\", \"otp\": 123456}"

static int sign_in(struct ep_store *store, const char *text, json_t **answer)
{
	json_t *request = parse(text);
	int error;

	*answer = NULL;
	error = store->account->vendor->transaction->run(&store->call, store->account, request,
							 answer);
	json_decref(request);
	return error;
}

/* Nothing of it stands in the call's words or in the log. */
static void assert_untold(struct ep_store *store)
{
	size_t length;
	char *log = log_text(&length);

	for (size_t i = 0; i < 2; i++) {
		const char *text = i ? log : store->call.words;

		assert_null(strstr(text, "CANARY"));
		assert_null(strstr(text, "123456"));
		assert_null(strstr(text, "jane"));
		assert_null(strstr(text, "JWT"));
	}
	free(log);
}

static void test_sign_in(void **state)
{
	struct ep_store *store = *state;
	json_t *answer;

	ep_store_says(
	    store, -1, "POST " TOKENS, 201,
	    "{\"data\": [{\"token\": \"JWT\"}], \"meta\": {\"account_member_id\": \"m1\"}}");
	assert_int_equal(sign_in(store, SIGN_IN, &answer), 0);
	assert_int_equal(json_array_size(json_object_get(answer, "data")), 1);
	assert_text(answer, "/meta/account_member_id", "m1");
	assert_string_equal(store->asked[0].bearer, "Bearer implicit-t1");
	assert_non_null(strstr(store->asked[0].body,
			       "{\"data\":{\"type\":\"account_management_authentication_token\","));
	json_decref(answer);
	/* in its envelope it is sent as it is */
	assert_int_equal(sign_in(store, "{\"data\": {\"type\": \"x\"}}", &answer), 0);
	assert_body(store, 1, "{\"data\": {\"type\": \"x\"}}");
	json_decref(answer);
	assert_int_equal(sign_in(store, "[1]", &answer), -EINVAL);
	assert_null(answer);
	assert_int_equal(store->asked_count, 2);
	assert_untold(store);
}

static void test_sign_in_with_an_old_token(void **state)
{
	const char *old = "{\"errors\": [{\"title\": \"Unable to validate access token\"}]}";
	struct ep_store *store = *state;
	json_t *answer;

	ep_store_says(store, 1, "POST " TOKENS, 401, old);
	ep_store_says(store, 1, "POST " TOKENS, 200, "{\"data\": {\"token\": \"JWT\"}}");
	assert_int_equal(sign_in(store, SIGN_IN, &answer), 0);
	assert_string_equal(store->asked[1].bearer, "Bearer implicit-t2");
	json_decref(answer);
	ep_store_says(store, -1, "POST " TOKENS, 401, old);
	assert_int_equal(sign_in(store, SIGN_IN, &answer), -EKEYREJECTED);
	assert_int_equal(store->asked_count, 4);
	assert_untold(store);
}

/* A wrong password is tried once. */
static void test_sign_in_refused(void **state)
{
	struct ep_store *store = *state;
	json_t *answer;

	ep_store_says(
	    store, -1, "POST " TOKENS, 401,
	    "{\"errors\": [{\"title\": \"Unauthorized\", \"detail\": \"no jane@x.example with "
	    "pass-CANARY\"}]}");
	assert_int_equal(sign_in(store, SIGN_IN, &answer), -EKEYREJECTED);
	assert_int_equal(store->asked_count, 1);
	assert_non_null(strstr(store->call.words, "refuses the sign-in: Unauthorized: no ***"));
	assert_untold(store);
	assert_int_equal(sign_in(store, SIGN_IN, &answer), -EKEYREJECTED);
	assert_string_equal(store->asked[1].bearer, "Bearer implicit-t2");
}

static void test_sign_in_is_not_quoted(void **state)
{
	const struct {
		int error;
		unsigned status;
		const char *body;
	} answers[] = {
	    {-EINVAL, 422,
	     "{\"errors\": [{\"title\": \"password_profile_id: no profile-1 for code-CANARY "
	     "\\\"1\\\" nor code-CANARY%20%221%22, \\\"code-CANARY \\\\\\\"1\\\\\\\"\\\"\"}]}"},
	    {-EINVAL, 400, "{\"errors\": [\"123456 pass-CAN\"]}"},
	    {-EREMOTEIO, 404, "{\"errors\": [{\"detail\": \"JANE jane@x.example\"}]}"},
	    {-EREMOTEIO, 200, "{\"data\": {\"token\": \"JWT\", pass-CANARY}}"},
	    {-EREMOTEIO, 200, "pass-CANARY JWT"},
	};
	struct ep_store *store = *state;
	json_t *answer;

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		ep_store_clear(store);
		ep_store_says(store, -1, "POST " TOKENS, answers[i].status, answers[i].body);
		assert_int_equal(sign_in(store, SIGN_IN, &answer), answers[i].error);
		assert_null(answer);
		assert_int_equal(store->asked_count, 1);
		assert_untold(store);
		if (i == 0)
			assert_non_null(strstr(store->call.words, "the vendor says: password_"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STORE_TEST(test_sign_in),
	    STORE_TEST(test_sign_in_with_an_old_token),
	    STORE_TEST(test_sign_in_refused),
	    STORE_TEST(test_sign_in_is_not_quoted),
	};

	return cmocka_run_group_tests_name("buyer", tests, NULL, NULL);
}
