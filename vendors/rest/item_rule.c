/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item_rule.c - see item_rule.h.
 *
 * Puts together what payload.c makes of a document, what request.c makes of a rule, and what
 * item_answer.c makes of the response. It must not know what changed, nor who may change it.
 */
#include "vendors/rest/item_rule.h"

#include "vendors/base/call.h"
#include "vendors/http/basis.h"
#include "vendors/http/http.h"
#include "vendors/http/http_url.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/item_answer.h"
#include "vendors/rest/payload.h"
#include "vendors/rest/request.h"
#include "vendors/template/source.h"
#include "vendors/template/template.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ids ---- */

void item_rule_own_id(const struct collection *collection, const json_t *record, const char *id,
		      struct item_rule_id *own)
{
	const char *path = NULL;

	own->json = NULL;
	for (const char *const *key = collection->id_keys; record && *key && !own->json; key++)
		own->json = pointer_get(record, *key);
	if (record && collection->path_id_key)
		path = collection_path_id(collection, record, own->buffer);
	own->path = path ? path : id;
}

/* Return the record that the change of CALL rests on, with its hidden fields, or NULL. */
static const json_t *fresh_of(const struct call *call)
{
	if (!call->basis)
		return NULL;
	return call->basis->raw ? call->basis->raw : call->basis->record;
}

/* ---- reading ---- */

/* Return true if STATUS means that there is no such record. */
static bool is_gone_status(const struct collection *collection, int status)
{
	for (const int *code = collection->gone_codes; code && *code; code++) {
		if (*code == status)
			return true;
	}
	return false;
}

bool item_rule_is_gone(const struct collection *collection, const json_t *record)
{
	const struct source_reply reply = {.body = record};

	return condition_holds(&collection->gone_when, &reply);
}

int item_rule_get(struct call *call, struct account *account, const struct collection *collection,
		  const char *parent, const char *id, bool identity, struct http_reply *reply)
{
	const struct request_values values = {.id = id, .parent = parent};
	struct request request;
	int error = request_make(call, account, collection->item, &values, &request);

	request.http.repeatable = request.http.reads = true;
	request.http.identity = identity;
	if (!error)
		error = exchange(call, account, EXCHANGE_RECORD, &request.http, reply);
	if (error && is_gone_status(collection, reply->status))
		error = call_decide(call, CALL_MISSING);
	request_clear(&request);
	return error;
}

/* ---- a new record's id ---- */

/* Return the {id} in LOCATION (a URL or a path), whose place in the path of RULE is known, as JSON;
 * new, or NULL. */
static json_t *id_in_location(const struct rule_request *rule, const char *location)
{
	const char *place = rule ? strstr(rule->path, "{id}") : NULL;
	const char *before, *after, *begin, *end;
	char *escaped, *bytes, *text;
	json_t *id;
	size_t length;

	if (!place)
		return NULL;
	/* the segment begins after the last "/" before the placeholder */
	for (before = place; before > rule->path && before[-1] != '/'; before--)
		;
	after = place + strlen("{id}");
	end = location + strcspn(location, "?#");
	while (end > location && end[-1] == '/')
		end--;
	for (begin = end; begin > location && begin[-1] != '/'; begin--)
		;
	if ((size_t)(end - begin) <= (size_t)(place - before) ||
	    strncmp(begin, before, (size_t)(place - before)) != 0)
		return NULL;
	begin += place - before;
	/* what follows in the template's segment, such as ".json" */
	if (strcspn(after, "/?") < (size_t)(end - begin) &&
	    strncmp(end - strcspn(after, "/?"), after, strcspn(after, "/?")) == 0)
		end -= strcspn(after, "/?");
	escaped = strndup(begin, (size_t)(end - begin));
	bytes = escaped ? http_url_unescape(escaped, &length) : NULL;
	text = bytes ? id_text_of_bytes(bytes, length) : NULL;
	id = text && *text ? id_text_json(text) : NULL;
	free(text);
	free(bytes);
	free(escaped);
	return id;
}

/* Return the id of a new record as REPLY tells it, a new reference, or NULL. */
static json_t *told_id(const struct collection *collection, const struct http_reply *reply,
		       const json_t *body)
{
	const struct source_reply source = {.body = body, .headers = reply->headers};
	json_t *id = source_get(&collection->created_id, &source);
	char *location;

	if (id && (json_is_string(id) || json_is_integer(id)))
		return id;
	json_decref(id);
	location = source_header(reply->headers, "Location");
	id = location ? id_in_location(collection->item, location) : NULL;
	free(location);
	return id;
}

bool item_rule_create_takes(const struct collection *collection, const char *pointer)
{
	const struct rule_request *create = collection->create;
	char name[TEMPLATE_NAME_MAX];

	/* tables name members of the top level without the slash */
	snprintf(name, sizeof(name), "%s%s", *pointer == '/' ? "" : "/", pointer);
	return create && (template_has(create->path, name) || template_has(create->body, name));
}

/* Return the id that BODY, the new document, gives to the record by itself, a new reference, or
 * NULL. */
