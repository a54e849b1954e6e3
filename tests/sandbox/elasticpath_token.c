/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_token: the tokens that let a program in at the simulated Elastic Path.
 *
 * A token dies at its time, or when a test lets all of them die: then settings' epoch has moved on.
 * Every token holds the word CANARY, so that a test can grep for leaks.
 *
 * It must not know what a token gives access to.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <uthash.h>

#include "elasticpath_parts.h"
#include "gate.h"

#define TOKEN_START "sandbox-token-CANARY-"

struct token {
	UT_hash_handle hh;
	int64_t ends; /* of gate_now() */
	unsigned long epoch;
	bool implicit;
	bool other; /* issued for the setting other_key */
	char words[64];
};

struct ep_tokens {
	struct token *issued;
	unsigned long count;
};

struct ep_tokens *ep_tokens_new(void)
{
	return text_alloc(1, sizeof(struct ep_tokens));
}

void ep_tokens_free(struct ep_tokens *tokens)
{
	struct token *next = tokens->issued;
	HASH_CLEAR(hh, tokens->issued);
	while (next) {
		struct token *this = next;
		next = this->hh.next;
		free(this);
	}
	free(tokens);
}

/* The decoded value of a form's field, which the caller frees; NULL if there is none. */
static char *form_value(const struct text *form, const char *name)
{
	size_t name_len = strlen(name);
	const char *at = form->data ? form->data : "";
	while (*at) {
		size_t len = strcspn(at, "&");
		if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=') {
			char *value = text_copy(at + name_len + 1, len - name_len - 1);
			for (char *c = value; *c; c++)
				if (*c == '+')
					*c = ' ';
			request_decode(value);
			return value;
		}
		at += len + (at[len] ? 1 : 0);
	}
	return NULL;
}

static bool is_form(const struct request *request)
{
	static const char wanted[] = "application/x-www-form-urlencoded";
	const char *type = request_header(request, "Content-Type");
	return type && strcspn(type, "; \t") == strlen(wanted) &&
	       strncasecmp(type, wanted, strlen(wanted)) == 0;
}

static bool same(const char *given, const char *wanted)
{
	return given && strcmp(given, wanted) == 0;
}

static void issue(struct ep_ask *ask, bool implicit, bool other)
{
	struct elasticpath *ep = ask->ep;
	struct settings_values settings = settings_get(ep->options.settings);
	struct token *token = text_alloc(1, sizeof *token);
	char id[EP_ID_MOST];
	token->ends = gate_now() + (int64_t)settings.token_ttl * 1000;
	token->epoch = settings.token_epoch;
	token->implicit = implicit;
	token->other = other;
	json_t *answer = json_pack("{s:I,s:s,s:I,s:s}", "expires",
				   (json_int_t)time(NULL) + settings.token_ttl, "identifier",
				   implicit ? "implicit" : "client_credentials", "expires_in",
				   (json_int_t)settings.token_ttl, "token_type", "Bearer");
	pthread_mutex_lock(&ep->lock);
	ep_uuid(ep, 't', ++ep->tokens->count, id);
	snprintf(token->words, sizeof token->words, TOKEN_START "%s", id);
	json_object_set_new(answer, "access_token", json_string(token->words));
	HASH_ADD_STR(ep->tokens->issued, words, token);
	pthread_mutex_unlock(&ep->lock);
	reply_json(ask->reply, 200,
		   settings.token_wrapped ? json_pack("{s:o}", "data", answer) : answer);
}

void ep_post_token(struct ep_ask *ask)
{
	const struct elasticpath_options *options = &ask->ep->options;
	const struct text *form = &ask->request->body;
	if (!is_form(ask->request)) {
		ep_error(ask->ep, ask->reply, 400, "Bad Request",
			 "The body must be application/x-www-form-urlencoded.");
		return;
	}
	char *grant = form_value(form, "grant_type");
	char *id = form_value(form, "client_id");
	char *secret = form_value(form, "client_secret");
	bool implicit = same(grant, "implicit");
	struct settings_values settings = settings_get(options->settings);
	bool own = same(secret, options->client_secret) && !settings.own_key_refused;
	bool other = settings.other_key[0] && same(secret, settings.other_key);
	if (!implicit && !same(grant, "client_credentials"))
		ep_error(ask->ep, ask->reply, 400, "Bad Request",
			 "grant_type must be client_credentials or implicit.");
	else if (!same(id, options->client_id) || (!implicit && !own && !other))
		ep_error(ask->ep, ask->reply, 401, "Unauthorized",
			 "Client id or client secret is wrong.");
	else
		issue(ask, implicit, other);
	free(grant);
	free(id);
	free(secret);
}

static bool is_alive(const struct token *token, const struct settings_values *settings)
{
	return token && token->ends > gate_now() && token->epoch == settings->token_epoch &&
	       !(settings->own_key_refused && !token->other && !token->implicit);
}

const char *ep_token_key(struct elasticpath *ep, const struct request *request)
{
	const char *header = request_header(request, "Authorization");
	struct settings_values settings = settings_get(ep->options.settings);
	struct token *token = NULL;
	const char *key = NULL;
	if (strcmp(request->path, "/oauth/access_token") == 0) {
		char *secret = form_value(&request->body, "client_secret");
		if (same(secret, ep->options.client_secret))
			key = "own";
		else if (secret && same(secret, settings.other_key))
			key = "other";
		free(secret);
		return key;
	}
	if (!header || strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	pthread_mutex_lock(&ep->lock);
	HASH_FIND_STR(ep->tokens->issued, header + 7, token);
	if (token)
		key = token->other ? "other" : "own";
	pthread_mutex_unlock(&ep->lock);
	return key;
}

bool ep_token_good(struct elasticpath *ep, const struct request *request, bool *implicit)
{
	const char *header = request_header(request, "Authorization");
	if (!header || strncasecmp(header, "Bearer ", 7) != 0)
		return false;
	struct settings_values settings = settings_get(ep->options.settings);
	struct token *token = NULL;
	pthread_mutex_lock(&ep->lock);
	HASH_FIND_STR(ep->tokens->issued, header + 7, token);
	bool good = is_alive(token, &settings);
	*implicit = good && token->implicit;
	pthread_mutex_unlock(&ep->lock);
	return good;
}

bool ep_token_leaks(const struct elasticpath *ep, const struct request *request)
{
	const char *places[] = {request->path, request->query};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (strstr(places[i], TOKEN_START) || strstr(places[i], ep->options.client_secret))
			return true;
	return request_arg(request, "access_token") || request_arg(request, "client_secret");
}

json_t *ep_tokens_json(struct elasticpath *ep)
{
	struct settings_values settings = settings_get(ep->options.settings);
	json_int_t live = 0;
	pthread_mutex_lock(&ep->lock);
	for (const struct token *token = ep->tokens->issued; token; token = token->hh.next)
		live += is_alive(token, &settings);
	json_int_t issued = (json_int_t)ep->tokens->count;
	pthread_mutex_unlock(&ep->lock);
	return json_pack("{s:I,s:I}", "issued", issued, "live", live);
}
