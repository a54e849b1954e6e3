/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.c - see login.h.
 *
 * Knows the request for a token and what its response says. How long a token is kept, and which
 * thread asks for the next one, is decided in token.c.
 *
 * A refresh token that rotates is worth as much as a password, and the old one is void once the
 * vendor has sent the next: therefore the request is not repeated, only one process at a time sends
 * it, and what another process has kept counts.
 */
#include "vendors/rest/login.h"

#include "vendors/base/call.h"
#include "vendors/base/keep.h"
#include "vendors/base/log.h"
#include "vendors/base/trusted.h"
#include "vendors/base/vault.h"
#include "vendors/http/http.h"
#include "vendors/http/http_url.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/json_heap.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/request.h"
#include "vendors/rest/token.h"
#include "vendors/rest/words.h"
#include "vendors/template/template.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EARLY 60000 /* a token is renewed so many milliseconds before it expires */
#define LIFE_MIN 1000
#define EPOCH_MIN 1e9           /* more seconds than that are a time since 1970 */
#define EPOCH_MILLISECONDS 1e12 /* more than that are milliseconds since 1970 */
#define LIFE_MAX 315360000000.0 /* ten years in milliseconds */
/* How long another process may take to ask for a token, in steps of PAUSE milliseconds. */
#define PAUSE 100
#define LOCK_TURNS 100
#define LOOK_TURNS 5 /* after a refusal, until another process has surely kept its token */

/* ---- what the response says ---- */

/* A token becomes part of a header: visible ASCII and nothing else (RFC 6750, section 2.1). */
static bool is_usable(const char *text)
{
	for (const char *at = text; at && *at; at++) {
		if (*at <= 0x20 || *at >= 0x7f)
			return false;
	}
	return text && *text;
}

/* Return VALUE, which may be NULL, as a text of vault.h, or NULL: it has none. */
static char *text_of(const json_t *value)
{
	const char *string = exact_string(value);

	if (string)
		return *string ? vault_copy(string) : NULL;
	return value && exact_is_number(value) ? vault_take(exact_print_text(value, 0)) : NULL;
}

/* Return the text at SOURCE in PARTS, of vault.h, or NULL. */
static char *text_at(const struct source *source, const struct source_reply *parts)
{
	json_t *value = source_get(source, parts);
	char *text = text_of(value);

	json_decref(value);
	return text;
}

/* Return in how many milliseconds the time that TEXT is comes after NOW; infinite: it is none. */
static double until_time(const char *text, time_t now)
{
	static const char *const keys[] = {"at", NULL};
	static const struct collection holder = {.time_keys = keys};
	json_t *record = json_pack("{s:s}", "at", text);
	struct timespec time;
	double left = INFINITY;

	if (record && collection_time(&holder, record, &time))
		left = difftime(time.tv_sec, now) * 1000;
	json_decref(record);
	return left;
}

/* Return for how many milliseconds the token is valid by PARTS, or TOKEN_FOREVER: they do not
 * tell. NOW is the vendor's clock. */
static int64_t life_of(const struct rule_token *rule, const struct source_reply *parts, time_t now)
{
	char *text = text_at(&rule->expires, parts), *end = text;
	double life = text ? strtod(text, &end) : 0;

	if (text && *end)
		life = until_time(text, now);
	else if (!rule->expires_ms || life > EPOCH_MILLISECONDS)
		life = life > EPOCH_MILLISECONDS ? life - 1000.0 * (double)now
		       : life > EPOCH_MIN        ? 1000 * (life - (double)now)
						 : 1000 * life;
	vault_free(text);
	if (!text || !(life <= LIFE_MAX))
		return TOKEN_FOREVER;
	life = life > 2 * EARLY ? life - EARLY : life / 2;
	return life > LIFE_MIN ? (int64_t)life : LIFE_MIN;
}

