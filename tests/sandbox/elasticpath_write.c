/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_write: making and changing one object at the simulated Elastic Path.
 *
 * Bodies are {"data":{...}} with the right type. The guide's warning is taken at its worst: what a
 * PUT leaves out is reset, and its answer shows only what was sent. In the documents' form a PUT of
 * an account member is 200 and changes nothing but flow fields, as names and e-mail addresses
 * belong to the user-authentication-info of the same id.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "document.h"
#include "elasticpath_parts.h"
#include "etag.h"

#define REALMS "/v2/authentication-realms/"

json_t *ep_body(struct ep_ask *ask, const char *type)
{
	const struct request *request = ask->request;
	const char *media = request_header(request, "Content-Type");
	size_t len = media ? strcspn(media, "; \t") : 0;
	if (len != strlen("application/json") || strncasecmp(media, "application/json", len) != 0) {
		ep_error(ask->ep, ask->reply, 415, "Unsupported Media Type",
			 "Content-Type must be application/json.");
		return NULL;
	}
	char why[128] = "data must be an object";
	json_t *body = document_parse(request->body.data ? request->body.data : "",
				      request->body.len, why, sizeof why);
	json_t *data = json_object_get(body, "data");
	const char *given = json_string_value(json_object_get(data, "type"));
	if (json_is_object(data) && (!given || strcmp(given, type) != 0))
		snprintf(why, sizeof why, "data.type must be %s", type);
	else if (json_is_object(data) && json_object_size(body) > 1)
		snprintf(why, sizeof why, "there must be nothing besides data");
	else if (json_is_object(data))
		why[0] = '\0';
	data = why[0] ? NULL : json_incref(data);
	json_decref(body);
	if (data && settings_get(ask->ep->options.settings).trim)
		document_trim(data);
	if (!data)
		ep_error(ask->ep, ask->reply, 400, "Bad Request", "Bad request: %s.", why);
	return data;
}

/* ---- making ---- */

/* A secret is stored nowhere; that it was set is counted. */
static bool sets_secret(enum ep_kind kind, json_t *data)
{
	return kind == EP_PROFILE && json_object_get(data, "client_secret");
}

/* below: the collection's path. The reply is set. */
static void create_locked(struct ep_ask *ask, enum ep_kind kind, struct store *store,
			  const char *below, json_t *data)
{
	struct elasticpath *ep = ask->ep;
	/* The info is the writable half of a member. */
	enum ep_kind stored = kind == EP_INFO ? EP_MEMBER : kind;
	struct text path = {0};
	char id[EP_ID_MOST];
	if (ask->fault->kind == FAULT_NORMALISE)
		ep_normalise(data, ask->fault);
	ep_new_id_locked(ep, id);
	text_fmt(&path, "%s%s", below, id);
	json_t *object = ep_new(ep, stored, id, path.data, data);
	if (ask->fault->kind != FAULT_NOT_APPLIED) {
		struct record *record = ep_add_locked(ep, stored, store, id, object);
		if (sets_secret(kind, data))
			record_password_changed(record);
	}
	if (kind == EP_INFO) {
		json_t *info = ep_info(ask->ep, object);
		json_decref(object);
		object = info;
	}
	ep_reply(ask, kind, 201, object);
	text_free(&path);
}

/* False with the reply set. */
static bool checked(struct ep_ask *ask, enum ep_kind kind, const char *id, json_t *old,
		    json_t *data)
{
	char why[160];
	if (ep_check(ask->ep, kind, id, old, data, why, sizeof why))
		return true;
	ep_invalid(ask, why);
	return false;
}

/* Whether another account has the registration_id; then the reply is set. */
static bool registration_taken_locked(struct ep_ask *ask, json_t *data, const struct record *but)
{
	struct elasticpath *ep = ask->ep;
	const char *wanted = json_string_value(json_object_get(data, "registration_id"));
	struct text has = {0};
	bool taken = false;
	for (size_t i = 0; wanted && !taken && i < store_count_locked(ep->accounts); i++) {
		const struct record *account = store_at_locked(ep->accounts, i);
		taken = account != but && ep_string(EP_ACCOUNT, account, "registration_id", &has) &&
			strcmp(has.data, wanted) == 0;
	}
	text_free(&has);
	if (taken)
		ep_error(ep, ask->reply, 409, "Conflict", "registration_id %s is in use.", wanted);
	return taken;
}

