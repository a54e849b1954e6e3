/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_colleague: changes that someone else makes at a generic vendor, and a look at what is
 * stored.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include <stdlib.h>
#include <string.h>

#include "generic_parts.h"
#include "tests/sandbox/document.h"

static void fail(struct reply *reply, unsigned status, const char *words)
{
	reply_json(reply, status, json_pack("{s:s}", "error", words));
}

/* Return RECORD with what the sandbox knows about it, a new reference. */
static json_t *shown(const struct generic *g, const struct record *record)
{
	json_t *json = record_json(record);
	const char *state = status_of(g, json);
	json_object_set_new(json, "_id", json_string(record_id(record)));
	json_object_set_new(json, "_version", json_integer(record_version(record)));
	json_object_set_new(json, "_state", state ? json_string(state) : json_null());
	json_object_set_new(json, "_password_changes",
			    json_integer(record_password_changes(record)));
	json_object_set_new(json, "_password_losses", json_integer(record_password_losses(record)));
	return json;
}

static void show(const struct generic *g, struct reply *reply, unsigned status,
		 const struct record *record)
{
	reply_json(reply, status, shown(g, record));
}

static void show_all(const struct generic *g, struct store *store, struct reply *reply)
{
	json_t *all = json_array();
	for (size_t i = 0; i < store_count_locked(store); i++)
		json_array_append_new(all, shown(g, store_at_locked(store, i)));
	reply_json(reply, 200, all);
}

/* A user that a test made up: as a seeded one, with the members given. */
static void add_locked(struct generic *g, json_t *object, struct reply *reply)
{
	char id[GENERIC_ID_MOST];
	const char *id_at = record_field(g, "id");
	const json_t *given = pointer_get(object, id_at);
	json_t *user = record_seed(g, g->next);
	if (json_is_string(given))
		snprintf(id, sizeof id, "%s", json_string_value(given));
	else if (json_is_integer(given))
		snprintf(id, sizeof id, "%lld", (long long)json_integer_value(given));
	else
		record_id_of(g, g->next, id);
	g->next++;
	document_patch(user, object, true);
	const struct record *record = record_add_locked(g, id, user);
	if (record)
		show(g, reply, 201, record);
	else
		fail(reply, 409, "that id is in use");
	json_decref(user);
}

/* A merge patch without rules; {"_state": NAME} puts the user into a state. */
static void patch_locked(struct generic *g, struct store *store, struct record *record,
			 json_t *object, bool keep_nulls, struct reply *reply)
{
	json_t *json = record_json(record);
	const char *state = json_string_value(json_object_get(object, "_state"));
	bool known = !state || play_part(play_part(play_part(g->play, "status"), "states"), state);
	if (!known) {
		fail(reply, 400, "no such state");
	} else {
		if (state)
			status_put(g, json, state);
		json_object_del(object, "_state");
		document_patch(json, object, keep_nulls);
		char *text = document_text(json, false);
		if (store == g->store)
			record_touch(g, json);
		if (store == g->store)
			record_save_locked(g, record, json);
		else
			store_change_locked(store, record, NULL, text, strlen(text));
		free(text);
		show(g, reply, 200, record);
	}
	json_decref(json);
}

static void one_locked(struct generic *g, struct store *store, const struct request *request,
		       const char *id, json_t *object, struct reply *reply)
{
	struct record *record = store_find_locked(store, id);
	const char *nulls = request_arg(request, "nulls");
	if (!record)
		fail(reply, 404, "no such record");
	else if (object)
		patch_locked(g, store, record, object, nulls && strcmp(nulls, "keep") == 0, reply);
	else
		show(g, reply, 200, record);
	if (record && strcmp(request->method, "DELETE") == 0)
		store_remove_locked(store, record);
}

/* An order for users or places; id is NULL for all. */
static void order(struct generic *g, const struct request *request, bool users, const char *id,
		  struct reply *reply)
{
	char why[128];
	const char *bytes = request->body.data ? request->body.data : "";
	const char *method = request->method;
	struct store *store = users ? g->store : g->places;
	bool brings = strcmp(method, id ? "PATCH" : "POST") == 0 && (users || id);
	json_t *object = brings ? document_parse(bytes, request->body.len, why, sizeof why) : NULL;
	store_lock(g->store);
	if (brings && !object)
		fail(reply, 400, why);
	else if (id &&
		 (brings || strcmp(method, "GET") == 0 || (strcmp(method, "DELETE") == 0 && users)))
		one_locked(g, store, request, id, object, reply);
	else if (!id && brings)
		add_locked(g, object, reply);
	else if (!id && strcmp(method, "GET") == 0)
		show_all(g, store, reply);
	else
		fail(reply, 405,
		     "users: GET, POST; users/ID: GET, PATCH, DELETE; places: GET; "
		     "places/ID: GET, PATCH");
	store_unlock(g->store);
	json_decref(object);
}

bool generic_colleague(void *self, const struct request *request, const char *below,
		       struct reply *reply)
{
	struct generic *g = self;
	size_t len = strlen(g->name);
	if (strncmp(below, g->name, len) != 0 || (below[len] && below[len] != '/'))
		return false;
	const char *what = below[len] ? below + len + 1 : "";
	bool places = strncmp(what, "places", 6) == 0;
	const char *rest = strncmp(what, "users", 5) == 0 ? what + 5 : places ? what + 6 : NULL;
	if (rest && (!*rest || *rest == '/')) {
		order(g, request, !places, *rest ? rest + 1 : NULL, reply);
		return true;
	}
	if (strcmp(request->method, "GET") != 0 || (*what && strcmp(what, "tokens") != 0))
		return false;
	store_lock(g->store);
	if (*what)
		reply_json(reply, 200,
			   json_pack("{s:I,s:s}", "issued", (json_int_t)g->issued, "refresh",
				     g->refresh ? g->refresh : ""));
	else
		reply_json(reply, 200,
			   json_pack("{s:s+,s:s,s:I,s:O*}", "path", "/", g->name, "name", g->name,
				     "users", (json_int_t)store_count_locked(g->store),
				     "credentials", play_part(g->play, "credentials")));
	store_unlock(g->store);
	return true;
}
