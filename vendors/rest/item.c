/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item.c - see item.h.
 *
 * Knows paths and envelopes from the collection's table, and what the response to a change proves.
 * It must not know what changed, nor who may change it: cache/update does.
 */
#include "vendors/rest/item.h"

#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"
#include "vendors/http/basis.h"
#include "vendors/base/call.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/exchange.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/rest/redact.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Check that FOUND is the record with ID. Returns 0, or -EREMOTEIO with words if it has another
 * id, or none.
 */
static int check_same(struct call *call, const struct collection *collection, const json_t *found,
		      const char *id)
{
	char buffer[24];
	const char *found_id = collection_id(collection, found, buffer);

	if (collection->single || (found_id && strcmp(found_id, id) == 0))
		return 0;
	return call_fail(call, CALL_MALFORMED, "the response is about another record: %s \"%s\"",
			 collection->id_keys[0], found_id ? found_id : "");
}

/* Put the record in ANSWER into *RECORD, a new reference, if it is the one with ID. */
static int take_record(struct call *call, const struct collection *collection, json_t *answer,
		       const char *id, json_t **record)
{
	json_t *found = collection_unwrap(collection, answer);

	if (!found)
		return call_fail(call, CALL_MALFORMED, "the response has no \"%s\"",
				 collection->item_key);
	if (check_same(call, collection, found, id))
		return -EREMOTEIO;
	*record = json_incref(found);
	collection_hide(collection, found);
	return 0;
}

/*
 * Return true if TEXT is an entity tag for If-Match. A weak one never matches there, and an
 * invalid one may contain what a header cannot hold.
 */
static bool is_strong(const char *text)
{
	size_t length = text ? strlen(text) : 0;

	if (length < 2 || text[0] != '"' || text[length - 1] != '"')
		return false;
	for (size_t i = 1; i + 1 < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c <= 0x20 || c == '"' || c == 0x7f)
			return false;
	}
	return true;
}

static int get_record(struct call *call, struct account *account,
		      const struct collection *collection, const char *parent, const char *id,
		      json_t **record, char **etag)
{
	struct http_request request = {.method = "GET",
				       .repeatable = true,
				       .identity = etag != NULL};
	struct http_reply reply = {0};
	char *path;
	json_t *answer = NULL;
	int error;

	if (collection->get)
		return collection->get(call, account, parent, id, record);
	path = collection_path(collection, parent, id);
	if (!path)
		return call_no_memory(call);
	request.path = path;
	error = exchange(call, account, EXCHANGE_RECORD, &request, &reply);
	if (error)
		goto out;
	answer = exchange_json(call, account, &reply);
	error = answer ? take_record(call, collection, answer, id, record) : -EREMOTEIO;
	if (!error && etag && is_strong(reply.etag) && !atomic_load(&account->no_preconditions)) {
		*etag = reply.etag;
		reply.etag = NULL;
	}
out:
	json_decref(answer);
	http_reply_clear(&reply);
	free(path);
	return error;
}

int item_get(struct call *call, struct account *account, const struct collection *collection,
	     const char *parent, const char *id, json_t **record, char **etag)
{
	bool read = call->basis && etag;
	int error;

	if (etag)
		*etag = NULL;
	if (!read)
		return get_record(call, account, collection, parent, id, record, etag);
	basis_forget(call);
	if (collection->settle)
		collection->settle(call, account);
	call->basis->reading = true;
	error = get_record(call, account, collection, parent, id, record, etag);
	call->basis->reading = false;
	/* the response may hold no record */
	if (error)
		basis_forget(call);
	return error;
}

int item_get_part(struct call *call, struct account *account, const struct collection *collection,
		  const char *parent, const char *id, struct basis_read *read, json_t **record)
{
	struct basis *basis = call->basis;
	int error;

	if (!basis)
		return get_record(call, account, collection, parent, id, record, NULL);
	basis_set_aside(call, read);
	basis->reading = basis->further = true;
	error = get_record(call, account, collection, parent, id, record, NULL);
	basis->reading = basis->further = false;
	if (error)
		basis_resume(call, read);
	return error;
}

/* Return what REPLY to a change proves. ERROR is what exchange made of it. */
static enum vendor_outcome item_judge(const struct http_reply *reply, int error)
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

/* The text of a body, which may hold a password. No text: no memory. */
struct body_text {
	char *text;
	size_t length;
};

static void set_body(struct http_request *request, const struct body_text *text)
{
	request->body = text->text;
	request->body_length = text->length;
}

