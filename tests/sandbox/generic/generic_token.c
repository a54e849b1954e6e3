/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_token: tokens, and the requests that issue them.
 *
 * It must not know where a token stands in other requests.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "generic_body.h"
#include "generic_parts.h"
#include "tests/sandbox/gate.h"

bool token_is_live(struct generic *g, const char *words)
{
	bool live = false;
	unsigned long epoch = settings_get(g->settings).token_epoch;
	store_lock(g->store);
	for (const struct token *token = g->tokens; token && !live; token = token->next)
		live = strcmp(token->words, words) == 0 && token->epoch == epoch &&
		       (!token->ends || token->ends > gate_now_us());
	store_unlock(g->store);
	return live;
}

static void forget_all_locked(struct generic *g)
{
	while (g->tokens) {
		struct token *next = g->tokens->next;
		free(g->tokens->words);
		free(g->tokens);
		g->tokens = next;
	}
}

void token_end(struct generic *g)
{
	forget_all_locked(g);
	free(g->refresh);
}

static bool media_good(const struct visit *v)
{
	const char *media = play_word(v->act, "media", "any");
	bool form = body_is(v->request, "application/x-www-form-urlencoded");
	bool json = body_is(v->request, "application/json");
	if (strcmp(media, "none") == 0)
		return true;
	return strcmp(media, "form") == 0 ? form : strcmp(media, "json") == 0 ? json : form || json;
}

/* A key begins with a slash (in the body) or a question mark (in the query). */
static bool met(const struct visit *v, const json_t *body, const char *key, const char *wanted)
{
	const char *given = *key == '?' ? request_arg(v->request, key + 1)
					: json_string_value(pointer_get(body, key));
	return given && (strcmp(wanted, "*") == 0 || strcmp(given, wanted) == 0);
}

static bool grant_good(struct visit *v, const json_t *body)
{
	const json_t *basic = play_part(v->act, "basic");
	const char *key;
	json_t *value;
	if (!media_good(v) || (basic && !auth_basic(v->request, basic)))
		return false;
	json_object_foreach((json_t *)(uintptr_t)play_part(v->act, "headers"), key, value) {
		const char *given = request_header(v->request, key);
		if (!given || strcmp(given, json_string_value(value)) != 0)
			return false;
	}
	json_object_foreach((json_t *)(uintptr_t)play_part(v->act, "expects"), key, value)
		if (!met(v, body, key, json_string_value(value)))
			return false;
	return true;
}

/* Whether the refresh token is the one that is taken now. */
static bool refresh_good_locked(const struct visit *v, const json_t *body)
{
	const char *at = play_word(v->act, "refresh_in", NULL);
	const char *given = at ? json_string_value(pointer_get(body, at)) : NULL;
	const char *first = play_word(v->act, "refresh_first", NULL);
	const char *now = v->g->refresh ? v->g->refresh : first;
	return !at || (given && now && strcmp(given, now) == 0);
}

static struct token *issue_locked(struct visit *v)
{
	struct generic *g = v->g;
	long ttl = play_number(v->act, "ttl", 3600);
	struct token *token = text_alloc(1, sizeof *token);
	struct text words = {0};
	text_fmt(&words, "token-CANARY-%s-%lu", g->name, ++g->issued);
	if (play_flag(v->act, "one_token", false))
		forget_all_locked(g);
	token->words = words.data;
	token->ends = ttl ? gate_now_us() + (int64_t)ttl * 1000000 : 0;
	token->epoch = settings_get(g->settings).token_epoch;
	token->next = g->tokens;
	g->tokens = token;
	return token;
}

static void new_refresh_locked(struct visit *v)
{
	struct generic *g = v->g;
	struct text words = {0};
	bool asked = play_part(v->act, "refresh_in");
	const char *first = play_word(v->act, "refresh_first", NULL);
	if (asked && !play_flag(v->act, "rotates", false)) {
		if (!g->refresh && first)
			g->refresh = text_copy(first, strlen(first));
		return;
	}
	text_fmt(&words, "refresh-CANARY-%s-%lu", g->name, g->issued);
	free(g->refresh);
	g->refresh = words.data;
}

static json_t *lifetime(const struct visit *v, const char *form)
{
	long ttl = play_number(v->act, "ttl", 3600);
	struct text words = {0};
	if (strcmp(form, "left_s") == 0)
		return json_integer(ttl);
	if (strcmp(form, "left_ms") == 0)
		return json_integer((json_int_t)ttl * 1000);
	if (strcmp(form, "left_text") != 0)
		return record_time(form, time(NULL) + ttl, 0);
	text_fmt(&words, "%ld", ttl);
	json_t *value = json_string(words.data);
	text_free(&words);
	return value;
}

static void send_locked(struct visit *v)
{
	const char *token_at = play_word(v->act, "token", NULL);
	const char *header = play_word(v->act, "token_header", NULL);
	const char *expires = play_word(v->act, "expires", NULL);
	const char *refresh_at = play_word(v->act, "refresh_out", NULL);
	const struct token *token = issue_locked(v);
	json_t *answer = json_object();
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)play_part(v->act, "members"), key, value)
		json_object_set_new(answer, key, json_deep_copy(value));
	if (token_at)
		pointer_set(answer, token_at, json_string(token->words));
	if (expires)
		pointer_set(answer, expires,
			    lifetime(v, play_word(v->act, "expires_form", "left_s")));
	if (refresh_at || play_part(v->act, "refresh_in"))
		new_refresh_locked(v);
	if (refresh_at)
		pointer_set(answer, refresh_at, json_string(v->g->refresh));
	answer_json(v, (unsigned)play_number(v->act, "status", 200), answer);
	if (header)
		reply_header(v->reply, header, "%s", token->words);
}

void token_grant(struct visit *v)
{
	json_t *body = v->request->body.len ? body_peek(v->request) : json_object();
	store_lock(v->g->store);
	if (grant_good(v, body) && refresh_good_locked(v, body))
		send_locked(v);
	else
		error_reply(v, "grant", NULL, NULL);
	store_unlock(v->g->store);
	json_decref(body);
}