/* Whether the realm refuses a second user with that e-mail address; then the reply is set. */
static bool email_taken_locked(struct ep_ask *ask, json_t *data, const struct record *but)
{
	struct elasticpath *ep = ask->ep;
	const char *email = document_email(json_object_get(data, "email"));
	const struct record *realm = store_find_locked(ep->realms, ep->realm);
	struct text policy = {0};
	bool one = realm && ep_string(EP_REALM, realm, "duplicate_email_policy", &policy) &&
		   strcmp(policy.data, "disallowed") == 0;
	text_free(&policy);
	if (!one || !email || !store_email_locked(ep->members, email, but))
		return false;
	/* The documents list no 409 here. */
	if (ep_documents(ep))
		ep_invalid(ask, "A user with that email already exists in the realm.");
	else
		ep_error(ep, ask->reply, 409, "Conflict", "A user with that email already exists.");
	return true;
}

void ep_post_account(struct ep_ask *ask)
{
	struct elasticpath *ep = ask->ep;
	json_t *data = ep_body(ask, ep_type(EP_ACCOUNT));
	if (!data || !checked(ask, EP_ACCOUNT, NULL, NULL, data))
		goto out;
	pthread_mutex_lock(&ep->lock);
	const char *parent = json_string_value(json_object_get(data, "parent_id"));
	if (parent && !store_find_locked(ep->accounts, parent))
		ep_invalid(ask, "parent_id is no account's");
	else if (!registration_taken_locked(ask, data, NULL))
		create_locked(ask, EP_ACCOUNT, ep->accounts, "/v2/accounts/", data);
	pthread_mutex_unlock(&ep->lock);
out:
	json_decref(data);
}

void ep_post_info(struct ep_ask *ask)
{
	struct elasticpath *ep = ask->ep;
	json_t *data = ep_body(ask, ep_type(EP_INFO));
	if (!data || !checked(ask, EP_INFO, NULL, NULL, data))
		goto out;
	pthread_mutex_lock(&ep->lock);
	if (ep_members_realm_locked(ask) && !email_taken_locked(ask, data, NULL))
		create_locked(ask, EP_INFO, ep->members, "/v2/account-members/", data);
	pthread_mutex_unlock(&ep->lock);
out:
	json_decref(data);
}

void ep_post_realm(struct ep_ask *ask)
{
	json_t *data = ep_body(ask, ep_type(EP_REALM));
	if (!data || !checked(ask, EP_REALM, NULL, NULL, data))
		goto out;
	pthread_mutex_lock(&ask->ep->lock);
	create_locked(ask, EP_REALM, ask->ep->realms, REALMS, data);
	pthread_mutex_unlock(&ask->ep->lock);
out:
	json_decref(data);
}

void ep_post_profile(struct ep_ask *ask)
{
	struct text path = {0};
	text_fmt(&path, REALMS "%s/oidc-profiles/", ask->id[0]);
	json_t *data = ep_body(ask, ep_type(EP_PROFILE));
	if (!data || !checked(ask, EP_PROFILE, NULL, NULL, data))
		goto out;
	pthread_mutex_lock(&ask->ep->lock);
	struct store *store = ep_profiles_locked(ask);
	if (store)
		create_locked(ask, EP_PROFILE, store, path.data, data);
	pthread_mutex_unlock(&ask->ep->lock);
out:
	json_decref(data);
	text_free(&path);
}

static void create_membership_locked(struct ep_ask *ask, const char *member)
{
	struct elasticpath *ep = ask->ep;
	const struct store *store = ep_memberships_locked(ask);
	if (!store || !ep_find_locked(ask, EP_MEMBER, ep->members, member))
		return;
	if (ep_membership_locked(store, member)) {
		ep_error(ep, ask->reply, 409, "Conflict",
			 "The account member is already a member of this account.");
		return;
	}
	struct ep_pair pair = {.account = ask->id[0], .member = member};
	struct text text = {0};
	char id[EP_ID_MOST];
	char now[40];
	ep_now(ep, now, sizeof now);
	ep_new_id_locked(ep, id);
	ep_membership_text(ep, &pair, id, now, &text);
	if (ask->fault->kind != FAULT_NOT_APPLIED)
		ep_add_membership_locked(ep, &pair, id, now);
	ep_reply(ask, EP_MEMBERSHIP, 201, json_loadb(text.data, text.len, JSON_ALLOW_NUL, NULL));
	text_free(&text);
}

