/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnerize_colleague: changes that someone else makes at Partnerize, and a look at what is
 * stored.
 *
 * This is the tests' way behind the API: no credentials, no rules. A colleague in the vendor's own
 * web pages may set a status that no document knows, or give two users one e-mail; and a test may
 * read what the API never shows, such as how often a password was set.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "partnerize_parts.h"

static void fail(struct reply *reply, unsigned status, const char *words)
{
	reply_json(reply, status, json_pack("{s:s}", "error", words));
}

static void show(struct reply *reply, unsigned status, const struct record *record)
{
	json_t *user = user_parse(record);
	unsigned changes = record_password_changes(record);
	json_object_set_new(user, "_password_changes", json_integer(changes));
	json_object_set_new(user, "_version", json_integer(record_version(record)));
	reply_json(reply, status, user);
}

static void show_all(struct partnerize *p, struct reply *reply)
{
	reply_raw(reply, 200, "application/json", "[");
	store_lock(p->store);
	for (size_t i = 0; i < store_count_locked(p->store); i++) {
		const struct record *record = store_at_locked(p->store, i);
		if (i)
			text_add(&reply->body, ",", 1);
		text_add(&reply->body, record_text(record), record_len(record));
	}
	store_unlock(p->store);
	text_str(&reply->body, "]");
}

/* The id as text of a user that a test made up; "" if it gave none, or not such a thing. */
static void given_id(const json_t *object, char *id, size_t size)
{
	const json_t *given = json_object_get(object, "user_id");
	id[0] = '\0';
	if (json_is_integer(given))
		snprintf(id, size, "%lld", (long long)json_integer_value(given));
	else if (json_is_string(given) && json_string_length(given) < size)
		snprintf(id, size, "%s", json_string_value(given));
}

static void add(struct partnerize *p, json_t *object, struct reply *reply)
{
	char id[512];
	given_id(object, id, sizeof id);
	store_lock(p->store);
	while (!id[0] || (!json_object_get(object, "user_id") && store_find_locked(p->store, id)))
		user_id(p, p->next++, id);
	json_t *user = user_new(p, id);
	json_object_update(user, object);
	const struct record *record = user_add_locked(p, id, user);
	if (record)
		show(reply, 201, record);
	else
		fail(reply, 409, "that id is in use");
	store_unlock(p->store);
	json_decref(user);
}

static void patch(struct partnerize *p, const char *id, json_t *object, bool keep_nulls,
		  struct reply *reply)
{
	store_lock(p->store);
	struct record *record = store_find_locked(p->store, id);
	if (!record) {
		fail(reply, 404, "no such user");
	} else if (json_object_get(object, "user_id")) {
		fail(reply, 400, "user_id names the record and stays");
	} else {
		json_t *user = user_parse(record);
		document_patch(user, object, keep_nulls);
		if (!json_object_get(object, "updated_at"))
			user_touch(p, user);
		user_save_locked(p, record, user);
		show(reply, 200, record);
		json_decref(user);
	}
	store_unlock(p->store);
}

static void show_or_remove(struct partnerize *p, const char *id, bool keep, struct reply *reply)
{
	store_lock(p->store);
	struct record *record = store_find_locked(p->store, id);
	if (!record)
		fail(reply, 404, "no such user");
	else
		show(reply, 200, record);
	if (record && !keep)
		store_remove_locked(p->store, record);
	store_unlock(p->store);
}

static void change(struct partnerize *p, const struct request *request, const char *id,
		   struct reply *reply)
{
	char why[128];
	const char *bytes = request->body.data ? request->body.data : "";
	json_t *object = document_parse(bytes, request->body.len, why, sizeof why);
	const char *nulls = request_arg(request, "nulls");
	if (!object)
		fail(reply, 400, why);
	else if (id)
		patch(p, id, object, nulls && strcmp(nulls, "keep") == 0, reply);
	else
		add(p, object, reply);
	json_decref(object);
}

bool partnerize_colleague(void *self, const struct request *request, const char *below,
			  struct reply *reply)
{
	struct partnerize *p = self;
	const char *id = strncmp(below, "users/", 6) == 0 ? below + 6 : NULL;
	const char *method = request->method;
	if (!id && strcmp(below, "users") != 0)
		return false;
	if (strcmp(method, "GET") == 0 && !id)
		show_all(p, reply);
	else if (strcmp(method, "GET") == 0 || (strcmp(method, "DELETE") == 0 && id))
		show_or_remove(p, id, strcmp(method, "GET") == 0, reply);
	else if (strcmp(method, id ? "PATCH" : "POST") == 0)
		change(p, request, id, reply);
	else
		fail(reply, 405, "users: GET, POST; users/ID: GET, PATCH, DELETE");
	return true;
}
