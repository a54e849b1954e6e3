/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.c - see exchange.h.
 *
 * Proves identities by the vendor's table, and turns responses into verdicts and words. It does
 * not know what was asked, and it keeps no state between requests. Its words are redacted, because
 * a vendor may quote a key in its error, and the words go to the log.
 */
#include "vendors/rest/exchange.h"

#include "vendors/base/call.h"
#include "vendors/base/vault.h"
#include "vendors/http/hold.h"
#include "vendors/http/http.h"
#include "vendors/http/http_url.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_bounded.h"
#include "vendors/json/json_heap.h"
#include "vendors/rest/account.h"
#include "vendors/rest/observer.h"
#include "vendors/rest/secrets.h"
#include "vendors/rest/token.h"
#include "vendors/rest/words.h"
#include "vendors/template/template.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bodies from this size on are not parsed into memory that would stay with the thread. */
#define LARGE_BODY ((size_t)64 << 10)

json_t *exchange_parse(const char *text, size_t length, char *why, size_t why_size)
{
	return exact_bounded_response(text, length, EXACT_BOUNDED_HEAP, why, why_size, NULL);
}

/* ---- the proof of identity ---- */

/* The values of the templates that prove an identity. */
struct exchange_values {
	struct template_values values;
	const struct account *account;
	const char *token; /* {access_token}; NULL: there is none */
};

static json_t *exchange_value(const struct template_values *values, const char *name)
{
	const struct exchange_values *own = (const struct exchange_values *)values;
	const char *text = strcmp(name, "access_token") == 0 ? own->token
							     : account_value(own->account, name);

	return text ? json_string(text) : NULL;
}

static bool have_token(const struct rule_header *headers)
{
	while (headers && headers->name && !template_has(headers->value, "access_token"))
		headers++;
	return headers && headers->name;
}

static bool needs_token(const struct rule_api *api)
{
	return template_has(api->user, "access_token") ||
	       template_has(api->password, "access_token") || have_token(api->auth_headers) ||
	       have_token(api->auth_query);
}

/* Give REQUEST the new TEXT of vault.h, which may be NULL, to free. Returns TEXT; NULL: no room. */
static const char *own_proof(struct http_request *request, char *text)
{
	if (text && request->proof_count < HTTP_HEADERS_MAX)
		return request->proofs[request->proof_count++] = text;
	vault_free(text);
	return NULL;
}

/* Return template TEXT for PLACE with VALUES; REQUEST owns it. NULL: CALL has failed. */
static const char *expand_proof(struct call *call, struct http_request *request,
				const struct exchange_values *values, const char *text,
				enum template_place place)
{
	char why[200] = "too many headers";
	const char *made = own_proof(request,
				     vault_take(template_expand(text, place, &values->values, why,
								sizeof(why))));

	if (!made)
		call_fail(call, CALL_INVALID, "the proof of identity cannot be made: %s", why);
	return made;
}

/* Make the query of REQUEST that proves the identity. */
static int prove_by_query(struct call *call, struct http_request *request,
			  const struct exchange_values *values, const struct rule_header *parameter)
{
	const char *query = NULL;
	char *shown;

	if (!values->account->secret_in_url)
		return call_fail(call, CALL_FORBIDDEN,
				 "the vendor takes the key in the URL, where logs of servers show "
				 "it: set secret_in_url = yes in section [%s] if you want that",
				 values->account->name);
	for (; parameter->name; parameter++) {
		const char *text = expand_proof(call, request, values, parameter->value,
						TEMPLATE_TEXT);
		char *escaped = text ? vault_take(http_url_escape(text)) : NULL;
		const char *longer;

		if (!text)
			return -call->error;
		if (!own_proof(request, escaped))
			return call_no_memory(call);
		longer = own_proof(request, vault_join(query ? query : "", query ? "&" : "",
						       parameter->name, "=", escaped));
		if (!longer)
			return call_no_memory(call);
		query = longer;
	}
	request->query = query;
	/* a vendor may repeat the key in the URL of the next page */
	shown = vault_copy(request->shown ? request->shown : request->path);
	if (!own_proof(request, shown))
		return call_no_memory(call);
	account_redact(values->account, shown);
	request->shown = shown;
	return 0;
}