void ep_post_membership(struct ep_ask *ask)
{
	json_t *data = ep_body(ask, ep_type(EP_MEMBERSHIP));
	if (!data || !checked(ask, EP_MEMBERSHIP, NULL, NULL, data))
		goto out;
	const char *member = json_string_value(json_object_get(data, "account_member_id"));
	pthread_mutex_lock(&ask->ep->lock);
	create_membership_locked(ask, member);
	pthread_mutex_unlock(&ask->ep->lock);
out:
	json_decref(data);
}

/* ---- changing ---- */

/* False with the reply set: the ETag demanded is missing or another one. */
static bool matches(struct ep_ask *ask, const struct record *record)
{
	struct settings_values settings = settings_get(ask->ep->options.settings);
	if (etag_check(&settings, ask->request, record_version(record)) == ETAG_PASSES)
		return true;
	ep_error(ask->ep, ask->reply, 412, "Precondition Failed",
		 "If-Match with the object's ETag is required.");
	return false;
}

/* The whole object; or, as in the guide's example, what was sent. */
static void reply_updated(struct ep_ask *ask, enum ep_kind kind, json_t *old, json_t *object,
			  json_t *data)
{
	enum put_answer answer = settings_get(ask->ep->options.settings).put_answer;
	json_t *member = answer == PUT_OLD ? old : object;
	json_t *whole = kind == EP_INFO ? ep_info(ask->ep, member) : json_incref(member);
	if (answer == PUT_UNSTAMPED)
		ep_unstamp(whole);
	if (answer == PUT_EMPTY) {
		reply_raw(ask->reply, 204, NULL, "");
	} else if (answer == PUT_CHANGED && !ep_documents(ask->ep)) {
		json_t *shown = json_object();
		const char *name;
		json_t *value;
		json_object_foreach(whole, name, value) {
			if (strcmp(name, "id") == 0 || strcmp(name, "type") == 0 ||
			    json_object_get(data, name))
				json_object_set(shown, name, value);
		}
		ep_reply(ask, kind, 200, shown);
	} else {
		ep_reply(ask, kind, 200, json_incref(whole));
	}
	json_decref(whole);
}

/* With the fault, answers another object than the one that was changed. */
static bool reply_other_locked(struct ep_ask *ask, enum ep_kind kind, const struct store *store,
			       const struct record *record)
{
	if (ask->fault->kind != FAULT_WRONG_USER || store_count_locked(store) < 2)
		return false;
	record = store_at_locked(store, record == store_at_locked(store, 0) ? 1 : 0);
	json_t *other = ep_parse(record);
	ep_reply(ask, kind, 200, kind == EP_INFO ? ep_info(ask->ep, other) : json_incref(other));
	json_decref(other);
	return true;
}

/* The reply is set. The fields were checked. */
static void update_locked(struct ep_ask *ask, enum ep_kind kind, struct store *store,
			  struct record *record, json_t *data)
{
	struct elasticpath *ep = ask->ep;
	/* Of an info's fields none but its own are reset: flow fields are the member's. */
	enum ep_kind stored = kind == EP_INFO ? EP_MEMBER : kind;
	json_t *old = ep_parse(record);
	json_t *object = NULL;
	if (ask->fault->kind == FAULT_NORMALISE)
		ep_normalise(data, ask->fault);
	if (ask->fault->kind == FAULT_NOT_APPLIED) {
		ep_reply(ask, kind, 200,
			 kind == EP_INFO ? ep_info(ask->ep, old) : json_incref(old));
	} else {
		object = kind == EP_INFO && ep_info_differs(ep, old)
			     ? ep_info_replaced_locked(ep, old, data)
			     : ep_updated(ep, kind, old, data);
		if (sets_secret(kind, data))
			record_password_changed(record);
		else if (ep_newest_form(ep, kind))
			record_password_lost(record);
		if (sets_secret(kind, data) || !json_equal(old, object)) {
			json_t *whole = json_deep_copy(object);
			ep_touch(ep, stored, whole);
			ep_save_locked(ep, stored, store, record, whole);
			json_decref(object);
			object = whole;
		}
		if (!reply_other_locked(ask, kind, store, record))
			reply_updated(ask, kind, old, object, data);
	}
	json_decref(old);
	json_decref(object);
}

