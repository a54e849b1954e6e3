/*
 * item.c - one record at the vendor: fetch it, replace it.
 *
 * Knows paths and envelopes from the collection's table, and what an answer to a change proves. It
 * does not know what changed, nor who may change it: cache/update does.
 */
#include "vendors/vendor.h"

#include "vendors/call.h"
#include "vendors/exchange.h"
#include "vendors/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "/user/" and the id, escaped; the caller frees. */
static char *item_path(const struct collection *collection, const char *id)
{
	char *escaped = http_escape(id);
	char *path = NULL;

	if (escaped && asprintf(&path, "%s%s", collection->item_path, escaped) < 0)
		path = NULL;
	free(escaped);
	return path;
}

/* The record in ANSWER: it must be one, and the one that was asked for. */
static int take_record(struct call *call, const struct collection *collection, json_t *answer,
		       const char *id, json_t **record)
{
	json_t *found = collection_unwrap(collection, answer);
	char buffer[24];
	const char *found_id = collection_id(collection, found, buffer);

	if (!found)
		return call_fail(call, EREMOTEIO, "the answer holds no \"%s\"",
				 collection->item_key);
	if (!found_id || strcmp(found_id, id) != 0)
		return call_fail(call, EREMOTEIO, "the answer is about another record: %s \"%s\"",
				 collection->id_key, found_id ? found_id : "");
	*record = json_incref(found);
	collection_hide(collection, found);
	return 0;
}

int vendor_get(struct call *call, struct account *account, const struct collection *collection,
	       const char *id, json_t **record, char **etag)
{
	struct http_request request = {.method = "GET", .repeatable = true};
	struct http_reply reply = {0};
	char *path = item_path(collection, id);
	json_t *answer = NULL;
	int error = -ENOMEM;

	if (!path)
		goto out;
	request.path = path;
	error = exchange(call, account, &request, &reply);
	if (error)
		goto out;
	answer = exchange_json(call, account, &reply);
	error = answer ? take_record(call, collection, answer, id, record) : -EREMOTEIO;
	if (!error && etag) {
		*etag = reply.etag;
		reply.etag = NULL;
	}
out:
	json_decref(answer);
	http_reply_clear(&reply);
	free(path);
	return error;
}

/* What the reply to a change proves. ERROR is the verdict on it. */
static enum vendor_outcome outcome(const struct http_reply *reply, int error)
{
	if (!error)
		return VENDOR_DONE;
	if (!reply->status)
		return reply->sent ? VENDOR_UNKNOWN : VENDOR_REFUSED;
	if (reply->status == 409 || reply->status == 412)
		return VENDOR_CHANGED;
	if (reply->error || reply->status == 408 ||
	    (reply->status >= 500 && reply->status != 501 && reply->status != 505))
		return VENDOR_UNKNOWN;
	return VENDOR_REFUSED;
}

static enum vendor_outcome send_change(struct call *call, struct account *account,
				       struct http_request *request, struct http_reply *reply)
{
	enum vendor_outcome result = outcome(reply, exchange(call, account, request, reply));

	/* PUT is what the guide says; POST to the item is what Partnerize's own 2020 documents say.
	 */
	if (result == VENDOR_REFUSED && reply->status == 405 &&
	    strcmp(request->method, "PUT") == 0) {
		http_reply_clear(reply);
		request->method = "POST";
		result = outcome(reply, exchange(call, account, request, reply));
		if (result == VENDOR_DONE)
			atomic_store(&account->updates_by_post, true);
	}
	return result;
}

/* C as it stands in a call's words. */
static char shown(char c)
{
	return (char)((unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
}

/* A vendor that quotes a password it refuses must not bring it into the log. */
static void redact_written(struct call *call, const struct collection *collection,
			   const json_t *body)
{
	char first[6];

	for (const struct field *field = collection->fields; field->name; field++) {
		const char *value = json_string_value(json_object_get(body, field->name));

		if (!(field->flags & FIELD_WRITE_ONLY) || !value || !*value)
			continue;
		/* by its first letters: the words may have been cut */
		snprintf(first, sizeof(first), "%s", value);
		for (char *c = first; *c; c++)
			*c = shown(*c);
		for (char *at = strstr(call->words, first); at; at = strstr(at, first)) {
			for (const char *same = value; *same && *at == shown(*same); same++)
				*at++ = '*';
		}
	}
}

enum vendor_outcome vendor_put(struct call *call, struct account *account,
			       const struct collection *collection, const char *id,
			       const json_t *body, const char *etag, json_t **answer)
{
	struct http_request request = {.method = "PUT"};
	struct http_reply reply = {0};
	enum vendor_outcome result = VENDOR_REFUSED;
	char *path = item_path(collection, id);
	char *text = json_dumps(body, JSON_COMPACT);
	json_t *parsed, *record;

	*answer = NULL;
	if (!path || !text) {
		call_fail(call, ENOMEM, "no memory");
		goto out;
	}
	if (atomic_load(&account->updates_by_post))
		request.method = "POST";
	request.path = path;
	request.body = text;
	request.body_length = strlen(text);
	request.if_match = etag;
	result = send_change(call, account, &request, &reply);
	redact_written(call, collection, body);
	if (result == VENDOR_DONE && reply.length) {
		parsed = exchange_json(call, account, &reply);
		if (!parsed)
			result = VENDOR_UNKNOWN; /* an HTML page with status 200 promises nothing */
		record = collection_unwrap(collection, parsed);
		if (record) {
			*answer = json_incref(record);
			collection_hide(collection, record);
		}
		json_decref(parsed);
	}
out:
	if (text)
		explicit_bzero(text, strlen(text)); /* it may hold a password */
	free(text);
	free(path);
	http_reply_clear(&reply);
	return result;
}