/* Send REQUEST. POSTED is the body for a PUT that becomes a POST; no text: it may not. */
static enum vendor_outcome send_change(struct call *call, struct account *account,
				       enum exchange_subject subject, struct http_request *request,
				       const struct body_text *posted, struct http_reply *reply)
{
	enum vendor_outcome result = item_judge(reply,
						exchange(call, account, subject, request, reply));

	/* if this POST is too late, a POST is what is tried first after the next read */
	if (result == VENDOR_REFUSED && reply->status == 405 && posted->text &&
	    strcmp(request->method, "PUT") == 0) {
		http_reply_clear(reply);
		request->method = "POST";
		set_body(request, posted);
		result = item_judge(reply, exchange(call, account, subject, request, reply));
		if (result == VENDOR_DONE || result == VENDOR_STALE)
			atomic_store(&account->updates_by_post, true);
	} else if (result == VENDOR_REFUSED && reply->status == 405 && request->rests) {
		atomic_store(&account->updates_by_post, false);
	}
	if (result == VENDOR_REFUSED && !reply->sent && !call->unasked)
		call_add_words(call, "; nothing was sent");
	return result;
}

/* Redact the write-only values of BODY: a vendor may quote a password that it refuses. */
static void redact_written(struct call *call, const struct collection *collection,
			   const json_t *body)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		const char *value = exact_string(json_object_get(body, field->name));

		if (field->flags & FIELD_WRITE_ONLY && value) {
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

/*
 * Put the record in the response to a change, if any, into *ANSWER. It proves nothing about record
 * ID (NULL: a new one) if it is another record, or if an error is beside it: then it counts as
 * none.
 */
static enum vendor_outcome item_take_answer(struct call *call, struct account *account,
					    const struct collection *collection, const char *id,
					    const struct http_reply *reply, json_t **answer)
{
	char buffer[24], said[sizeof(call->said)];
	enum vendor_outcome outcome;
	json_t *parsed, *record;

	if (!reply->length)
		return VENDOR_DONE;
	parsed = exchange_json(call, account, reply);
	if (!parsed)
		return VENDOR_UNKNOWN; /* an HTML page with status 200 proves nothing */
	if (exchange_tells_error(parsed, said, sizeof(said))) {
		outcome = doubt_answer(call, account, id, said);
		json_decref(parsed);
		return outcome;
	}
	record = collection_unwrap(collection, parsed);
	/* a part of a record may come without its id, which proves nothing either */
	if (record && id && check_same(call, collection, record, id)) {
		if (collection_id(collection, record, buffer))
			log_call(call, "%s was accepted, but %s: the record is looked at",
				 call->request, call->words);
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

/* Print BODY (a reference that is taken) as it is sent. False: no memory. */
static bool write_body(const struct collection *collection, json_t *body, struct body_text *text)
{
	json_t *sent = body && collection->wraps_requests
			   ? json_pack("{s:O}", collection->item_key, body)
			   : json_incref(body);

	text->text = sent ? exact_print_text(sent, 0) : NULL;
	text->length = text->text ? strlen(text->text) : 0;
	json_decref(sent);
	json_decref(body);
	return text->text;
}

static void wipe_body(struct body_text *text)
{
	if (text->text)
		explicit_bzero(text->text, text->length);
	free(text->text);
}

/* Return BODY as it is posted to the item of ID, a new reference, or NULL without memory. */
static json_t *with_id(const struct call *call, const struct collection *collection,
		       const json_t *body, const char *id)
{
	json_t *posted = json_copy((json_t *)(uintptr_t)body), *own;

	if (!collection->posted_id || !posted)
		return posted;
	/* as the vendor writes it, a text or a number */
	own = call->basis ? json_object_get(call->basis->record, collection->posted_id) : NULL;
	if (json_object_set_new(posted, collection->posted_id,
				own ? json_incref(own) : json_string(id))) {
		json_decref(posted);
		return NULL;
	}
	return posted;
}

/*
 * Send REQUEST with BODY (or none), about record ID (NULL: a new one), to PATH, which is freed
 * (NULL: no memory).
 */
static enum vendor_outcome change(struct call *call, struct account *account,
				  const struct collection *collection, const char *id,
				  struct http_request request, char *path, const json_t *body,
				  json_t **answer)
{
	struct body_text text = {0}, posted = {0};
	struct http_reply reply = {0};
	enum vendor_outcome result = VENDOR_REFUSED;

	if (!path ||
	    (body && !write_body(collection, json_incref((json_t *)(uintptr_t)body), &text)) ||
	    (body && id && collection->put_becomes_post &&
	     !write_body(collection, with_id(call, collection, body, id), &posted))) {
		call_no_memory(call);
		goto out;
	}
	request.path = path;
	set_body(&request, posted.text && strcmp(request.method, "POST") == 0 ? &posted : &text);
	result = send_change(call, account, id ? EXCHANGE_CHANGE : EXCHANGE_RECORD, &request,
			     &posted, &reply);
	if (result == VENDOR_DONE && answer)
		result = item_take_answer(call, account, collection, id, &reply, answer);
	if (body)
		redact_written(call, collection, body);
	if (!body && reply.status == 404)
		result = VENDOR_DONE; /* it is gone, which is what was asked for */
out:
	wipe_body(&text);
	wipe_body(&posted);
	free(path);
	http_reply_clear(&reply);
	return result;
}

/* Return BODY as it is sent, with the collection's type, a new reference. NULL: CALL has failed. */
static json_t *with_type(struct call *call, const struct collection *collection, const json_t *body)
{
	json_t *sent = (json_t *)(uintptr_t)body;

	if (!collection->type || json_object_get(body, "type"))
		return json_incref(sent);
	sent = json_pack("{s:s}", "type", collection->type);
	if (sent && json_object_update(sent, (json_t *)(uintptr_t)body) == 0)
		return sent;
	json_decref(sent);
	call_no_memory(call);
	return NULL;
}

/*
 * Return BODY as it is PUT. As with_type; CALL fails also if BODY lacks a field that each PUT must
 * contain.
 */
static json_t *put_body(struct call *call, const struct collection *collection, const json_t *body)
{
	const char *lacks = collection_lacks(collection, body);

	if (!lacks)
		return with_type(call, collection, body);
	call->status = 0;
	call_fail(call, CALL_INVALID, "nothing was sent: each change of the %s must contain \"%s\"",
		  collection->name, lacks);
	return NULL;
}

enum vendor_outcome item_put_direct(struct call *call, struct account *account,
				    const struct collection *collection, const char *parent,
				    const char *id, const json_t *body, const char *etag,
				    json_t **answer)
{
	struct http_request request = {
	    .method = collection->put_becomes_post && atomic_load(&account->updates_by_post)
			  ? "POST"
			  : "PUT",
	    .rests = call->basis != NULL,
	};
	json_t *sent = put_body(call, collection, body);
	enum vendor_outcome outcome = VENDOR_REFUSED;

	*answer = NULL;
	if (is_strong(etag) && !atomic_load(&account->no_preconditions))
		request.if_match = etag;
	if (sent)
		outcome = change(call, account, collection, id, request,
				 collection_path(collection, parent, id), sent, answer);
	json_decref(sent);
	return outcome;
}

enum vendor_outcome item_put(struct call *call, struct account *account,
			     const struct collection *collection, const char *parent,
			     const char *id, const json_t *body, const char *etag, json_t **answer)
{
	enum vendor_outcome outcome = VENDOR_REFUSED;
	json_t *sent;

	if (!collection->put)
		return item_put_direct(call, account, collection, parent, id, body, etag, answer);
	*answer = NULL;
	sent = put_body(call, collection, body);
	if (sent)
		outcome = collection->put(call, account, parent, id, sent, etag, answer);
	json_decref(sent);
	return outcome;
}

enum vendor_outcome item_delete(struct call *call, struct account *account,
				const struct collection *collection, const char *parent,
				const char *id)
{
	struct http_request request = {.method = "DELETE"};

	return change(call, account, collection, id, request,
		      collection_path(collection, parent, id), NULL, NULL);
}

enum vendor_outcome item_post_direct(struct call *call, struct account *account,
				     const struct collection *collection, const char *parent,
				     const json_t *body, json_t **answer)
{
	struct http_request request = {.method = "POST"};
	json_t *sent = with_type(call, collection, body);
	enum vendor_outcome outcome = VENDOR_REFUSED;

	*answer = NULL;
	if (sent)
		outcome = change(call, account, collection, NULL, request,
				 collection_path(collection, parent, NULL), sent, answer);
	json_decref(sent);
	return outcome;
}

enum vendor_outcome item_post(struct call *call, struct account *account,
			      const struct collection *collection, const char *parent,
			      const json_t *body, json_t **answer)
{
	enum vendor_outcome outcome = VENDOR_REFUSED;
	json_t *sent;

	if (!collection->post)
		return item_post_direct(call, account, collection, parent, body, answer);
	*answer = NULL;
	sent = with_type(call, collection, body);
	if (sent)
		outcome = collection->post(call, account, parent, sent, answer);
	json_decref(sent);
	return outcome;
}
