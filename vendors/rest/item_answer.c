/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item_answer.c - see item_answer.h.
 *
 * A 2xx alone proves nothing: the record in the response, or else a GET, shows what was done. This
 * file must not know what was sent, nor who may send it.
 */
#include "vendors/rest/item_answer.h"

#include "vendors/base/call.h"
#include "vendors/base/limits.h"
#include "vendors/base/log.h"
#include "vendors/http/http.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/redact.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum vendor_outcome item_answer_judge(const struct http_reply *reply, int error)
{
	if (!error)
		return VENDOR_DONE;
	if (reply->stale)
		return VENDOR_STALE;
	if (!reply->status)
		return reply->sent ? VENDOR_UNKNOWN : VENDOR_REFUSED;
	if (reply->status == 409 || reply->status == 412)
		return VENDOR_CHANGED;
	if (reply->verdict || reply->status == 408 ||
	    (reply->status >= 500 && reply->status != 501 && reply->status != 505))
		return VENDOR_UNKNOWN;
	return VENDOR_REFUSED;
}

int item_answer_check(struct call *call, const struct collection *collection, const json_t *found,
		      const char *id)
{
	char buffer[COLLECTION_ID_MAX];
	const char *found_id = collection_id(collection, found, buffer);

	if (collection->single || (found_id && strcmp(found_id, id) == 0))
		return 0;
	return call_fail(call, CALL_MALFORMED, "the response is about another record: %s \"%s\"",
			 collection->id_keys[0], found_id ? found_id : "");
}

int item_answer_check_size(struct call *call, const json_t *record, size_t length)
{
	/* each byte takes at most twice its depth, which is at most half the length, and a few */
	if ((length <= UINT16_MAX && length * (length + 8) <= LIMITS_TEXT_MAX) ||
	    exact_print_fits(record, EXACT_PRINT_INDENT | EXACT_PRINT_NEWLINE, LIMITS_TEXT_MAX))
		return 0;
	return call_fail(call, CALL_MALFORMED,
			 "the record would take more than " LIMITS_TEXT_WORDS
			 " as a file: it can't be read or written");
}

void item_answer_redact(struct call *call, const struct collection *collection, const json_t *body)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		const char *value = exact_string(pointer_get(body, field->name));

		if ((field->flags & (FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL)) && value) {
			redact(call->words, value);
			redact(call->said, value);
		}
	}
}

/*
 * Put what the vendor says in place of a new record into the words of CALL, which has not failed.
 */
static void quote(struct call *call, const struct account *account, const struct http_reply *reply)
{
	char words[CALL_WORDS_MAX / 2];

	exchange_words(reply->body, reply->length, words, sizeof(words));
	account_redact(account, words);
	snprintf(call->words, sizeof(call->words), "%s", words);
}

/*
 * The response to a change of record ID (NULL: a new one) has a status of success and reports the
 * error SAID. So it proves nothing: a GET shows whether a record was changed, and a look for a new
 * one whether it was created.
 */
static enum vendor_outcome doubt_answer(struct call *call, const struct account *account,
					const char *id, char *said)
{
	const char *words = said[0] ? said : "(nothing that can be read)";

	account_redact(account, said);
	if (!id) {
		call_fail(call, CALL_MALFORMED,
			  "the vendor answered success, but the response reports an error: %s",
			  words);
		return VENDOR_UNKNOWN;
	}
	snprintf(call->said, sizeof(call->said), "%s", words);
	return VENDOR_DONE;
}

enum vendor_outcome item_answer_take(struct call *call, struct account *account,
				     const struct collection *collection, const char *id,
				     const struct http_reply *reply, json_t **answer)
{
	char buffer[COLLECTION_ID_MAX], said[sizeof(call->said)];
	enum vendor_outcome outcome;
	json_t *parsed, *record;

	if (!reply->length)
		return VENDOR_DONE;
	parsed = exchange_json(call, account, reply);
	if (!parsed) {
		/* an HTML page with status 200 proves nothing; nor does a response for which there
		 * is no memory */
		call->verdict = CALL_MALFORMED;
		call->error = call_errno(CALL_MALFORMED);
		return VENDOR_UNKNOWN;
	}
	if (exchange_tells_error(parsed, said, sizeof(said))) {
		outcome = doubt_answer(call, account, id, said);
		json_decref(parsed);
		return outcome;
	}
	record = collection_unwrap(collection, parsed);
	/* a part of a record may come without its id, which proves nothing either */
	if (record && id && item_answer_check(call, collection, record, id)) {
		if (collection_id(collection, record, buffer))
			log_call(call, "%s was accepted, but %s: the record is looked at",
				 call->request, call->words);
		call_clear(call);
	} else if (record && item_answer_check_size(call, record, reply->length)) {
		log_call(call, "%s was accepted, but %s", call->request, call->words);
		call_clear(call);
	} else if (record) {
		*answer = json_incref(record);
		collection_hide(collection, record);
	}
	if (!id && !(*answer && collection_id(collection, *answer, buffer)))
		quote(call, account, reply);
	json_decref(parsed);
	return VENDOR_DONE;
}
