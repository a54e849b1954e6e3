/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.c - see exchange.h.
 *
 * Turns responses into verdicts and words. It knows the shapes of vendors' error responses, but
 * not what was asked, and it keeps no state between requests. Its words are redacted, because a
 * vendor may quote a key in its error, and the words go to the log.
 */
#include "vendors/rest/exchange.h"

#include "vendors/base/call.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_parse.h"
#include "vendors/http/hold.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *exchange_parse(const char *text, size_t length, char *why, size_t why_size)
{
	struct exact_parse_error error;
	/* of two members with one key, it is not known which one is meant */
	json_t *answer = exact_parse(text, length, EXACT_PARSE_ANY | EXACT_PARSE_NO_REPEATS,
				     &error);

	if (!answer && why)
		snprintf(why, why_size, "%s at byte %zu", error.words, error.position);
	return answer;
}

int exchange_prepare(struct call *call, struct account *account, struct http_request *request)
{
	int error;

	request->header_count = 0;
	error = account->vendor->authorize(call, account, request);
	if (!error && request->if_match)
		request->headers[request->header_count++] =
		    (struct http_header){.name = "If-Match", .value = request->if_match};
	return error;
}

int exchange_renew(struct call *call, struct account *account, uint64_t serial)
{
	if (!account->vendor->renew)
		return -ENOTSUP;
	return account->vendor->renew(call, account, serial);
}

void exchange_done(struct http_request *request)
{
	if (request->bearer)
		explicit_bzero(request->bearer, strlen(request->bearer));
	free(request->bearer);
	request->bearer = NULL;
}

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
    {413, ALL(CALL_TOO_LARGE)},
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

/* Append TEXT to WORDS, after a separator if WORDS is not empty. */
static void add_words(char *words, size_t size, const char *text)
{
	size_t length = strlen(words);

	if (text && *text && length + 3 < size)
		snprintf(words + length, size - length, "%s%s", length ? ": " : "", text);
}

static void add_string(char *words, size_t size, const json_t *string)
{
	char *text = exact_string_words(string);

	add_words(words, size, text);
	free(text);
}

static void add_member(char *words, size_t size, const json_t *object, const char *name)
{
	add_string(words, size, json_object_get(object, name));
}

/*
 * Add one element of an array of errors: Partnerize v2 and v3, Elastic Path, RFC 7807's invalid-
 * params.
 */
static void add_item(char *words, size_t size, const json_t *item)
{
	add_string(words, size, item);
	add_member(words, size, item, "property");
	add_member(words, size, item, "name");
	add_member(words, size, item, "title");
	add_member(words, size, item, "detail");
	add_member(words, size, item, "message");
	add_member(words, size, item, "msg");
	add_member(words, size, item, "reason");
}

/*
 * Add what ERRORS says: an array of items, or an object of fields (ASP.NET, Laravel), each with
 * one or several texts.
 */
static void add_items(char *words, size_t size, const json_t *errors)
{
	const char *field;
	json_t *item, *text, *name;
	size_t i;

	json_array_foreach(errors, i, item)
		add_item(words, size, item);
	json_object_foreach((json_t *)(uintptr_t)errors, field, item) {
		name = json_string(field);
		add_string(words, size, name);
		json_decref(name);
		add_item(words, size, item);
		json_array_foreach(item, i, text)
			add_item(words, size, text);
	}
}

/* Parse BODY, of an error response. Its words are worth reading even if they are not UTF-8. */
static json_t *parse_words(const char *body, size_t length)
{
	json_t *answer = exact_parse(body, length, EXACT_PARSE_ANY, NULL);
	char *plain = answer ? NULL : malloc(length + 1);

	if (!plain)
		return answer;
	for (size_t i = 0; i < length; i++)
		plain[i] = (char)(body[i] & 0x80 ? '?' : body[i]);
	answer = exact_parse(plain, length, EXACT_PARSE_ANY, NULL);
	free(plain);
	return answer;
}

/* Put the words of ANSWER into WORDS, of SIZE bytes. */
static void read_words(const json_t *answer, char *words, size_t size)
{
	json_t *error = json_object_get(answer, "error");
	static const char *const more[] = {"invalid-params", "invalid_params", "message", "detail"};
	json_t *items;

	words[0] = '\0';
	add_string(words, size, error);
	add_member(words, size, error, "message");
	add_member(words, size, answer, "error_description");
	add_member(words, size, answer, "message");
	/* RFC 7807, RFC 9457 */
	add_member(words, size, answer, "title");
	add_member(words, size, answer, "detail");
	items = json_object_get(error, "errors");
	if (!items)
		items = json_object_get(answer, "errors");
	add_items(words, size, items);
	/* of RFC 7807, and what some vendors have in place of a text */
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		add_items(words, size, json_object_get(answer, more[i]));
}

void exchange_words(const char *body, size_t length, char *words, size_t size)
{
	json_t *answer = body ? parse_words(body, length) : NULL;

	read_words(answer, words, size);
	json_decref(answer);
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
	read_words(part, words, size);
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
		return 0;
	exchange_words(reply->body, reply->length, words, sizeof(words));
	account_redact(account, words);
	if (reply->status == 401)
		return call_fail(call, verdict,
				 "the vendor refuses the keys in section [%s] of the config%s%s",
				 account->name, words[0] ? ": " : "", words);
	if (reply->status == 429)
		return fail_limited(call, reply, words);
	if (reply->status >= 300 && reply->status < 400)
		return call_fail(
		    call, verdict,
		    "the vendor redirects; redirects are not followed: check base_url");
	error = call_fail(call, verdict, "the vendor says: %s",
			  words[0] ? words : "(nothing that can be read)");
	add_until(call, reply);
	return error;
}

int exchange(struct call *call, struct account *account, enum exchange_subject subject,
	     struct http_request *request, struct http_reply *reply)
{
	int error;

	memset(reply, 0, sizeof(*reply));
	for (int tries = 0; tries < 2; tries++) {
		http_reply_clear(reply);
		error = exchange_prepare(call, account, request);
		if (error)
			return error;
		http_perform(call, &account->endpoint, request, reply);
		exchange_done(request);
		if (reply->status != 401 || exchange_renew(call, account, request->serial))
			break;
	}
	return exchange_judge(call, account, subject, reply);
}

json_t *exchange_json(struct call *call, struct account *account, const struct http_reply *reply)
{
	char why[160] = "the response is empty";
	json_t *answer = NULL;

	if (reply->length)
		answer = exchange_parse(reply->body, reply->length, why, sizeof(why));
	if (!answer) {
		account_redact(account, why);
		call_fail(call, CALL_MALFORMED,
			  "the response is not the JSON that the API promises: %s", why);
	}
	return answer;
}