/* Fail if TEXT begins with the same word twice, as Bearer of the rules and of a pasted key. */
static int check_scheme(struct call *call, const char *text, const struct account *account)
{
	size_t length = strcspn(text, " ") + 1;

	if (strlen(text) < 2 * length || strncasecmp(text, text + length, length) != 0)
		return 0;
	return call_fail(call, CALL_BAD_KEYS,
			 "a secret in section [%s] of the config begins with %.*s, which is sent "
			 "in front of it anyway; remove that word",
			 account->endpoint.name, (int)length - 1, text);
}

/* Put the proof that API asks for into REQUEST. */
static int prove(struct call *call, const struct rule_api *api, struct http_request *request,
		 const struct exchange_values *values)
{
	for (const struct rule_header *header = api->auth_headers; header && header->name;
	     header++) {
		const char *text = expand_proof(call, request, values, header->value,
						TEMPLATE_HEADER);

		if (!text || check_scheme(call, text, values->account))
			return -call->error;
		/* one is left for If-Match */
		if (request->header_count >= HTTP_HEADERS_MAX - 1)
			return call_fail(call, CALL_INVALID, "the request has too many headers");
		request
		    ->headers[request->header_count++] = (struct http_header){.name = header->name,
									      .value = text};
	}
	if (api->user) {
		request->user = expand_proof(call, request, values, api->user, TEMPLATE_TEXT);
		request->password = expand_proof(call, request, values,
						 api->password ? api->password : "", TEMPLATE_TEXT);
		if (!request->user || !request->password)
			return -call->error;
	}
	return api->auth_query ? prove_by_query(call, request, values, api->auth_query) : 0;
}

static int prepare_by_rules(struct call *call, struct account *account,
			    struct http_request *request)
{
	const struct rule_api *api = &account->vendor->apis[request->api];
	struct exchange_values values = {.values = {exchange_value}, .account = account};
	char *token = NULL;
	int error = 0;

	request->serial = 0;
	if (api->token && needs_token(api))
		error = token_get(account->token, call, request->api, account->issuer, account,
				  &token, &request->serial);
	else if (account->secrets)
		error = token_get(account->token, call, account_api_count(account->vendor),
				  secrets_issue, account, &token, &request->serial);
	values.token = token;
	if (!error)
		error = prove(call, api, request, &values);
	vault_free(token);
	if (error)
		exchange_done(request);
	return error;
}

int exchange_prepare(struct call *call, struct account *account, struct http_request *request)
{
	const void *values;
	int error;

	json_heap_wipe(true);
	/* a proof must not be made of an old and a new value */
	do {
		exchange_done(request);
		request->header_count = request->plain_headers;
		request->epoch = &account->epoch;
		request->made = account->epoch;
		values = account_values(account);
		error = account->vendor->apis ? prepare_by_rules(call, account, request)
					      : account->vendor->authorize(call, account, request);
	} while (!error && values != account_values(account));
	json_heap_wipe(false);
	if (!error && request->if_match)
		request->headers[request->header_count++] =
		    (struct http_header){.name = "If-Match", .value = request->if_match};
	return error;
}

bool exchange_has_new_keys(const struct account *account, unsigned made,
			   const struct http_reply *reply)
{
	return reply->outdated ||
	       (!reply->verdict && reply->status == 401 && made != account->epoch);
}

int exchange_renew(struct call *call, struct account *account, uint64_t serial)
{
	if (account->vendor->apis && account->token && serial) {
		token_refused(account->token, serial);
		return 0;
	}
	if (!account->vendor->renew)
		return -ENOTSUP;
	return account->vendor->renew(call, account, serial);
}

void exchange_done(struct http_request *request)
{
	vault_free(request->bearer);
	request->bearer = NULL;
	for (unsigned i = 0; i < request->proof_count; i++) {
		/* what points there must not be used any more */
		if (request->shown == request->proofs[i])
			request->shown = NULL;
		if (request->user == request->proofs[i])
			request->user = request->password = NULL;
		vault_free(request->proofs[i]);
	}
	request->proof_count = 0;
	request->query = NULL;
}

/* ---- verdicts ---- */

#define SUBJECTS (EXCHANGE_TOKEN + 1)
#define ALL(verdict)                                                                               \
	{                                                                                          \
		verdict, verdict, verdict, verdict                                                 \
	}