static json_t *given_id(const struct collection *collection, const json_t *body)
{
	const char *key = collection->id_keys[0];

	return item_rule_create_takes(collection, key) ? json_incref(pointer_get(body, key)) : NULL;
}

/*
 * Give *ANSWER, the record in REPLY to a creation from the document SENT, an id if it has none and
 * REPLY tells it, or SENT has given it.
 */
static void complete_id(const struct collection *collection, const struct http_reply *reply,
			const json_t *sent, json_t **answer)
{
	char buffer[COLLECTION_ID_MAX];
	json_t *body, *id;

	if (*answer && collection_id(collection, *answer, buffer))
		return;
	body = reply->body ? exchange_parse(reply->body, reply->length, NULL, 0) : NULL;
	id = told_id(collection, reply, body);
	if (!id)
		id = given_id(collection, sent);
	if (id) {
		json_decref(*answer);
		*answer = json_object();
		pointer_set(*answer, collection->id_keys[0], id);
	}
	json_decref(body);
}

/* ---- sending ---- */

/* Send REQUEST of CHANGE, and judge the response. */
static enum vendor_outcome send_once(struct call *call, struct account *account,
				     const struct item_rule_change *change, struct request *request,
				     struct http_reply *reply)
{
	request->http.rests = change->rests;
	request->http.if_match = change->etag;
	return item_answer_judge(reply, exchange(call, account,
						 change->id ? EXCHANGE_CHANGE : EXCHANGE_RECORD,
						 &request->http, reply));
}

/* Return true if the record of CHANGE is there: its 404 is about the method. */
static bool is_there(struct call *call, struct account *account,
		     const struct item_rule_change *change)
{
	struct http_reply reply = {0};
	struct call look;
	bool there;

	if (!change->id || !change->collection->item)
		return false;
	call_continue(&look, call);
	there = !item_rule_get(&look, account, change->collection, change->values->parent,
			       change->values->id, false, &reply);
	http_reply_clear(&reply);
	call_destroy(&look);
	return there;
}

/* Return true if REPLY says that the server has no such method for the record of CHANGE. Servers of
 * SCIM without PATCH answer 501 to it (RFC 7644, section 3.5.2), or as if the record were missing.
 */
static bool lacks_method(struct call *call, struct account *account,
			 const struct item_rule_change *change, const struct http_reply *reply)
{
	const struct rule_update *update = change->collection->update;

	return reply->status == 405 ||
	       (update && update->patch &&
		(reply->status == 501 ||
		 (reply->status == 404 && is_there(call, account, change))));
}

/*
 * Send REQUEST of CHANGE. If the server lacks its method use its alternative from now on, or, if it
 * was that, forget it.
 */
static enum vendor_outcome send_any(struct call *call, struct account *account,
				    const struct item_rule_change *change, struct request *request,
				    struct http_reply *reply)
{
	const struct rule_request *alternative = change->rule->alternative;
	enum vendor_outcome outcome = send_once(call, account, change, request, reply);

	if (outcome != VENDOR_REFUSED || !alternative ||
	    !lacks_method(call, account, change, reply))
		return outcome;
	if (request->rule == alternative) {
		atomic_fetch_and(&account->alternatives, ~(1u << change->rule->alternative_bit));
		return outcome;
	}
	http_reply_clear(reply);
	request_clear(request);
	if (request_make(call, account, alternative, change->values, request))
		return VENDOR_REFUSED;
	outcome = send_once(call, account, change, request, reply);
	/* if this one is too late, it is what is tried first after the next read */
	if (outcome == VENDOR_DONE || outcome == VENDOR_STALE)
		request_prefer_alternative(account, change->rule);
	return outcome;
}

enum vendor_outcome item_rule_send(struct call *call, struct account *account,
				   const struct item_rule_change *change, json_t **answer)
{
	struct http_reply reply = {0};
	enum vendor_outcome outcome = VENDOR_REFUSED;
	struct request request;

	if (answer)
		*answer = NULL;
	if (request_make(call, account, change->rule, change->values, &request))
		goto out;
	outcome = send_any(call, account, change, &request, &reply);
	if (outcome == VENDOR_REFUSED && !reply.sent && !call->unasked)
		call_add_words(call, "; nothing was sent");
	if (outcome == VENDOR_DONE && answer)
		outcome = item_answer_take(call, account, change->collection, change->id, &reply,
					   answer);
	if (answer && change->id && change->no_record) {
		json_decref(*answer);
		*answer = NULL;
	}
	if (outcome == VENDOR_DONE && answer && !change->id)
		complete_id(change->collection, &reply, change->body, answer);
	if (change->body)
		item_answer_redact(call, change->collection, change->body);
out:
	request_clear(&request);
	http_reply_clear(&reply);
	return outcome;
}

/* Return VENDOR_REFUSED, and CALL fails, because the table has no request of KIND. */
static enum vendor_outcome no_request(struct call *call, const struct collection *collection,
				      const char *kind)
{
	call->status = 0;
	call_fail(call, CALL_UNSUPPORTED, "the vendor's API cannot %s its %s; nothing was sent",
		  kind, collection->name);
	return VENDOR_REFUSED;
}