/* Read what RULE names in PARTS into MADE. */
static int read_made(struct call *call, const struct rule_token *rule,
		     const struct source_reply *parts, time_t now, struct token_made *made)
{
	made->text = text_at(&rule->token, parts);
	if (!is_usable(made->text))
		return call_fail(call, CALL_MALFORMED, "the response has no usable token at %s%s",
				 rule->token.kind == SOURCE_HEADER ? "header:" : "",
				 rule->token.name);
	made->life = life_of(rule, parts, now);
	for (size_t i = 0; rule->save && rule->save[i].name; i++) {
		if (i < TOKEN_SAVED_MAX)
			made->saved[i] = text_at(&rule->save[i].source, parts);
		if (i == TOKEN_SAVED_MAX || !made->saved[i])
			return call_fail(call, CALL_MALFORMED,
					 "the response has nothing at %s, which is {%s}",
					 rule->save[i].source.name, rule->save[i].name);
	}
	return 0;
}

/* ---- the refresh token ---- */

/* Return true if RULE's request has {refresh_token}. */
static bool uses_refresh(const struct rule_token *rule)
{
	bool uses = template_has(rule->request->path, "refresh_token") ||
		    template_has(rule->request->body, "refresh_token");

	for (const struct rule_header *header = rule->request->headers; header && header->name;
	     header++)
		uses = uses || template_has(header->value, "refresh_token");
	return uses || template_has(rule->password, "refresh_token");
}

/* Let token.c know the refresh token that the account's file has. *TEXT is a copy of the one to
 * use, which the caller wipes. */
static int find_refresh(struct call *call, struct account *account, unsigned slot, char **text)
{
	const char *path = account->refresh_token_file;
	char why[TRUSTED_WORDS];
	int error = path ? keep_read(path, text, why) : 0;

	if (error == -EPERM)
		return call_fail(call, CALL_FORBIDDEN, "refresh_token_file %s: %s", path, why);
	if (error)
		return call_fail_errno(call, -error, "refresh_token_file %s cannot be read: %s",
				       path, why);
	if (path && !token_replaces(account->token, slot, *text)) {
		error = token_keep_refresh(account->token, slot, *text, NULL);
		return error ? call_no_memory(call) : 0;
	}
	vault_free(*text);
	*text = token_refresh(account->token, slot);
	if (*text)
		return 0;
	return call_fail(call, CALL_INVALID,
			 "no refresh token: put one into a file, and name that as "
			 "refresh_token_file in section [%s]",
			 account->name);
}

/* Keep REFRESH, which the vendor sent in place of SENT (or NULL), as the next refresh token. */
static int keep_refresh(struct call *call, struct account *account, unsigned slot,
			const char *refresh, const char *sent)
{
	const char *path = account->refresh_token_file;
	int error = path ? keep_write(path, refresh) : 0;

	/* this mount goes on with the new one */
	if (token_keep_refresh(account->token, slot, refresh, error ? sent : NULL))
		return call_no_memory(call);
	if (error)
		log_line("%s: refresh_token_file %s cannot be written: %s; this mount goes on "
			 "without it, but after its end the vendor may refuse the refresh token in "
			 "the file: mend the file's folder before the token is renewed again",
			 account->name, path, strerror(-error));
	return 0;
}

/* Wait for the lock of the account's refresh token. Returns a file descriptor, or -1: there is
 * none, or another process takes very long. */
static int lock_refresh(struct call *call, const struct account *account)
{
	int lock = -1;

	for (int turn = 0; turn < LOCK_TURNS; turn++) {
		lock = keep_lock(account->refresh_token_file);
		if (lock != -EWOULDBLOCK || call_pause(call, PAUSE))
			break;
	}
	return lock;
}

/* ---- the request ---- */

/* The values of the templates of HTTP Basic. */
struct login_values {
	struct template_values values;
	const struct account *account;
	unsigned slot;
};

static json_t *login_value(const struct template_values *values, const char *name)
{
	const struct login_values *own = (const struct login_values *)values;
	const char *setting = account_value(own->account, name);
	char *refresh = strcmp(name, "refresh_token") == 0
			    ? token_refresh(own->account->token, own->slot)
			    : NULL;
	json_t *value = setting ? json_string(setting) : refresh ? json_string(refresh) : NULL;

	vault_free(refresh);
	return value;
}