/* The one table from HTTP status to verdict; what it does not name is CALL_FAILED. */
static const struct {
	int status;
	enum call_verdict verdicts[SUBJECTS];
} statuses[] = {
    {400, {CALL_BAD_REQUEST, CALL_BAD_REQUEST, CALL_BAD_REQUEST, CALL_TOKEN_REFUSED}},
    {401, ALL(CALL_BAD_KEYS)},
    {403, ALL(CALL_DENIED)},
    {404, {CALL_MISSING, CALL_MISSING, CALL_NO_PATH, CALL_NO_TOKEN}},
    {405, {CALL_UNSUPPORTED, CALL_UNSUPPORTED, CALL_UNSUPPORTED, CALL_NO_TOKEN}},
    {409, {CALL_TAKEN, CALL_CONFLICT, CALL_TAKEN, CALL_NO_TOKEN}},
    {410, {CALL_MISSING, CALL_MISSING, CALL_NO_PATH, CALL_NO_TOKEN}},
    {412, {CALL_PRECONDITION, CALL_PRECONDITION, CALL_PRECONDITION, CALL_NO_TOKEN}},
    {413, {CALL_TOO_LARGE, CALL_TOO_LARGE, CALL_FAILED, CALL_NO_TOKEN}},
    {422, {CALL_REFUSED, CALL_REFUSED, CALL_REFUSED, CALL_TOKEN_REFUSED}},
    {429, ALL(CALL_LIMITED)},
    {501, {CALL_UNSUPPORTED, CALL_UNSUPPORTED, CALL_UNSUPPORTED, CALL_NO_TOKEN}},
};

static enum call_verdict exchange_verdict_of(int status, enum exchange_subject subject)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (statuses[i].status == status)
			return statuses[i].verdicts[subject];
	}
	return CALL_FAILED;
}

void exchange_words(const char *body, size_t length, char *words, size_t size)
{
	words_of_body(body, length, words, size);
}

/* As exchange_words, from the places that ACCOUNT's vendor names before the known ones, and
 * redacted. */
static void read_words(const struct account *account, const struct http_reply *reply, char *words,
		       size_t size)
{
	const struct rule_errors *errors = account->vendor->errors;
	struct source_reply parts = {.headers = reply->headers};
	json_t *body, *message;

	words[0] = '\0';
	json_heap_wipe(true); /* it may quote a secret */
	if (errors && errors->message) {
		body = words_parse(reply->body, reply->length);
		parts.body = body;
		message = source_first(errors->message, &parts);
		words_of(message, words, size);
		json_decref(message);
		json_decref(body);
	}
	if (!words[0])
		exchange_words(reply->body, reply->length, words, size);
	json_heap_wipe(false);
	account_redact(account, words);
}

bool exchange_tells_error(const json_t *answer, char *words, size_t size)
{
	json_t *error = json_object_get(answer, "error"),
	       *errors = json_object_get(answer, "errors");
	bool told = (error && !json_is_null(error) && !json_is_false(error)) ||
		    json_array_size(errors) || json_object_size(errors);
	json_t *part;

	if (!told || !words)
		return told;
	/* other members may belong to a record */
	part = json_pack("{s:O*, s:O*}", "error", error, "errors", errors);
	words_read(part, words, size);
	json_decref(part);
	return true;
}

/* Append until when the vendor wants to be left alone, if it says so. */
static void add_until(struct call *call, const struct http_reply *reply)
{
	char until[32];

	if (!reply->told)
		return;
	hold_clock(time(NULL) + (time_t)((reply->told + 999) / 1000), until, sizeof(until));
	call_add_words(call, "; it asks to wait until %s", until);
}

/* Fail for a 429 with the vendor's WORDS, or "". */
static int fail_limited(struct call *call, const struct http_reply *reply, const char *words)
{
	int error = call_fail(call, CALL_LIMITED,
			      "the vendor says that there are too many requests%s%s",
			      words[0] ? ": " : "", words);

	add_until(call, reply);
	return error;
}

/* Fail because no complete response arrived, or because the request was not sent. */
static int fail_unanswered(struct call *call, const struct http_reply *reply)
{
	/* a 429, of this request or an earlier one, is what prevented it */
	if (!reply->verdict || (reply->stale && reply->status == 429))
		return call_fail(call, CALL_LIMITED, "%s", reply->words);
	return call_fail(call, reply->verdict, "%s", reply->words);
}

/* Fail because of a redirect that is not followed. */
static int fail_redirected(struct call *call, const struct account *account,
			   enum call_verdict verdict, const struct http_reply *reply)
{
	char *where = source_header(reply->headers, "Location");
	size_t origin = where ? http_url_origin(where) : 0;
	char words[160];
	int error;

