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
#include "vendors/json/pointer.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/item_answer.h"
#include "vendors/rest/item_rule.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/rest/redact.h"
#include "vendors/rest/request.h"
#include "vendors/rest/status_map.h"
#include "vendors/template/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* Note RECORD, with its hidden fields, for the write that rests on this read. */
static int keep_raw(struct call *call, const struct collection *collection, const json_t *record)
{
	struct basis *basis = call->basis;

	if (!basis || !basis->reading ||
	    (!collection->update && !status_map_has_requests(collection)))
		return 0;
	json_decref(basis->raw);
	basis->raw = json_deep_copy(record);
	return basis->raw ? 0 : call_no_memory(call);
}

/* Return true if POINTER, such as "/result/0", leads into an array in ANSWER that is empty. */
static bool leads_to_nothing(const json_t *answer, const char *pointer)
{
	const json_t *at = answer;
	char name[POINTER_NAME_MAX];

	while (at && pointer_next(&pointer, name)) {
		if (json_is_array(at))
			return !json_array_size(at);
		at = json_object_get(at, name);
	}
	return false;
}

/* Return true if ANSWER is that of a search for one record which has found nobody. */
static bool finds_nobody(const struct collection *collection, const json_t *answer)
{
	for (const char *const *root = collection->roots; root && *root; root++) {
		if (leads_to_nothing(answer, *root))
			return true;
	}
	return false;
}

/* Check that the status of REPLY, a success, does not say that there is no record yet, or a part of
 * it: a change that rests on it would remove the rest. */
static int check_status(struct call *call, const struct http_reply *reply)
{
	if (reply->status != 202 && reply->status != 206)
		return 0;
	return call_fail(call, CALL_MALFORMED,
			 "the record is %s, as the status of the response says",
			 reply->status == 202 ? "not ready yet" : "a part only");
}

/* Put the record in REPLY into *RECORD, a new reference, if it is the one with ID. */
static int read_reply(struct call *call, struct account *account,
		      const struct collection *collection, const char *id,
		      const struct http_reply *reply, json_t **record)
{
	json_t *answer = NULL, *found = NULL;
	const char *where = collection->roots ? collection->roots[0] : collection->item_key;
	int error = check_status(call, reply);

	if (!error)
		answer = exchange_json(call, account, reply);
	if (!error && !answer)
		error = -call->error;
	if (!error) {
		found = collection_unwrap(collection, answer);
		if (!found && finds_nobody(collection, answer))
			error = call_fail(call, CALL_MISSING, "the vendor has found nobody");
		else if (!found && where)
			error = call_fail(call, CALL_MALFORMED, "the response has no \"%s\"",
					  where);
		else if (!found)
			error = call_fail(call, CALL_MALFORMED,
					  "the response is no record: it is "
					  "no JSON object");
	}
	if (!error)
		error = item_answer_check(call, collection, found, id);
	if (!error)
		error = item_answer_check_size(call, found, reply->length);
	if (!error && item_rule_is_gone(collection, found))
		error = call_fail(call, CALL_MISSING, "the vendor shows it as deleted");
	if (!error)
		error = keep_raw(call, collection, found);
	if (!error) {
		*record = json_incref(found);
		collection_hide(collection, found);
	}
	json_decref(answer);
	return error;
}

/* As item_get of a vendor without rules, with REPLY to be cleared in any case. */
static int get_by_path(struct call *call, struct account *account,
		       const struct collection *collection, const char *parent, const char *id,
		       bool identity, struct http_reply *reply)
{
	struct http_request request = {.method = "GET", .repeatable = true, .identity = identity};
	char *path = collection_path(collection, parent, id);
	int error;

	if (!path)
		return call_no_memory(call);
	request.path = path;
	error = exchange(call, account, EXCHANGE_RECORD, &request, reply);
	free(path);
	return error;
}

/* Return true if ETags mean something: those of many servers are hashes that no write checks. */
static bool uses_etags(const struct collection *collection)
{
	return !collection->listing || (collection->update && collection->update->if_match);
}