/* Put the proof of RULE into REQUEST; exchange_done wipes it. */
static int prove(struct call *call, const struct rule_token *rule,
		 const struct login_values *values, struct http_request *request)
{
	const char *texts[] = {rule->user, rule->password ? rule->password : ""};
	char why[200];

	for (size_t i = 0; rule->user && i < 2; i++) {
		char *text = vault_take(
		    template_expand(texts[i], TEMPLATE_TEXT, &values->values, why, sizeof(why)));

		if (!text)
			return call_fail(call, CALL_INVALID,
					 "the proof of identity for a token cannot be made: %s",
					 why);
		request->proofs[request->proof_count++] = text;
	}
	if (rule->user) {
		request->user = request->proofs[0];
		request->password = request->proofs[1];
	}
	return 0;
}

/* Send the request of RULE once. Returns 0 with a success in REPLY. */
static int send_once(struct call *call, struct account *account, unsigned slot,
		     const struct rule_token *rule, struct http_reply *reply)
{
	const struct login_values values = {.values = {login_value},
					    .account = account,
					    .slot = slot};
	struct endpoint *endpoint = account->logins[slot].base_url
					? &account->logins[slot]
					: account_endpoint(account, rule->request->api
									? rule->request->api
									: slot);
	struct rule_request own = *rule->request;
	struct request request;
	unsigned made;
	int error;

	/* whose refresh token it has */
	own.api = slot;
	/* if the keys are replaced meanwhile, token.c asks again */
	made = account->epoch;
	error = request_make(call, account, &own, NULL, &request);
	request.http.epoch = &account->epoch;
	request.http.made = made;
	if (!error)
		error = prove(call, rule, &values, &request.http);
	if (!error) {
		/* an extra token does no harm, unless the old refresh token is void then */
		request.http.repeatable = !uses_refresh(rule) || rule->refresh.kind == SOURCE_NONE;
		http_perform(call, endpoint, &request.http, reply);
		error = exchange_judge(call, account, EXCHANGE_TOKEN, reply);
	}
	exchange_done(&request.http);
	request_clear(&request);
	return error;
}

/* Return true if the vendor refused what it was sent: it is not the connection or a limit. */
static bool is_refusal(const struct http_reply *reply)
{
	return reply->status >= 200 && reply->status < 500 && reply->status != 429;
}

/*
 * Return true if another process has kept a refresh token other than SENT, which was refused. It
 * may be about to do that.
 */
static bool has_other(struct call *call, const struct account *account, const char *sent)
{
	for (int turn = 0; turn < LOOK_TURNS; turn++) {
		char why[TRUSTED_WORDS], *now = NULL;
		bool other = keep_read(account->refresh_token_file, &now, why) == 0 && now &&
			     sent && strcmp(now, sent) != 0;

		vault_free(now);
		if (other)
			return true;
		if (call_pause(call, PAUSE))
			break;
	}
	return false;
}

/* As send_once, with a refresh token. *SENT is a copy of it, which the caller wipes. */
static int send_refresh(struct call *call, struct account *account, unsigned slot,
			const struct rule_token *rule, struct http_reply *reply, char **sent)
{
	int error = find_refresh(call, account, slot, sent);

	if (!error && account->refresh_token_file && rule->refresh.kind != SOURCE_NONE) {
		error = keep_check(account->refresh_token_file);
		if (error)
			error = call_fail_errno(
			    call, -error,
			    "refresh_token_file %s cannot be replaced: %s; no token is asked for, "
			    "because the vendor's next refresh token would be lost",
			    account->refresh_token_file, strerror(-error));
	}
	if (error)
		return error;
	error = send_once(call, account, slot, rule, reply);
	if (!error || !is_refusal(reply) || !account->refresh_token_file ||
	    !has_other(call, account, *sent))
		return error;
	vault_free(*sent);
	*sent = NULL;
	http_reply_clear(reply);
	error = find_refresh(call, account, slot, sent);
	return error ? error : send_once(call, account, slot, rule, reply);
}

/* Read REPLY, a success, to a request with the refresh token SENT (or NULL) into MADE. */
static int read_reply(struct call *call, struct account *account, unsigned slot,
		      const struct http_reply *reply, const char *sent, struct token_made *made)
{
	const struct rule_token *rule = account->vendor->apis[slot].token;
	char why[160] = "";
	json_t *body = reply->length ? exchange_parse(reply->body, reply->length, why, sizeof(why))
				     : NULL;
	const struct source_reply parts = {.body = body, .headers = reply->headers};
	char *refresh = text_at(&rule->refresh, &parts);
	int error = 0;

	/* before anything else can fail: the old one may be void */
	if (refresh && (!sent || strcmp(refresh, sent) != 0))
		error = keep_refresh(call, account, slot, refresh, sent);
	if (!error)
		error = read_made(call, rule, &parts, reply->date ? reply->date : time(NULL), made);
	if (error && why[0])
		call_add_words(call, ": %s", why);
	vault_free(refresh);
	json_decref(body);
	return error;
}

