/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth.c - see oauth.h.
 *
 * Knows the request for a token and the forms of its response. How long a token is kept, and which
 * thread asks for the next one, is decided in token.c.
 */
#include "vendors/rest/oauth.h"

#include "vendors/base/call.h"
#include "vendors/base/vault.h"
#include "vendors/http/http.h"
#include "vendors/http/http_url.h"
#include "vendors/json/json_heap.h"
#include "vendors/rest/account.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/token.h"
#include "vendors/vendor.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIFETIME_MAX 86400 /* seconds: whatever the vendor says, a day */

/* Return the form to post, or NULL without memory. The caller frees it. */
static char *make_form(const struct account *account, enum oauth_grant grant)
{
	char *id = vault_take(http_url_escape(account_value(account, "client_id")));
	char *secret = vault_take(http_url_escape(account_value(account, "client_secret")));
	char *form = NULL;

	if (id && secret && grant == OAUTH_CLIENT_CREDENTIALS)
		form = vault_join("grant_type=client_credentials&client_id=", id,
				  "&client_secret=", secret);
	else if (id)
		form = vault_join("grant_type=implicit&client_id=", id);
	vault_free(secret);
	vault_free(id);
	return form;
}

/* A token becomes part of a header: visible ASCII and nothing else (RFC 6750, section 2.1). */
static bool is_token(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text <= 0x20 || *text >= 0x7f)
			return false;
	}
	return true;
}

/* Read the token in REPLY into *TEXT, and its life in milliseconds into *LIFE. */
static int read_token(struct call *call, struct account *account, const struct http_reply *reply,
		      char **text, int64_t *life)
{
	json_t *answer = exchange_json(call, account, reply);
	const json_t *inner = json_object_get(answer, account->vendor->token_key);
	const json_t *object = json_is_object(inner) ? inner : answer;
	const char *found = json_string_value(json_object_get(object, "access_token"));
	json_int_t lifetime = json_integer_value(json_object_get(object, "expires_in"));
	const json_int_t early = OAUTH_EARLY;
	int error = 0;

	if (!answer)
		return -call->error;
	/* without a lifetime, a new token is asked for soon */
	if (lifetime <= 0)
		lifetime = 2 * early;
	if (lifetime > LIFETIME_MAX)
		lifetime = LIFETIME_MAX;
	*life = 1000 * (lifetime > 2 * early ? lifetime - early : (lifetime + 1) / 2);
	*text = found && is_token(found) ? vault_copy(found) : NULL;
	if (!*text)
		error = call_fail(call, CALL_MALFORMED, "the response has no usable access_token");
	json_decref(answer);
	return error;
}

/* At a wrong base URL there is no such key, or nothing at all: append the vendor's hint. */
static int hint_base_url(struct call *call, const struct account *account)
{
	const char *hint = account->vendor->base_url_hint;
	char words[CALL_WORDS_MAX / 2];

	snprintf(words, sizeof(words), "%.*s", (int)sizeof(words) - 1, call->words);
	return call_fail(call, call->verdict, "no token: %s%s", words, hint ? hint : "");
}

/* Ask the vendor for a token. As token_issuer. */
static int issue(struct call *call, struct account *account, unsigned grant,
		 struct token_made *made)
{
	struct http_request request = {
	    .method = "POST",
	    .path = account->vendor->token_path,
	    .content_type = "application/x-www-form-urlencoded",
	    .repeatable = true,       /* an extra token does no harm */
	    .epoch = &account->epoch, /* if it changes, token.c asks again */
	    .made = account->epoch,
	};
	struct http_reply reply = {0};
	char *form = make_form(account, (enum oauth_grant)grant);
	int error;

	if (!form)
		return call_no_memory(call);
	request.body = form;
	request.body_length = strlen(form);
	http_perform(call, &account->endpoint, &request, &reply);
	error = exchange_judge(call, account, EXCHANGE_TOKEN, &reply);
	if (reply.status == 401 || reply.status == 404)
		error = hint_base_url(call, account);
	json_heap_wipe(true);
	if (!error)
		error = read_token(call, account, &reply, &made->text, &made->life);
	json_heap_wipe(false);
	http_reply_clear(&reply);
	vault_free(form);
	return error;
}

int oauth_get(struct call *call, struct account *account, enum oauth_grant grant, char **header,
	      uint64_t *serial)
{
	char *text = NULL;
	int error = token_get(account->token, call, grant, issue, account, &text, serial);

	if (!error) {
		*header = vault_join("Bearer ", text);
		error = *header ? 0 : call_no_memory(call);
	}
	vault_free(text);
	return error;
}