static int get_record(struct call *call, struct account *account,
		      const struct collection *collection, const char *parent, const char *id,
		      json_t **record, char **etag)
{
	struct http_reply reply = {0};
	bool tagged = etag && uses_etags(collection);
	int error;

	if (collection->get)
		return collection->get(call, account, parent, id, record);
	if (collection->listing && !collection->item) {
		call_forget_request(call);
		return call_fail(call, CALL_UNSUPPORTED, "only the list shows the %s",
				 collection->name);
	}
	error = collection->item
		    ? item_rule_get(call, account, collection, parent, id, tagged, &reply)
		    : get_by_path(call, account, collection, parent, id, tagged, &reply);
	if (!error)
		error = read_reply(call, account, collection, id, &reply, record);
	if (!error && tagged && is_strong(reply.etag) && !atomic_load(&account->no_preconditions)) {
		*etag = reply.etag;
		reply.etag = NULL;
	}
	http_reply_clear(&reply);
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

/* The text of a body, which may hold a password. No text: no memory. */
struct body_text {
	char *text;
	size_t length;
};

/* Send REQUEST, and judge the response. */
static enum vendor_outcome send_change(struct call *call, struct account *account,
				       enum exchange_subject subject, struct http_request *request,
				       struct http_reply *reply)
{
	enum vendor_outcome result = item_answer_judge(reply, exchange(call, account, subject,
								       request, reply));

	if (result == VENDOR_REFUSED && !reply->sent && !call->unasked)
		call_add_words(call, "; nothing was sent");
	return result;
}

/* Print BODY as it is sent. False: no memory. */
static bool write_body(const struct collection *collection, const json_t *body,
		       struct body_text *text)
{
	json_t *own = (json_t *)(uintptr_t)body;
	json_t *sent = collection->wraps_requests ? json_pack("{s:O}", collection->item_key, own)
						  : json_incref(own);

	text->text = sent ? exact_print_text(sent, 0) : NULL;
	text->length = text->text ? strlen(text->text) : 0;
	json_decref(sent);
	return text->text;
}

static void wipe_body(struct body_text *text)
{
	if (text->text)
		explicit_bzero(text->text, text->length);
	free(text->text);
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
	struct body_text text = {0};
	struct http_reply reply = {0};
	enum vendor_outcome result = VENDOR_REFUSED;

	if (!path || (body && !write_body(collection, body, &text))) {
		call_no_memory(call);
		goto out;
	}
	request.path = path;
	request.body = text.text;
	request.body_length = text.length;
	result = send_change(call, account, id ? EXCHANGE_CHANGE : EXCHANGE_RECORD, &request,
			     &reply);
	if (result == VENDOR_DONE && answer)
		result = item_answer_take(call, account, collection, id, &reply, answer);
	if (body)
		item_answer_redact(call, collection, body);
	if (!body && reply.status == 404)
		result = VENDOR_DONE; /* it is gone, which is what was asked for */
out:
	wipe_body(&text);
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
	struct http_request request = {.method = "PUT", .rests = call->basis != NULL};
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

	if (!collection->put && collection->listing)
		return item_rule_put(call, account, collection, parent, id, body,
				     is_strong(etag) ? etag : NULL, answer);
	if (!collection->put)
		return item_put_direct(call, account, collection, parent, id, body, etag, answer);
	*answer = NULL;
	sent = put_body(call, collection, body);
	if (sent)
		outcome = collection->put(call, account, parent, id, sent, etag, answer);
	json_decref(sent);
	return outcome;
}

bool item_leaves_out(const struct account *account, const struct collection *collection)
{
	const struct rule_update *update = collection->update;
	const struct rule_request *rule = update ? request_choose(account, &update->request) : NULL;
	char name[TEMPLATE_NAME_MAX];
	const char *at = rule && rule->body ? rule->body : "";

	if (!*at || (update->patch && rule == &update->request))
		return false;
	while (template_next(&at, name)) {
		if (strcmp(name, "record") == 0 || strncmp(name, "record/", 7) == 0)
			return false;
	}
	return true;
}

enum vendor_outcome item_delete(struct call *call, struct account *account,
				const struct collection *collection, const char *parent,
				const char *id)
{
	struct http_request request = {.method = "DELETE"};

	if (collection->listing)
		return item_rule_delete(call, account, collection, parent, id);
	return change(call, account, collection, id, request,
		      collection_path(collection, parent, id), NULL, NULL);
}

bool item_create_takes(const struct collection *collection, const char *pointer)
{
	return item_rule_create_takes(collection, pointer);
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

	if (!collection->post && collection->listing)
		return item_rule_post(call, account, collection, parent, body, answer);
	if (!collection->post)
		return item_post_direct(call, account, collection, parent, body, answer);
	*answer = NULL;
	sent = with_type(call, collection, body);
	if (sent)
		outcome = collection->post(call, account, parent, sent, answer);
	json_decref(sent);
	return outcome;
}