	snprintf(words, sizeof(words), "%.*s", (int)(origin < 150 ? origin : 150),
		 where ? where : "");
	account_redact(account, words);
	error =
	    call_fail(call, verdict,
		      "the vendor redirects%s%s; only a GET to the same scheme, host and port is "
		      "followed, five times at most: check base_url",
		      words[0] ? " to " : "", words);
	free(where);
	return error;
}

/* Judge REPLY, whose status is a success: the vendor's table may know better. */
static int judge_success(struct call *call, const struct account *account,
			 enum exchange_subject subject, const struct http_reply *reply)
{
	const struct rule_errors *errors = account->vendor->errors;
	struct source_reply parts = {.headers = reply->headers};
	char words[CALL_WORDS_MAX / 2];
	bool large = reply->length >= LARGE_BODY, fails;
	json_t *body = NULL;

	if (!errors || errors->fail_when.source.kind == SOURCE_NONE)
		return 0;
	if (errors->fail_when.source.kind == SOURCE_BODY && reply->body)
		body = exact_bounded_parse(reply->body, reply->length, EXACT_PARSE_ANY,
					   large ? EXACT_BOUNDED_BLOCK : EXACT_BOUNDED_HEAP, NULL,
					   NULL);
	parts.body = body;
	fails = condition_holds(&errors->fail_when, &parts);
	json_decref(body);
	if (large)
		json_heap_free();
	if (!fails)
		return 0;
	read_words(account, reply, words, sizeof(words));
	return call_fail(call, subject == EXCHANGE_TOKEN ? CALL_TOKEN_REFUSED : CALL_REFUSED,
			 "the vendor says: %s", words[0] ? words : "(nothing that can be read)");
}

int exchange_judge(struct call *call, struct account *account, enum exchange_subject subject,
		   const struct http_reply *reply)
{
	enum call_verdict verdict = exchange_verdict_of(reply->status, subject);
	char words[CALL_WORDS_MAX / 2];
	int error;

	call->verdict = CALL_OK;
	call->status = reply->status;
	call->unasked = reply->status == 429 && !reply->sent;
	call->told = reply->told;
	if (reply->verdict || call->unasked)
		return fail_unanswered(call, reply);
	if (reply->status >= 200 && reply->status < 300)
		return judge_success(call, account, subject, reply);
	read_words(account, reply, words, sizeof(words));
	if (reply->status == 401)
		return call_fail(call, verdict,
				 "the vendor refuses the keys in section [%s] of the config%s%s",
				 account->name, words[0] ? ": " : "", words);
	if (reply->status == 429)
		return fail_limited(call, reply, words);
	if (reply->status >= 300 && reply->status < 400)
		return fail_redirected(call, account, verdict, reply);
	error = call_fail(call, verdict, "the vendor says: %s",
			  words[0] ? words : "(nothing that can be read)");
	add_until(call, reply);
	return error;
}

int exchange(struct call *call, struct account *account, enum exchange_subject subject,
	     struct http_request *request, struct http_reply *reply)
{
	bool renewed = false, again;
	int error;

	memset(reply, 0, sizeof(*reply));
	if (account->observer && !account->observer->sees(account->observer, account, request))
		return call_fail(call, CALL_HELD, "it is only explained");
	do {
		http_reply_clear(reply);
		error = exchange_prepare(call, account, request);
		if (error)
			return error;
		http_perform(call, account_endpoint(account, request->api), request, reply);
		exchange_done(request);
		again = exchange_has_new_keys(account, request->made, reply);
		if (!again && reply->status == 401 && !renewed)
			again = renewed = !exchange_renew(call, account, request->serial);
	} while (again);
	error = exchange_judge(call, account, subject, reply);
	/* nothing was sent that could be too large */
	if (call->verdict == CALL_TOO_LARGE && !request->body)
		error = call_decide(call, CALL_FAILED);
	return error;
}

json_t *exchange_json(struct call *call, struct account *account, const struct http_reply *reply)
{
	char why[160] = "the response is empty";
	json_t *answer = NULL;
	enum exact_bounded_failure failure = EXACT_BOUNDED_BROKEN;

	if (reply->length)
		answer = exact_bounded_response(reply->body, reply->length, EXACT_BOUNDED_HEAP, why,
						sizeof(why), &failure);
	if (!answer) {
		account_redact(account, why);
		call_fail(call,
			  failure == EXACT_BOUNDED_NO_MEMORY ? CALL_NO_MEMORY : CALL_MALFORMED,
			  "the response %s: %s",
			  failure == EXACT_BOUNDED_BROKEN ? "is not the JSON that the API promises"
							  : "can't be read",
			  why);
	}
	return answer;
}
