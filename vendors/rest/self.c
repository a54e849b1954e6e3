/* SPDX-License-Identifier: Apache-2.0 */
/*
 * self.c - see self.h.
 *
 * What the vendor says takes precedence. The setting self_id is for vendors that do not tell: it
 * was typed into the config, so it counts only if the vendor says nothing else. It must not know
 * what the id is used for.
 */
#include "vendors/rest/self.h"

#include "vendors/rest/account.h"
#include "vendors/vendor.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/http/http.h"
#include "vendors/json/exact.h"
#include "vendors/json/id_text.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 240

/* Return true if a vendor that has no such request may give VERDICT: it may take "me" for an id. */
static bool is_untold(enum call_verdict verdict)
{
	return verdict == CALL_MISSING || verdict == CALL_BAD_REQUEST || verdict == CALL_REFUSED ||
	       verdict == CALL_DENIED || verdict == CALL_UNSUPPORTED;
}

/* Return VALUE as the text of an id, new, or NULL. */
static char *id_of(const json_t *value)
{
	char buffer[ID_TEXT_MAX];
	const char *text = id_text_of(value, buffer), *digits = exact_number(value);
	char *id = NULL;

	if (text)
		return strdup(text);
	if (digits)
		return strdup(digits);
	if (json_is_integer(value) &&
	    asprintf(&id, "%" JSON_INTEGER_FORMAT, json_integer_value(value)) < 0)
		return NULL;
	return id;
}

/* Return the id in ANSWER, new, or NULL. */
static char *find_id(const struct vendor_self *self, const json_t *answer)
{
	static const char *const whole[] = {".", NULL};

	for (const char *const *root = self->roots ? self->roots : whole; *root; root++) {
		const json_t *record = pointer_get(answer, *root);

		for (const char *const *key = self->ids; record && *key; key++) {
			char *id = id_of(pointer_get(record, *key));

			if (id)
				return id;
		}
	}
	return NULL;
}

/*
 * Send RULE. Returns 0 and *ID; -ENODATA if the response does not tell, and appends it to WORDS; or
 * another negative errno with words in CALL.
 */
static int ask(struct call *call, struct account *account, const struct rule_request *rule,
	       char **id, char *words)
{
	const struct request_values none = {0};
	size_t length = strlen(words);
	struct http_reply reply = {0};
	struct request request;
	json_t *answer = NULL;
	int error = request_make(call, account, rule, &none, &request);

	request.http.repeatable = true;
	if (!error)
		error = exchange(call, account, EXCHANGE_RECORD, &request.http, &reply);
	if (error && !is_untold(call->verdict))
		goto out;
	if (!error) {
		answer = exchange_json(call, account, &reply);
		if (!answer) {
			error = -call->error;
			goto out;
		}
		*id = find_id(account->vendor->self_request, answer);
	}
	if (!*id) {
		snprintf(words + length, WORDS - length, "%s%s %s answered %d%s",
			 length ? ", " : "", request.rule->method,
			 request.http.shown ? request.http.shown : request.http.path, reply.status,
			 error ? "" : " without an id");
		error = -ENODATA;
	}
out:
	json_decref(answer);
	http_reply_clear(&reply);
	request_clear(&request);
	return error;
}

int self_by_rule(struct call *call, struct account *account, char **id)
{
	const struct vendor_self *self = account->vendor->self_request;
	const struct rule_request *rule = self ? &self->request : NULL;
	char words[WORDS] = "";
	int error = -ENODATA;

	*id = NULL;
	for (; rule && error == -ENODATA; rule = rule->alternative)
		error = ask(call, account, rule, id, words);
	if (error != -ENODATA)
		return error;
	/* the words name all requests */
	call_forget_request(call);
	return call_fail(call, CALL_NOT_TOLD, "%s",
			 words[0] ? words
				  : "its description has no [self], which may be a request or "
				    "user = none");
}

int self_find(struct call *call, struct account *account, char **id)
{
	const char *configured = account_value(account, "self_id");
	int error;

	if (!account->vendor->self)
		return call_fail(call, CALL_NOT_TOLD, "the keys belong to no user");
	error = account->vendor->self(call, account, id);
	if (!error && configured && strcmp(configured, *id) != 0)
		log_call(call,
			 "self_id is %s, but the vendor says that the key belongs to user %s: "
			 "correct self_id, or remove it",
			 configured, *id);
	if (!error || call->verdict != CALL_NOT_TOLD)
		return error;
	log_call(call, "the vendor does not tell whose the key is: %s", call->words);
	if (!configured)
		return error;
	call_clear(call);
	*id = strdup(configured);
	return *id ? 0 : call_no_memory(call);
}
