/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - see token.h.
 *
 * One slot a grant, one mutex over all. Whoever finds no good token asks for one with the mutex let
 * go; who comes meanwhile waits for that. Nothing is written anywhere but into memory that is
 * wiped.
 */
#include "vendors/rest/token.h"

#include "vendors/http/basis.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/http/http_url.h"
#include "vendors/rest/exchange.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOKEN_READ_LEFT 5000     /* milliseconds: what a read wants of a token, see is_good */
#define TOKEN_LIFETIME_MAX 86400 /* seconds: whatever the vendor says, a day */

struct slot {
	char *text;      /* NULL: none */
	uint64_t serial; /* of text */
	int64_t until;   /* of clock_milliseconds: not used from then on */
	int64_t life;    /* milliseconds from when it came until then */
	bool asking;
};

struct token {
	pthread_mutex_t lock;
	pthread_cond_t came;
	struct slot slots[TOKEN_GRANTS];
	uint64_t serials;
};

struct token *token_new(void)
{
	struct token *token = calloc(1, sizeof(*token));

	if (token) {
		pthread_mutex_init(&token->lock, NULL);
		pthread_cond_init(&token->came, NULL);
	}
	return token;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void token_free(struct token *token)
{
	if (!token)
		return;
	for (int grant = 0; grant < TOKEN_GRANTS; grant++)
		wipe(token->slots[grant].text);
	pthread_cond_destroy(&token->came);
	pthread_mutex_destroy(&token->lock);
	free(token);
}

/* The form to post; the caller wipes and frees. */
static char *make_form(const struct account *account, enum token_grant grant)
{
	char *id = http_url_escape(account_value(account, "client_id"));
	char *secret = http_url_escape(account_value(account, "client_secret"));
	char *form = NULL;
	int length = -1;

	if (id && secret && grant == TOKEN_CLIENT_CREDENTIALS)
		length = asprintf(&form,
				  "grant_type=client_credentials&client_id=%s&client_secret=%s", id,
				  secret);
	else if (id)
		length = asprintf(&form, "grant_type=implicit&client_id=%s", id);
	wipe(secret);
	wipe(id);
	return length < 0 ? NULL : form;
}

/* It becomes part of a header: visible ASCII and nothing else (RFC 6750, section 2.1). */
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

/* Read ANSWER. 0, or -EREMOTEIO with words. */
static int take_answer(struct call *call, struct account *account, const struct http_reply *reply,
		       char **text, int64_t *life)
{
	json_t *answer = exchange_json(call, account, reply);
	const json_t *data = json_object_get(answer, "data");
	const json_t *object = json_is_object(data) ? data : answer;
	const char *found = json_string_value(json_object_get(object, "access_token"));
	json_int_t lifetime = json_integer_value(json_object_get(object, "expires_in"));
	const json_int_t early = TOKEN_EARLY;
	int error = 0;

	if (!answer)
		return -EREMOTEIO;
	/* A vendor that does not say gets asked again before long. */
	if (lifetime <= 0)
		lifetime = 2 * early;
	if (lifetime > TOKEN_LIFETIME_MAX)
		lifetime = TOKEN_LIFETIME_MAX;
	*life = 1000 * (lifetime > 2 * early ? lifetime - early : (lifetime + 1) / 2);
	*text = found && is_token(found) ? strdup(found) : NULL;
	if (!*text)
		error = call_fail(call, CALL_MALFORMED,
				  "the answer holds no access_token that can be used");
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

/* Ask the vendor for a token. May wait. */
static int ask(struct call *call, struct account *account, enum token_grant grant, char **text,
	       int64_t *life)
{
	struct http_request request = {
	    .method = "POST",
	    .path = "/oauth/access_token",
	    .content_type = "application/x-www-form-urlencoded",
	    .repeatable = true, /* a token too many harms nobody */
	};
	struct http_reply reply = {0};
	char *form = make_form(account, grant);
	int error;

	if (!form)
		return call_no_memory(call);
	request.body = form;
	request.body_length = strlen(form);
	http_perform(call, &account->endpoint, &request, &reply);
	error = exchange_judge(call, account, EXCHANGE_TOKEN, &reply);
	if (reply.status == 401 || reply.status == 404)
		error = hint_base_url(call, account);
	if (!error)
		error = take_answer(call, account, &reply, text, life);
	http_reply_clear(&reply);
	wipe(form);
	return error;
}

/*
 * For the read that a change rests on a token is good only if it will do for the write too: to get
 * another one between the two would take time.
 */
static bool is_good(const struct slot *slot, const struct call *call)
{
	bool read = call->basis && call->basis->reading;
	int64_t left = slot->until - clock_milliseconds();
	int64_t want = slot->life / 4 < TOKEN_READ_LEFT ? slot->life / 4 : TOKEN_READ_LEFT;

	return slot->text && left > (read ? want : 0);
}

/* Be the one who asks. The lock is held at the beginning and at the end, not between. */
static int renew_locked(struct call *call, struct account *account, enum token_grant grant)
{
	struct token *token = account->token;
	struct slot *slot = &token->slots[grant];
	char *text = NULL;
	int64_t life = 0;
	int error;

	slot->asking = true;
	pthread_mutex_unlock(&token->lock);
	error = ask(call, account, grant, &text, &life);
	pthread_mutex_lock(&token->lock);
	slot->asking = false;
	if (!error) {
		wipe(slot->text);
		slot->text = text;
		slot->life = life;
		slot->until = clock_milliseconds() + life;
		slot->serial = ++token->serials;
	}
	pthread_cond_broadcast(&token->came);
	return error;
}

/* Somebody else asks: wait a while for that. Who is cancelled looks up now and then. */
static int await_locked(struct call *call, struct token *token, const struct slot *slot)
{
	struct timespec until = call_deadline(100);

	pthread_mutex_unlock(&token->lock);
	/* the asker may be waiting for our place */
	basis_release(call);
	pthread_mutex_lock(&token->lock);
	/* the asker's own deadline bounds this */
	if (slot->asking)
		pthread_cond_timedwait(&token->came, &token->lock, &until);
	if (call_cancelled(call))
		return call_fail(call, CALL_CANCELLED, "interrupted while waiting for a token");
	return 0;
}

int token_get(struct call *call, struct account *account, enum token_grant grant, char **header,
	      uint64_t *serial)
{
	struct token *token = account->token;
	struct slot *slot = &token->slots[grant];
	int error = 0;

	pthread_mutex_lock(&token->lock);
	while (!error && !is_good(slot, call)) {
		if (slot->asking)
			error = await_locked(call, token, slot);
		else
			error = renew_locked(call, account, grant);
	}
	if (!error && asprintf(header, "Bearer %s", slot->text) < 0)
		error = call_no_memory(call);
	*serial = slot->serial;
	pthread_mutex_unlock(&token->lock);
	return error;
}

void token_refused(struct account *account, enum token_grant grant, uint64_t serial)
{
	struct token *token = account->token;
	struct slot *slot = &token->slots[grant];

	pthread_mutex_lock(&token->lock);
	if (slot->serial == serial)
		slot->until = 0;
	pthread_mutex_unlock(&token->lock);
}

void token_redact(struct token *token, char *text)
{
	pthread_mutex_lock(&token->lock);
	for (int grant = 0; grant < TOKEN_GRANTS; grant++) {
		const char *secret = token->slots[grant].text;

		for (char *at = secret ? strstr(text, secret) : NULL; at; at = strstr(at, secret))
			memset(at, '*', strlen(secret));
	}
	pthread_mutex_unlock(&token->lock);
}
