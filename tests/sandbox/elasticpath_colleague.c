/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_colleague: changes that someone else makes at Elastic Path, and a look at what is
 * stored.
 *
 * This is the tests' way behind the API: no tokens, no rules. Objects are shown as they are stored;
 * one that is shown by itself has `_version` and, as a profile, `_secret_changes` and
 * `_secret_losses`.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include <string.h>

#include "document.h"
#include "elasticpath_parts.h"

#define ROOT "elasticpath/"

/* Where an order below /__sandbox/elasticpath/ leads. */
struct place {
	const char *name;
	const char *path; /* of a new object's links.self, below /v2/ */
	enum ep_kind kind;
	struct store *store; /* NULL: spread over a group */
	struct ep_group **group;
	const char *id; /* NULL: the collection */
};

static void fail(struct reply *reply, unsigned status, const char *words)
{
	reply_json(reply, status, json_pack("{s:s}", "error", words));
}

static void show(struct reply *reply, unsigned status, enum ep_kind kind,
		 const struct record *record)
{
	json_t *object = ep_parse(record);
	json_object_set_new(object, "_version", json_integer(record_version(record)));
	if (kind == EP_PROFILE) {
		json_object_set_new(object, "_secret_changes",
				    json_integer(record_password_changes(record)));
		json_object_set_new(object, "_secret_losses",
				    json_integer(record_password_losses(record)));
	}
	reply_json(reply, status, object);
}

static void show_store_locked(const struct store *store, struct reply *reply)
{
	for (size_t i = 0; i < store_count_locked(store); i++) {
		const struct record *record = store_at_locked(store, i);
		if (reply->body.data[reply->body.len - 1] != '[')
			text_add(&reply->body, ",", 1);
		text_add(&reply->body, record_text(record), record_len(record));
	}
}

static void show_all_locked(const struct place *place, struct reply *reply)
{
	reply_raw(reply, 200, "application/json", "[");
	if (place->store)
		show_store_locked(place->store, reply);
	const struct store *store = NULL;
	while (place->group && (store = ep_group_next_locked(*place->group, store, NULL)))
		show_store_locked(store, reply);
	text_str(&reply->body, "]");
}

/* The record and the store that it is in, NULL if there is none. */
static struct record *find_locked(const struct place *place, struct store **store)
{
	*store = place->store;
	if (place->store)
		return store_find_locked(place->store, place->id);
	while (place->group && (*store = ep_group_next_locked(*place->group, *store, NULL))) {
		struct record *record = store_find_locked(*store, place->id);
		if (record)
			return record;
	}
	return NULL;
}

static void remove_locked(struct elasticpath *ep, const struct place *place, struct store *store,
			  struct record *record)
{
	if (place->kind == EP_MEMBER)
		ep_remove_member_locked(ep, record);
	else if (place->kind == EP_ACCOUNT)
		ep_remove_account_locked(ep, record);
	else
		ep_remove_locked(ep, store, record);
}

static void patch_locked(struct elasticpath *ep, const struct place *place, json_t *change,
			 const struct request *request, struct reply *reply)
{
	const char *nulls = request_arg(request, "nulls");
	struct store *store = NULL;
	struct record *record = find_locked(place, &store);
	if (!record) {
		fail(reply, 404, "no such object");
	} else if (json_object_get(change, "id") || place->kind == EP_MEMBERSHIP) {
		fail(reply, 400, "an id and a membership stay as they are");
	} else {
		json_t *object = ep_parse(record);
		document_patch(object, change, nulls && strcmp(nulls, "keep") == 0);
		if (!json_object_get(change, "meta"))
			ep_touch(ep, place->kind, object);
		ep_save_locked(ep, place->kind, store, record, object);
		show(reply, 200, place->kind, record);
		json_decref(object);
	}
}

static void add_membership_locked(struct elasticpath *ep, const char *id, json_t *object,
				  struct reply *reply)
{
	const char *account = json_string_value(json_object_get(object, "account_id"));
	const char *member = json_string_value(json_object_get(object, "account_member_id"));
	char now[40];
	ep_now(ep, now, sizeof now);
	if (!account || !member || !store_find_locked(ep->accounts, account)) {
		fail(reply, 400, "account_id (of an account) and account_member_id are needed");
		return;
	}
	/* The one rule that applies here too: what has two of them can't be there. */
	if (ep_membership_locked(ep_group_store_locked(ep, &ep->memberships, account, true),
				 member)) {
		fail(reply, 409, "the member is already a member of the account");
		return;
	}
	struct ep_pair pair = {.account = account, .member = member};
	const struct record *record = ep_add_membership_locked(ep, &pair, id, now);
	if (record)
		show(reply, 201, EP_MEMBERSHIP, record);
	else
		fail(reply, 409, "that id is in use");
}

