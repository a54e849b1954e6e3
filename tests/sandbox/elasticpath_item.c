/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_item: getting and deleting one object at the simulated Elastic Path.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include <ctype.h>
#include <string.h>

#include "document.h"
#include "elasticpath_parts.h"
#include "etag.h"
#include "moment.h"

void ep_not_played(struct ep_ask *ask)
{
	ep_error(ask->ep, ask->reply, 404, "Not Found", "There is nothing at this path.");
}

void ep_enter(struct ep_ask *ask, bool list)
{
	struct elasticpath *ep = ask->ep;
	pthread_mutex_lock(&ep->lock);
	if (strcmp(ask->request->method, "GET") == 0)
		moment_enter_locked(&ep->times, ep->options.settings, ask->fault, list);
}

void ep_leave(struct ep_ask *ask)
{
	moment_leave_locked(&ask->ep->times);
	pthread_mutex_unlock(&ask->ep->lock);
}

void ep_reply(struct ep_ask *ask, enum ep_kind kind, unsigned status, json_t *object)
{
	/* Where the account is in the path, the guide's objects do not repeat it. */
	if (kind == EP_MEMBERSHIP && !ep_documents(ask->ep))
		json_object_del(object, "account_id");
	else if (kind == EP_MEMBERSHIP)
		ep_tell_one_side(object, false);
	if (!ep_stamped(ask->ep))
		ep_unstamp(object);
	if (ep_is_shaped(ask->ep, kind))
		ep_shape_profile(ask->ep, object);
	if (kind == EP_SETTINGS && settings_get(ask->ep->options.settings).settings_flat) {
		reply_json(ask->reply, status, object);
		return;
	}
	/* A row has its links inside, an object that comes alone beside it. */
	json_t *links = ep_documents(ask->ep) ? json_object_get(object, "links") : NULL;
	json_t *answer = json_pack("{s:O}", "data", object);
	if (links) {
		json_object_set(answer, "links", links);
		json_object_del(object, "links");
	}
	json_decref(object);
	reply_json(ask->reply, status, answer);
}

/* Whether it has the form of a UUID; an id that was stored behind the vendor's back need not. */
static bool is_uuid(const char *id)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i = 0;
	while (form[i] && (form[i] == '-' ? id[i] == '-' : isxdigit((unsigned char)id[i])))
		i++;
	return !form[i] && !id[i];
}

struct record *ep_find_locked(struct ep_ask *ask, enum ep_kind kind, const struct store *store,
			      const char *id)
{
	struct record *record = store_find_locked(store, id);
	if (!record && !is_uuid(id))
		ep_error(ask->ep, ask->reply, 400, "Bad Request", "The id must be a UUID.");
	else if (!record)
		ep_error(ask->ep, ask->reply, 404, "Not Found", "%s not found.", ep_words(kind));
	return record;
}

struct store *ep_memberships_locked(struct ep_ask *ask)
{
	struct elasticpath *ep = ask->ep;
	if (!ep_find_locked(ask, EP_ACCOUNT, ep->accounts, ask->id[0]))
		return NULL;
	return ep_group_store_locked(ep, &ep->memberships, ask->id[0], true);
}

struct store *ep_profiles_locked(struct ep_ask *ask)
{
	struct elasticpath *ep = ask->ep;
	if (!ep_find_locked(ask, EP_REALM, ep->realms, ask->id[0]))
		return NULL;
	return ep_group_store_locked(ep, &ep->profiles, ask->id[0], true);
}

bool ep_members_realm_locked(struct ep_ask *ask)
{
	if (strcmp(ask->id[0], ask->ep->realm) == 0)
		return ep_find_locked(ask, EP_REALM, ask->ep->realms, ask->id[0]) != NULL;
	ep_error(ask->ep, ask->reply, 404, "Not Found", "%s not found.", ep_words(EP_INFO));
	return false;
}

/* Whether the setting lets an object be read alone: false with the reply set. */
static bool may_get(struct ep_ask *ask, enum ep_kind kind)
{
	enum item_gets gets = settings_get(ask->ep->options.settings).item_gets;
	if (gets == ITEMS_SERVED || kind == EP_SETTINGS)
		return true;
	if (gets == ITEMS_404)
		ep_error(ask->ep, ask->reply, 404, "Not Found", "There is nothing at this path.");
	else
		ep_error(ask->ep, ask->reply, 405, "Method Not Allowed", "Not offered here.");
	return false;
}