/* Ask for a token for api SLOT. As token_issuer. */
static int issue(struct call *call, struct account *account, unsigned slot, struct token_made *made)
{
	const struct rule_token *rule = account->vendor->apis[slot].token;
	bool refreshes = uses_refresh(rule);
	struct http_reply reply = {0};
	char *sent = NULL;
	char words[CALL_WORDS_MAX / 2];
	int lock = refreshes && account->refresh_token_file ? lock_refresh(call, account) : -1;
	int error;

	json_heap_wipe(true);
	error = refreshes ? send_refresh(call, account, slot, rule, &reply, &sent)
			  : send_once(call, account, slot, rule, &reply);
	if (!error)
		error = read_reply(call, account, slot, &reply, sent, made);
	json_heap_wipe(false);
	if (lock >= 0)
		(void)close(lock);
	vault_free(sent);
	http_reply_clear(&reply);
	if (!error)
		return 0;
	snprintf(words, sizeof(words), "%.*s", (int)sizeof(words) - 1, call->words);
	if (call->verdict == CALL_SYSTEM)
		return call_fail_errno(call, call->error, "no token: %s", words);
	return call_fail(call, call->verdict, "no token: %s", words);
}

/* ---- endpoints ---- */

static int login_fail(char *why, size_t why_size, const char *format, const char *words)
{
	snprintf(why, why_size, format, words);
	return -EINVAL;
}

/* Set up account->logins[SLOT], if the token is asked for at a URL of its own. */
static int find_origin(struct account *account, unsigned slot, char *why, size_t why_size)
{
	const struct login_values values = {.values = {login_value},
					    .account = account,
					    .slot = slot};
	const char *path = account->vendor->apis[slot].token->request->path, *wrong;
	size_t length = http_url_origin(path);
	char *origin = length ? strndup(path, length) : NULL;
	char words[200];

	if (!length)
		return 0;
	if (!origin)
		return -ENOMEM;
	account->logins[slot].base_url = template_expand(origin, TEMPLATE_PATH, &values.values,
							 words, sizeof(words));
	free(origin);
	if (!account->logins[slot].base_url)
		return login_fail(why, why_size, "the URL for tokens cannot be made: %s", words);
	if (http_url_check(account->logins[slot].base_url, &wrong))
		return login_fail(why, why_size, "the URL for tokens: %s", wrong);
	return 0;
}

/* Give ENDPOINT of ACCOUNT, not its first one, its limits and a queue. */
static int add(struct http *http, struct account *account, struct endpoint *endpoint)
{
	const struct endpoint *first = &account->endpoint;

	endpoint->name = account->name;
	endpoint->ca_file = first->ca_file;
	endpoint->parallel = first->parallel;
	endpoint->timeout = first->timeout;
	endpoint->retry_budget = first->retry_budget;
	words_install(endpoint, account->vendor->errors);
	return http_add(http, endpoint);
}

int login_open(struct http *http, struct account *account, char *why, size_t why_size)
{
	const struct rule_api *apis = account->vendor->apis;
	unsigned count = account_api_count(account->vendor);
	int error;

	snprintf(why, why_size, "out of memory");
	words_install(&account->endpoint, account->vendor->errors);
	error = http_add(http, &account->endpoint);
	for (unsigned i = 0; i < count && !error; i++) {
		struct endpoint *endpoint = account_endpoint(account, i);

		if (!endpoint->base_url)
			return login_fail(why, why_size, "no base_url for [api %s]", apis[i].name);
		if (i)
			error = add(http, account, endpoint);
		if (!error && apis[i].token)
			error = find_origin(account, i, why, why_size);
		if (!error && apis[i].token && account->logins[i].base_url)
			error = add(http, account, &account->logins[i]);
	}
	if (account->token && count)
		account->issuer = issue;
	return error;
}