static void add_locked(struct elasticpath *ep, const struct place *place, json_t *object,
		       struct reply *reply)
{
	char made[EP_ID_MOST];
	const char *id = json_string_value(json_object_get(object, "id"));
	ep_new_id_locked(ep, made);
	id = id && *id ? id : made;
	if (place->kind == EP_MEMBERSHIP) {
		add_membership_locked(ep, id, object, reply);
		return;
	}
	const char *realm = json_string_value(json_object_get(object, "realm_id"));
	struct store *store = place->store;
	if (!store && realm && store_find_locked(ep->realms, realm))
		store = ep_group_store_locked(ep, place->group, realm, true);
	if (!store) {
		fail(reply, 400, "realm_id (of a realm) is needed");
		return;
	}
	json_object_del(object, "realm_id");
	struct text path = {0};
	text_fmt(&path, "/v2/%s/%s", place->path, id);
	json_t *whole = place->kind == EP_INFO ? json_copy(object)
					       : ep_new(ep, place->kind, id, path.data, object);
	/* Those that a new object has of its own may be given as well. */
	const char *name;
	json_t *value;
	json_object_foreach(object, name, value) {
		json_object_set(whole, name, value);
	}
	const struct record *record = ep_add_locked(ep, place->kind, store, id, whole);
	if (record)
		show(reply, 201, place->kind, record);
	else
		fail(reply, 409, "that id is in use");
	json_decref(whole);
	text_free(&path);
}

/* POST or PATCH. */
static void change_locked(struct elasticpath *ep, const struct place *place,
			  const struct request *request, struct reply *reply)
{
	char why[128];
	const char *bytes = request->body.data ? request->body.data : "";
	json_t *object = document_parse(bytes, request->body.len, why, sizeof why);
	if (!object)
		fail(reply, 400, why);
	else if (place->id)
		patch_locked(ep, place, object, request, reply);
	else
		add_locked(ep, place, object, reply);
	json_decref(object);
}

static void answer_locked(struct elasticpath *ep, const struct place *place,
			  const struct request *request, struct reply *reply)
{
	const char *method = request->method;
	bool fixed = place->kind == EP_SETTINGS;
	bool get = strcmp(method, "GET") == 0;
	bool remove = strcmp(method, "DELETE") == 0 && place->id && !fixed;
	if (get && !place->id) {
		show_all_locked(place, reply);
	} else if (get || remove) {
		struct store *store = NULL;
		struct record *record = find_locked(place, &store);
		if (record)
			show(reply, 200, place->kind, record);
		else
			fail(reply, 404, "no such object");
		if (record && remove)
			remove_locked(ep, place, store, record);
	} else if (strcmp(method, place->id ? "PATCH" : "POST") == 0) {
		change_locked(ep, place, request, reply);
	} else {
		fail(reply, 405, "a collection: GET, POST; an object: GET, PATCH, DELETE");
	}
}

static bool find_place(struct elasticpath *ep, const char *below, struct place *place)
{
	const struct place places[] = {
	    {"members", "account-members", EP_MEMBER, ep->members, NULL, NULL},
	    {"infos", "", EP_INFO, ep->infos, NULL, NULL},
	    {"accounts", "accounts", EP_ACCOUNT, ep->accounts, NULL, NULL},
	    {"memberships", "", EP_MEMBERSHIP, NULL, &ep->memberships, NULL},
	    {"settings", "settings", EP_SETTINGS, ep->settings, NULL, EP_SETTINGS_ID},
	    {"realms", "authentication-realms", EP_REALM, ep->realms, NULL, NULL},
	    {"oidc-profiles", "oidc-profiles", EP_PROFILE, NULL, &ep->profiles, NULL},
	};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		size_t len = strlen(places[i].name);
		if (strncmp(below, places[i].name, len) != 0)
			continue;
		*place = places[i];
		if (below[len] == '/' && below[len + 1] && !place->id)
			place->id = below + len + 1;
		else if (below[len])
			continue;
		return true;
	}
	return false;
}

bool ep_colleague(void *self, const struct request *request, const char *below, struct reply *reply)
{
	struct elasticpath *ep = self;
	struct place place;
	if (strncmp(below, ROOT, strlen(ROOT)) != 0)
		return false;
	below += strlen(ROOT);
	if (strcmp(below, "tokens") == 0 && strcmp(request->method, "GET") == 0) {
		reply_json(reply, 200, ep_tokens_json(ep));
		return true;
	}
	if (!find_place(ep, below, &place))
		return false;
	pthread_mutex_lock(&ep->lock);
	answer_locked(ep, &place, request, reply);
	pthread_mutex_unlock(&ep->lock);
	return true;
}