/* Return VENDOR_REFUSED, and CALL fails, because a change needs an ETag that the vendor does not
 * send. */
static enum vendor_outcome no_etag(struct call *call)
{
	call->status = 0;
	call_fail(call, CALL_MALFORMED,
		  "a change needs an ETag, and the vendor sent none with the record; nothing was "
		  "sent");
	return VENDOR_REFUSED;
}

/*
 * The server has refused CHANGE, of FRESH to BODY, with PAYLOAD: send it in its plain form, if that
 * is another one. Returns as item_rule_send.
 */
static enum vendor_outcome put_plain(struct call *call, struct account *account,
				     const struct item_rule_change *change, const json_t *fresh,
				     const struct payload *payload, json_t **answer)
{
	struct item_rule_change other = *change;
	struct request_values values = *change->values;
	enum vendor_outcome outcome = VENDOR_REFUSED;
	struct payload plain;

	if (payload_update(call, change->collection, fresh, change->body, true, &plain))
		return VENDOR_REFUSED;
	if (!json_equal(plain.changes, payload->changes)) {
		values.changes = plain.changes;
		other.values = &values;
		outcome = item_rule_send(call, account, &other, answer);
		/* if this one is too late, it is what is tried first after the next read */
		if (outcome == VENDOR_DONE || outcome == VENDOR_STALE)
			atomic_store(&account->plain_paths, true);
	}
	payload_clear(&plain);
	return outcome;
}

enum vendor_outcome item_rule_put(struct call *call, struct account *account,
				  const struct collection *collection, const char *parent,
				  const char *id, const json_t *body, const char *etag,
				  json_t **answer)
{
	const struct rule_update *update = collection->update;
	const json_t *fresh = fresh_of(call);
	struct payload payload;
	struct item_rule_id own;
	struct request_values values;
	struct item_rule_change change;
	enum vendor_outcome outcome;
	bool plain = atomic_load(&account->plain_paths);

	*answer = NULL;
	if (!fresh) {
		call_fail(call, CALL_LATE, "a change must rest on a read; nothing was sent");
		return VENDOR_STALE;
	}
	if (!update)
		return no_request(call, collection, "change");
	if (update->if_match == RULE_IF_MATCH_REQUIRED && !etag)
		return no_etag(call);
	if (payload_update(call, collection, fresh, body, plain, &payload))
		return VENDOR_REFUSED;
	item_rule_own_id(collection, fresh, id, &own);
	values = (struct request_values){.id = own.path,
					 .own_id = own.json,
					 .parent = parent,
					 .changes = payload.changes,
					 .record = payload.record,
					 .shown = payload.shown};
	change = (struct item_rule_change){.collection = collection,
					   .rule = &update->request,
					   .values = &values,
					   .id = id,
					   .body = body,
					   .etag = update->if_match ? etag : NULL,
					   .rests = call->basis != NULL,
					   .no_record = update->other_answer};
	outcome = item_rule_send(call, account, &change, answer);
	if (outcome == VENDOR_REFUSED && update->patch && !plain && call->status == 400)
		outcome = put_plain(call, account, &change, fresh, &payload, answer);
	payload_clear(&payload);
	return outcome;
}

enum vendor_outcome item_rule_post(struct call *call, struct account *account,
				   const struct collection *collection, const char *parent,
				   const json_t *body, json_t **answer)
{
	struct payload payload;
	struct request_values values;
	struct item_rule_change change;
	enum vendor_outcome outcome;
	char buffer[COLLECTION_ID_MAX];

	*answer = NULL;
	if (!collection->create)
		return no_request(call, collection, "create");
	if (payload_create(call, collection, body, &payload))
		return VENDOR_REFUSED;
	values = (struct request_values){.parent = parent,
					 .member = collection->link
						       ? collection_id(collection, body, buffer)
						       : NULL,
					 .changes = payload.changes,
					 .record = payload.record,
					 .shown = payload.shown};
	change = (struct item_rule_change){.collection = collection,
					   .rule = collection->create,
					   .values = &values,
					   .body = body};
	outcome = item_rule_send(call, account, &change, answer);
	payload_clear(&payload);
	return outcome;
}

enum vendor_outcome item_rule_delete(struct call *call, struct account *account,
				     const struct collection *collection, const char *parent,
				     const char *id)
{
	const json_t *fresh = fresh_of(call);
	struct item_rule_id own;
	struct request_values values;
	struct item_rule_change change = {.collection = collection,
					  .rule = collection->remove,
					  .values = &values,
					  .id = id};
	enum vendor_outcome outcome;

	if (!collection->remove)
		return no_request(call, collection, "delete");
	item_rule_own_id(collection, fresh, id, &own);
	values = (struct request_values){.id = own.path,
					 .own_id = own.json,
					 .parent = parent,
					 .member = id,
					 .shown = fresh};
	outcome = item_rule_send(call, account, &change, NULL);
	/* it is gone, which is what was asked for */
	if (outcome == VENDOR_REFUSED && is_gone_status(collection, call->status)) {
		call->verdict = CALL_MISSING;
		outcome = VENDOR_DONE;
	}
	return outcome;
}
