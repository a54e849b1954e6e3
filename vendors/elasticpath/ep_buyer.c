/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_buyer.c - see ep_buyer.h.
 *
 * POST /v2/account-members/tokens, with an implicit token, as a storefront sends it (guide). In the
 * guide the request is OIDC and the response has one token (200). The vendor's documents have five
 * ways to sign in, and a list with one token for each account (201). Both pass unchanged. Nothing
 * of the request or the response is kept or quoted in an error, and the texts of both are wiped.
 */
#include "vendors/elasticpath/ep_buyer.h"

#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/account.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/redact.h"
#include "vendors/rest/oauth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE "account_management_authentication_token"

/* The words of the API in a request: no secrets. */
static const char *const api_words[] = {TYPE,           "oidc",        "password",
					"passwordless", "self_signup", NULL};

static bool is_api_word(const char *key, const char *value)
{
	if (strcmp(key, "type") != 0 && strcmp(key, "authentication_mechanism") != 0)
		return false;
	for (size_t i = 0; api_words[i]; i++) {
		if (strcmp(api_words[i], value) == 0)
			return true;
	}
	return false;
}

/* Redact each value in REQUEST, whose name is KEY, from the words of CALL. */
static void hide_request(struct call *call, const char *key, const json_t *request)
{
	const char *name, *text = json_string_value(request);
	char number[24];
	json_t *value;
	size_t i;

	if (json_is_integer(request)) { /* a code without quotes */
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(request));
		redact(call->words, number);
	} else if (text && !is_api_word(key, text)) {
		redact(call->words, text);
	}
	json_array_foreach(request, i, value)
		hide_request(call, key, value);
	json_object_foreach((json_t *)(uintptr_t)request, name, value)
		hide_request(call, name, value);
}

/* Return REQUEST in its envelope, with its type if the envelope was missing: a new reference. NULL:
 * no memory. */
static json_t *wrap(const json_t *request)
{
	json_t *written = (json_t *)(uintptr_t)request, *data;

	if (json_object_get(request, "data"))
		return json_incref(written);
	data = json_pack("{s:s}", "type", TYPE);
	if (data && json_object_update(data, written)) {
		json_decref(data);
		return NULL;
	}
	return data ? json_pack("{s:o}", "data", data) : NULL;
}

/* As http_perform, of BODY with an implicit token. Returns 0 or a negative errno if there is no
 * token. */
static int perform_sign_in(struct call *call, struct account *account, const char *body,
			   struct http_reply *reply)
{
	struct http_request request = {.method = "POST",
				       .path = ep_buyer_tokens.path,
				       .body = body,
				       .body_length = strlen(body),
				       .epoch = &account->epoch,
				       .made = account->epoch};
	int error = oauth_get(call, account, OAUTH_IMPLICIT, &request.bearer, &request.serial);

	if (error)
		return error;
	request.headers[request.header_count++] = (struct http_header){.name = "Authorization",
								       .value = request.bearer};
	http_perform(call, &account->endpoint, &request, reply);
	exchange_done(&request);
	if (reply->status == 401)
		token_refused(account->token, request.serial);
	return 0;
}

/* POST BODY with an implicit token. As exchange, but send it once only. */
static int post_sign_in(struct call *call, struct account *account, const char *body,
			struct http_reply *reply)
{
	int error;

	do {
		http_reply_clear(reply);
		error = perform_sign_in(call, account, body, reply);
	} while (!error && reply->outdated);
	return error ? error : exchange_judge(call, account, EXCHANGE_LIST, reply);
}

/*
 * Return true if the 401 in REPLY is about rosterfs' token. Otherwise it is about the buyer's
 * sign-in, which must not be repeated: a second try with a wrong password could lock the buyer out.
 * The vendor's words about a token are "Unable to validate access token".
 */
static bool token_was_refused(struct call *call, const struct account *account,
			      const struct http_reply *reply)
{
	char said[CALL_WORDS_MAX / 2];

	exchange_words(reply->body, reply->length, said, sizeof(said));
	if (!said[0] || strcasestr(said, "access token"))
		return true;
	account_redact(account, said);
	call_fail(call, CALL_BAD_KEYS, "the vendor refuses the sign-in: %s", said);
	return false;
}

static int sign_in(struct call *call, struct account *account, const char *body, json_t **answer)
{
	struct http_reply reply = {0};
	int error = post_sign_in(call, account, body, &reply);

	if (reply.status == 401 && token_was_refused(call, account, &reply)) {
		http_reply_clear(&reply);
		error = post_sign_in(call, account, body, &reply);
		if (reply.status == 401)
			token_was_refused(call, account, &reply);
	}
	if (!error) {
		*answer = exchange_json(call, account, &reply);
		error = *answer ? 0 : -call->error;
	}
	http_reply_clear(&reply);
	return error;
}

static int ep_buyer_run(struct call *call, struct account *account, const json_t *request,
			json_t **answer)
{
	json_t *wrapped = NULL;
	char *body = NULL;
	int error;

	if (!json_is_object(request))
		return call_fail(call, CALL_INVALID, "a sign-in must be a JSON object");
	wrapped = wrap(request);
	body = wrapped ? exact_print_text(wrapped, 0) : NULL;
	error = body ? sign_in(call, account, body, answer) : call_no_memory(call);
	if (error)
		hide_request(call, "", request);
	if (body)
		explicit_bzero(body, strlen(body));
	free(body);
	json_decref(wrapped);
	return error;
}

const struct transaction ep_buyer_tokens = {.name = "tokens",
					    .path = "/v2/account-members/tokens",
					    .run = ep_buyer_run};
