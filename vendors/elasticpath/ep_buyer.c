/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_buyer.c - the sign-in of an Elastic Path buyer: a request that is answered with tokens.
 *
 * POST /v2/account-members/tokens, with an implicit token as the guide says: what a storefront has.
 * The guide knows OIDC and one token in the answer (200), the vendor's documents five ways to sign
 * in and a list, one token for each account (201): both are handed on as they came. Nothing of the
 * request or the answer is kept, nor quoted in an error, and the texts of both are wiped.
 */
#include "vendors/rest/account.h"
#include "vendors/elasticpath/elasticpath.h"

#include "vendors/base/call.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/exchange.h"
#include "vendors/http/http.h"
#include "vendors/rest/redact.h"
#include "vendors/rest/token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE "account_management_authentication_token"

/* The words of the API in a request; they tell nothing. */
static const char *const words[] = {TYPE, "oidc", "password", "passwordless", "self_signup", NULL};

static bool is_word(const char *key, const char *value)
{
	if (strcmp(key, "type") != 0 && strcmp(key, "authentication_mechanism") != 0)
		return false;
	for (size_t i = 0; words[i]; i++) {
		if (strcmp(words[i], value) == 0)
			return true;
	}
	return false;
}

/* Take each value of REQUEST, whose name is KEY, out of the words that CALL fails with. */
static void hide_request(struct call *call, const char *key, const json_t *request)
{
	const char *name, *text = json_string_value(request);
	char number[24];
	json_t *value;
	size_t i;

	if (json_is_integer(request)) { /* a code that was written without quotes */
		snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(request));
		redact(call->words, number);
	} else if (text && !is_word(key, text)) {
		redact(call->words, text);
	}
	json_array_foreach(request, i, value)
		hide_request(call, key, value);
	json_object_foreach((json_t *)(uintptr_t)request, name, value)
		hide_request(call, name, value);
}

/* REQUEST in its envelope; what was written without one may leave the type out too. A new
 * reference. */
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

/* Post BODY with an implicit token. As exchange, but for one try. */
static int post(struct call *call, struct account *account, const char *body,
		struct http_reply *reply)
{
	struct http_request request = {.method = "POST",
				       .path = ep_tokens.path,
				       .body = body,
				       .body_length = strlen(body)};
	int error = token_get(call, account, TOKEN_IMPLICIT, &request.bearer, &request.serial);

	if (error)
		return error;
	request.headers[request.header_count++] = (struct http_header){.name = "Authorization",
								       .value = request.bearer};
	http_perform(call, &account->endpoint, &request, reply);
	exchange_done(&request);
	if (reply->status == 401)
		token_refused(account, TOKEN_IMPLICIT, request.serial);
	return exchange_judge(call, account, EXCHANGE_LIST, reply);
}

/*
 * Was it our token that was refused with 401, and not the buyer's sign-in? To try a wrong password
 * twice could lock the buyer out. The vendor says "Unable to validate access token" of a token.
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
	int error = post(call, account, body, &reply);

	if (reply.status == 401 && token_was_refused(call, account, &reply)) {
		http_reply_clear(&reply);
		error = post(call, account, body, &reply);
		if (reply.status == 401)
			token_was_refused(call, account, &reply);
	}
	if (!error) {
		*answer = exchange_json(call, account, &reply);
		error = *answer ? 0 : -EREMOTEIO;
	}
	http_reply_clear(&reply);
	return error;
}

static int run(struct call *call, struct account *account, const json_t *request, json_t **answer)
{
	json_t *wrapped = NULL;
	char *body = NULL;
	int error;

	if (!json_is_object(request))
		return call_fail(call, CALL_INVALID, "a sign-in is a JSON object");
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

const struct transaction ep_tokens = {.name = "tokens",
				      .path = "/v2/account-members/tokens",
				      .run = run};