/* For kinds that may be written when their fields are right. */
static void put_locked(struct ep_ask *ask, enum ep_kind kind, struct store *store, const char *id,
		       json_t *data)
{
	struct record *record = store ? ep_find_locked(ask, kind, store, id) : NULL;
	if (!record)
		return;
	json_t *old = ep_parse(record);
	if (kind == EP_INFO) {
		json_t *info = ep_info(ask->ep, old);
		json_decref(old);
		old = info;
	}
	bool good = matches(ask, record) && checked(ask, kind, id, old, data);
	json_decref(old);
	bool email = kind == EP_INFO || (kind == EP_MEMBER && !ep_documents(ask->ep));
	if (!good || (kind == EP_ACCOUNT && registration_taken_locked(ask, data, record)) ||
	    (email && email_taken_locked(ask, data, record)))
		return;
	update_locked(ask, kind, store, record, data);
}

static void put(struct ep_ask *ask, enum ep_kind kind, struct store *store, const char *id)
{
	json_t *data = ep_body(ask, ep_type(kind));
	if (!data)
		return;
	pthread_mutex_lock(&ask->ep->lock);
	put_locked(ask, kind, store, id, data);
	pthread_mutex_unlock(&ask->ep->lock);
	json_decref(data);
}

void ep_put_member(struct ep_ask *ask)
{
	put(ask, EP_MEMBER, ask->ep->members, ask->id[0]);
}

void ep_put_account(struct ep_ask *ask)
{
	put(ask, EP_ACCOUNT, ask->ep->accounts, ask->id[0]);
}

void ep_put_realm(struct ep_ask *ask)
{
	put(ask, EP_REALM, ask->ep->realms, ask->id[0]);
}

void ep_put_info(struct ep_ask *ask)
{
	json_t *data = ep_body(ask, ep_type(EP_INFO));
	if (!data)
		return;
	pthread_mutex_lock(&ask->ep->lock);
	if (ep_members_realm_locked(ask))
		put_locked(ask, EP_INFO, ask->ep->members, ask->id[1], data);
	pthread_mutex_unlock(&ask->ep->lock);
	json_decref(data);
}

void ep_put_profile(struct ep_ask *ask)
{
	json_t *data = ep_body(ask, ep_type(EP_PROFILE));
	if (!data)
		return;
	pthread_mutex_lock(&ask->ep->lock);
	put_locked(ask, EP_PROFILE, ep_profiles_locked(ask), ask->id[1], data);
	pthread_mutex_unlock(&ask->ep->lock);
	json_decref(data);
}

/* "To reference the realm", says the guide, and not how: the documents' form is taken, and must
 * name a realm that there is. In the documents' requests there is none. Takes it out of data; false
 * with the reply set. */
static bool names_realm_locked(struct ep_ask *ask, json_t *data)
{
	json_t *related = json_object_get(data, "relationships");
	if (!related)
		return true;
	const json_t *realm = json_object_get(json_object_get(related, "authentication_realm"),
					      "data");
	const char *id = json_string_value(json_object_get(realm, "id"));
	bool known = id && store_find_locked(ask->ep->realms, id);
	if (!known || ep_documents(ask->ep)) {
		ep_invalid(ask, ep_documents(ask->ep)
				    ? "relationships is read-only"
				    : "relationships must name an authentication realm");
		return false;
	}
	json_object_del(data, "relationships");
	return true;
}

void ep_put_settings(struct ep_ask *ask)
{
	struct elasticpath *ep = ask->ep;
	json_t *data = ep_body(ask, ep_type(EP_SETTINGS));
	if (!data)
		return;
	pthread_mutex_lock(&ep->lock);
	if (names_realm_locked(ask, data))
		put_locked(ask, EP_SETTINGS, ep->settings, EP_SETTINGS_ID, data);
	pthread_mutex_unlock(&ep->lock);
	json_decref(data);
}
