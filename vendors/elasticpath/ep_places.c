/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_places.c - what stands in an Elastic Path directory beside the members: accounts and who
 * belongs to them, the store's authentication settings, realms and their OIDC profiles.
 *
 * Tables, and two hooks for what tables can't say. Facts are from the user-management guide (March
 * 2026) where not marked otherwise: "OpenAPI" means the vendor's own for account management and
 * single sign-on (2025). Types are spelt with "_" or "-" as the vendor spells each. What is shown,
 * and as which files, is not known here.
 */
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/rest/list.h"
#include "vendors/elasticpath/elasticpath.h"

#include "vendors/base/call.h"

#include <errno.h>
#include <string.h>

static bool always(const struct account *account)
{
	(void)account;
	return true;
}

/* ---- accounts ---- */

/* OpenAPI: parent_id can be given when an account is made, and never again. Stores add fields of
 * their own (flows), so what is not named here is carried along. */
static const struct field account_fields[] = {
    {"id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {"name", FIELD_REQUIRED | FIELD_EACH_TIME},
    {"parent_id", FIELD_ONCE},
    {NULL, 0},
};

/* An account shows its parent in one of two ways, or in both. */
static const struct once account_once[] = {
    {"parent_id", "relationships.parent.data.id"},
    {NULL, NULL},
};

static enum vendor_outcome post_account(struct call *call, struct account *account,
					const char *parent, const json_t *body, json_t **answer)
{
	enum vendor_outcome outcome = item_post_direct(call, account, &ep_accounts, parent, body,
						       answer);

	if (outcome == VENDOR_DONE)
		ep_lag_note_new(account, *answer);
	return outcome;
}

const struct collection ep_accounts = {
    .name = "accounts",
    .list_path = "/v2/accounts",
    .item_path = "/v2/accounts/",
    EP_LIST,
    .id_keys = ep_id_keys,
    .created_keys = ep_created_keys,
    .type = "account",
    .stamp_key = "meta.timestamps.updated_at",
    .fields = account_fields,
    .once = account_once,
    .creates = always,
    .post = post_account,
};

/* ---- memberships ---- */

static const struct field membership_fields[] = {
    {"id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {"account_member_id", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {NULL, 0},
};

const struct collection ep_memberships = {
    .name = "account memberships",
    .list_path = "/v2/accounts/{parent}/account-memberships",
    .item_path = "/v2/accounts/{parent}/account-memberships/",
    EP_LIST,
    .id_keys = ep_id_keys,
    .type = "account_membership",
    .fields = membership_fields,
};

/* Only ever listed: each row names its account. */
const struct collection ep_own_memberships = {
    .name = "memberships of the member",
    .list_path = "/v2/account-members/{parent}/account-memberships",
    .item_path = "",
    .list_key = "data",
    .item_key = "data",
    .page_size = 100,
    .id_keys = ep_id_keys,
    .fields = membership_fields,
    .paging = ep_paging,
    .totals = ep_totals,
};

/* In the guide the member's id is flat, in the OpenAPI it is in relationships. */
static const char *const link_id_keys[] = {"account_member_id",
					   "relationships.account_member.data.id", NULL};

static json_t *link_body(const char *id)
{
	return json_pack("{s:s, s:s}", "type", "account_membership", "account_member_id", id);
}

/* Passes the rows of an account's list on, but for those that were ended here. */
struct links {
	struct list_sink sink;
	struct call *call;
	const json_t *changes;
	struct list_sink *out;
};

static int links_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct links *links = (struct links *)sink;
	const json_t *own = json_object_get(record, ep_links.path_id_key);
	json_t *change;
	size_t i;

	json_array_foreach(links->changes, i, change) {
		if (!json_is_true(json_object_get(change, "ended")) ||
		    !json_equal(json_object_get(change, "id"), own))
			continue;
		ep_lag_used(links->call, change);
		return 0;
	}
	return links->out->add(links->out, id, record);
}

static void links_reset(struct list_sink *sink)
{
	struct links *links = (struct links *)sink;

	links->out->reset(links->out);
}

static void links_progress(struct list_sink *sink, unsigned pages, size_t rows)
{
	struct links *links = (struct links *)sink;

	if (links->out->progress)
		links->out->progress(links->out, pages, rows);
}

/* Add those that were made here and have not come. 0 or -ENOMEM. */
static int add_made(struct links *links)
{
	json_t *change;
	size_t i;

	json_array_foreach(links->changes, i, change) {
		json_t *member = json_object_get(change, "member"), *link;
		int error;

		if (json_is_true(json_object_get(change, "ended")) ||
		    json_is_true(json_object_get(change, "asked")))
			continue;
		link = json_pack("{s:O, s:s, s:O}", "id", json_object_get(change, "id"), "type",
				 "account_membership", "account_member_id", member);
		error = link ? links->out->add(links->out, json_string_value(member), link)
			     : -ENOMEM;
		json_decref(link);
		if (!error)
			ep_lag_used(links->call, change);
		else if (error != -EEXIST)
			return error;
	}
	return 0;
}

static int list_links(struct call *call, struct account *account, const char *parent,
		      struct list_sink *out)
{
	json_t *changes = ep_lag_changes(account, parent, NULL);
	struct links links = {.sink = {.add = links_add,
				       .unreadable = links_add, /* the ids are all there is to it */
				       .reset = links_reset,
				       .progress = links_progress},
			      .call = call,
			      .changes = changes,
			      .out = out};
	struct list_part part = {.parent = parent, .sink = &links.sink};
	int error = list_walk_all(call, account, &ep_links, &part, 1);

	/* an account that was just made may not be there yet for all reads */
	if (error && call->verdict == CALL_NO_PATH && ep_lag_is_new(account, parent)) {
		call_clear(call);
		error = 0;
	}
	if (!error)
		error = add_made(&links);
	json_decref(changes);
	return error;
}

/* Does LINK (NULL: none) name another member than BODY? */
static bool is_of_another(const json_t *link, const json_t *body)
{
	char buffer[24], wanted[24];
	const char *member = link ? collection_id(&ep_links, link, buffer) : NULL;

	return member && strcmp(member, collection_id(&ep_links, body, wanted)) != 0;
}

/* 409: it is there already. Where no list shows it yet, it is known that it may come. */
static enum vendor_outcome post_link(struct call *call, struct account *account, const char *parent,
				     const json_t *body, json_t **answer)
{
	enum vendor_outcome outcome = item_post_direct(call, account, &ep_links, parent, body,
						       answer);
	char member[24], own[24];

	if (is_of_another(*answer, body)) {
		json_decref(*answer);
		*answer = NULL;
		outcome = VENDOR_UNKNOWN;
		call_fail(call, CALL_MALFORMED, "the answer is about another member");
	}
	if (outcome == VENDOR_DONE || outcome == VENDOR_UNKNOWN ||
	    (outcome == VENDOR_CHANGED && call->verdict == CALL_TAKEN))
		ep_lag_note_asked(account, parent, collection_id(&ep_links, body, member),
				  *answer ? collection_path_id(&ep_links, *answer, own) : NULL);
	return outcome;
}

static void remember_link(struct account *account, const char *parent, const json_t *ended,
			  const json_t *made)
{
	const json_t *link = ended ? ended : made;
	char member[24], own[24];

	ep_lag_note(account, parent, collection_id(&ep_links, link, member),
		    collection_path_id(&ep_links, link, own), ended);
}

/* The same memberships, each known by its member. */
const struct collection ep_links = {
    .name = "members of the account",
    .list_path = "/v2/accounts/{parent}/account-memberships",
    .item_path = "/v2/accounts/{parent}/account-memberships/",
    EP_LIST,
    .listed_only = true,
    .id_keys = link_id_keys,
    .path_id_key = "id",
    .type = "account_membership",
    .fields = membership_fields,
    .creates = always,
    .deletes = true,
    .list = list_links,
    .post = post_link,
    .link = link_body,
    .remember = remember_link,
};

/* ---- settings ---- */

/*
 * PUT replaces all, the guide says, so all goes back that the vendor's requests have. The realm is
 * named in relationships, which no request of the OpenAPI has.
 */
static const struct field settings_fields[] = {
    {"id", FIELD_SYSTEM},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {NULL, 0},
};

static enum vendor_outcome put_settings(struct call *call, struct account *account,
					const char *parent, const char *id, const json_t *body,
					const char *etag, json_t **answer)
{
	enum vendor_outcome outcome = item_put_direct(call, account, &ep_settings, parent, id, body,
						      etag, answer);

	ep_realm_forget(account); /* they may name another one now */
	return outcome;
}

const struct collection ep_settings = {
    .name = "account authentication settings",
    .list_path = "",
    .item_path = "/v2/settings/account-authentication",
    .single = true,
    .item_key = "data",
    .id_keys = ep_id_keys,
    .type = "account_authentication_settings",
    .wraps_requests = true,
    .time_keys = ep_time_keys,
    /* the vendor gives none, but a document can name a version there */
    .stamp_key = "meta.updated_at",
    .fields = settings_fields,
    .put = put_settings,
};

/* ---- realms ---- */

static const struct field realm_fields[] = {
    {"id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_ONCE},
    {"name", FIELD_REQUIRED | FIELD_EACH_TIME},
    {NULL, 0},
};

static const struct once realm_once[] = {
    {"relationships.origin.data.id", NULL},
    {NULL, NULL},
};

/* BODY with no other relationship than its origin: a new reference, NULL: no memory. */
static json_t *with_origin(const json_t *body)
{
	json_t *sent = json_copy((json_t *)(uintptr_t)body);
	json_t *origin = json_object_get(json_object_get(body, "relationships"), "origin");

	json_object_del(sent, "relationships");
	if (sent && origin &&
	    json_object_set_new(sent, "relationships", json_pack("{s:O}", "origin", origin))) {
		json_decref(sent);
		return NULL;
	}
	return sent;
}

/*
 * The guide makes realms; in the OpenAPI each store has its three, and there is no such call. The
 * type that the vendor's JavaScript client has for it wants relationships.origin.
 */
static enum vendor_outcome post_realm(struct call *call, struct account *account,
				      const char *parent, const json_t *body, json_t **answer)
{
	enum vendor_outcome outcome = VENDOR_REFUSED;
	json_t *sent = with_origin(body);

	if (sent)
		outcome = item_post_direct(call, account, &ep_realms, parent, sent, answer);
	else
		call_no_memory(call);
	json_decref(sent);
	if (outcome == VENDOR_REFUSED &&
	    (call->verdict == CALL_MISSING || call->verdict == CALL_UNSUPPORTED))
		call_fail(call, CALL_UNSUPPORTED,
			  "the vendor makes no realms: a store has those that are listed");
	return outcome;
}

const struct collection ep_realms = {
    .name = "authentication realms",
    .list_path = "/v2/authentication-realms",
    .item_path = "/v2/authentication-realms/",
    EP_LIST,
    .id_keys = ep_id_keys,
    .created_keys = ep_created_keys,
    .type = "authentication-realm",
    .stamp_key = "meta.updated_at",
    .fields = realm_fields,
    .once = realm_once,
    .creates = always,
    .post = post_realm,
};

/*
 * OpenAPI of 2024: all four are needed in each PUT. The secret is not shown, and in the newest
 * examples discovery_url is not either: they have the issuer, which the vendor finds out.
 */
static const struct field profile_fields[] = {
    {"id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {"issuer", FIELD_SYSTEM},
    {"name", FIELD_REQUIRED | FIELD_EACH_TIME},
    {"discovery_url", FIELD_REQUIRED | FIELD_EACH_TIME | FIELD_MAY_HIDE},
    {"client_id", FIELD_REQUIRED | FIELD_EACH_TIME},
    {"client_secret", FIELD_WRITE_ONLY | FIELD_REQUIRED | FIELD_EACH_TIME},
    {NULL, 0},
};

static const struct collection ep_profiles = {
    .name = "OIDC profiles",
    .list_path = "/v2/authentication-realms/{parent}/oidc-profiles",
    .item_path = "/v2/authentication-realms/{parent}/oidc-profiles/",
    EP_LIST,
    .id_keys = ep_id_keys,
    .created_keys = ep_created_keys,
    .type = "oidc-profile",
    .stamp_key = "meta.updated_at",
    .fields = profile_fields,
    .creates = always,
    .deletes = true,
};

/* ---- the directories ---- */

static const struct place account_places[] = {
    {.name = "members", .kind = PLACE_LINKS, .collection = &ep_links},
    {.name = NULL},
};

static const struct place realm_places[] = {
    {.name = "oidc-profiles", .kind = PLACE_FILES, .collection = &ep_profiles},
    {.name = NULL},
};

const struct place ep_places[] = {
    {.name = "accounts",
     .kind = PLACE_FOLDERS,
     .collection = &ep_accounts,
     .file = "account.json",
     .below = account_places},
    {.name = "settings",
     .kind = PLACE_FILE,
     .collection = &ep_settings,
     .file = "account-authentication.json"},
    {.name = "realms",
     .kind = PLACE_FOLDERS,
     .collection = &ep_realms,
     .file = "realm.json",
     .below = realm_places},
    {.name = NULL},
};