static void get_locked(struct ep_ask *ask, enum ep_kind kind, const struct store *store,
		       const char *id)
{
	if (!may_get(ask, kind))
		return;
	const struct record *record = ep_find_locked(ask, kind, store, id);
	if (!record)
		return;
	if (ask->fault->kind == FAULT_WRONG_USER && store_count_locked(store) > 1)
		record = store_at_locked(store, record == store_at_locked(store, 0) ? 1 : 0);
	json_t *object = ep_parse(record);
	if (kind == EP_INFO) {
		json_t *info = ep_info(ask->ep, object);
		json_decref(object);
		object = info;
	}
	ep_reply(ask, kind, 200, object);
	struct settings_values settings = settings_get(ask->ep->options.settings);
	etag_send(&settings, ask->request, record_version(record), ask->reply);
}

static void get(struct ep_ask *ask, enum ep_kind kind, const struct store *store, const char *id)
{
	ep_enter(ask, false);
	get_locked(ask, kind, store, id);
	ep_leave(ask);
}

void ep_get_member(struct ep_ask *ask)
{
	get(ask, EP_MEMBER, ask->ep->members, ask->id[0]);
}

void ep_get_account(struct ep_ask *ask)
{
	get(ask, EP_ACCOUNT, ask->ep->accounts, ask->id[0]);
}

void ep_get_settings(struct ep_ask *ask)
{
	get(ask, EP_SETTINGS, ask->ep->settings, EP_SETTINGS_ID);
}

void ep_get_realm(struct ep_ask *ask)
{
	get(ask, EP_REALM, ask->ep->realms, ask->id[0]);
}

void ep_get_info(struct ep_ask *ask)
{
	ep_enter(ask, false);
	if (ep_members_realm_locked(ask))
		get_locked(ask, EP_INFO, ask->ep->members, ask->id[1]);
	ep_leave(ask);
}

void ep_get_membership(struct ep_ask *ask)
{
	ep_enter(ask, false);
	const struct store *store = ep_memberships_locked(ask);
	if (store)
		get_locked(ask, EP_MEMBERSHIP, store, ask->id[1]);
	ep_leave(ask);
}

void ep_get_profile(struct ep_ask *ask)
{
	ep_enter(ask, false);
	const struct store *store = ep_profiles_locked(ask);
	if (store)
		get_locked(ask, EP_PROFILE, store, ask->id[1]);
	ep_leave(ask);
}

/* The record to be deleted, NULL with the reply set; with the fault, it is not to be deleted. */
static struct record *doomed_locked(struct ep_ask *ask, enum ep_kind kind,
				    const struct store *store, const char *id)
{
	struct record *record = ep_find_locked(ask, kind, store, id);
	if (record)
		reply_raw(ask->reply, 204, NULL, "");
	return ask->fault->kind == FAULT_NOT_APPLIED ? NULL : record;
}

void ep_delete_info(struct ep_ask *ask)
{
	ep_enter(ask, false);
	struct record *record = NULL;
	if (ep_members_realm_locked(ask))
		record = doomed_locked(ask, EP_INFO, ask->ep->members, ask->id[1]);
	if (record)
		ep_remove_member_locked(ask->ep, record);
	ep_leave(ask);
}

void ep_delete_account(struct ep_ask *ask)
{
	ep_enter(ask, false);
	struct record *record = doomed_locked(ask, EP_ACCOUNT, ask->ep->accounts, ask->id[0]);
	if (record)
		ep_remove_account_locked(ask->ep, record);
	ep_leave(ask);
}

static void delete_locked(struct ep_ask *ask, enum ep_kind kind, struct store *store)
{
	struct record *record = store ? doomed_locked(ask, kind, store, ask->id[1]) : NULL;
	if (record)
		ep_remove_locked(ask->ep, store, record);
}

void ep_delete_membership(struct ep_ask *ask)
{
	ep_enter(ask, false);
	delete_locked(ask, EP_MEMBERSHIP, ep_memberships_locked(ask));
	ep_leave(ask);
}

void ep_delete_profile(struct ep_ask *ask)
{
	ep_enter(ask, false);
	delete_locked(ask, EP_PROFILE, ep_profiles_locked(ask));
	ep_leave(ask);
}
