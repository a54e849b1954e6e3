/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_kind: the kinds of objects at Elastic Path, their fields, and what a write does to
 * them.
 *
 * One table says which fields a kind has, which of them are needed, and what becomes of one that a
 * full replacement leaves out. Members and accounts may have further ("flow") fields, which no
 * document lists and every client must carry along.
 *
 * It must not know about requests, nor where objects are stored.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "elasticpath_parts.h"
#include "stamp.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum value { TEXT, NAME, EMAIL, TEXT_OR_NULL, LONG_OR_NULL, FLAG, SECONDS, TEXTS, POLICY, SELF };

enum {
	NEEDED = 1,     /* in a POST, and in each PUT */
	DOCS = 2,       /* not in the guide */
	FIXED = 4,      /* only in a POST */
	WRITE_ONLY = 8, /* taken, and never shown */
	UNHEARD = 16    /* documents: a PUT is 200, but leaves it as it was */
};

struct field {
	const char *name;
	enum value value;
	unsigned how;
	const char *reset; /* JSON, what it is without a value */
};

static const struct field member_fields[] = {
    {"name", TEXT, UNHEARD, "\"\""},
    {"given_name", TEXT_OR_NULL, DOCS | UNHEARD, "null"},
    {"middle_name", TEXT_OR_NULL, DOCS | UNHEARD, "null"},
    {"family_name", TEXT_OR_NULL, DOCS | UNHEARD, "null"},
    {"email", EMAIL, UNHEARD, "\"\""},
    {NULL, TEXT, 0, NULL},
};
static const struct field info_fields[] = {
    {"name", NAME, NEEDED, NULL},
    {"given_name", TEXT_OR_NULL, DOCS, "null"},
    {"middle_name", TEXT_OR_NULL, DOCS, "null"},
    {"family_name", TEXT_OR_NULL, DOCS, "null"},
    {"email", EMAIL, NEEDED, NULL},
    {NULL, TEXT, 0, NULL},
};
static const struct field account_fields[] = {
    {"name", NAME, NEEDED, NULL},
    {"legal_name", TEXT_OR_NULL, 0, "null"},
    {"registration_id", TEXT_OR_NULL, 0, "null"},
    {"external_ref", LONG_OR_NULL, DOCS, "null"},
    {"parent_id", TEXT_OR_NULL, FIXED, "null"},
    {NULL, TEXT, 0, NULL},
};
static const struct field membership_fields[] = {
    {"account_member_id", NAME, NEEDED, NULL},
    {NULL, TEXT, 0, NULL},
};
static const struct field settings_fields[] = {
    {"account_member_self_management", SELF, 0, "\"disabled\""},
    {"account_management_authentication_token_timeout_secs", SECONDS, 0, "86400"},
    {"enable_self_signup", FLAG, 0, "false"},
    {"auto_create_account_for_account_members", FLAG, 0, "false"},
    {NULL, TEXT, 0, NULL},
};
static const struct field realm_fields[] = {
    {"name", NAME, NEEDED, NULL},
    {"redirect_uris", TEXTS, 0, "[]"},
    {"duplicate_email_policy", POLICY, 0, "\"allowed\""},
    {NULL, TEXT, 0, NULL},
};
static const struct field profile_fields[] = {
    {"name", NAME, NEEDED, NULL},
    {"discovery_url", NAME, NEEDED, NULL},
    {"client_id", NAME, NEEDED, NULL},
    {"client_secret", NAME, NEEDED | WRITE_ONLY, NULL},
    {NULL, TEXT, 0, NULL},
};

static const struct kind {
	const char *type;
	const char *words;
	const struct field *fields;
	bool flows;
	bool timestamps_level;
} kinds[] = {
    [EP_MEMBER] = {"account_member", "Account member", member_fields, true, true},
    [EP_INFO] = {"user_authentication_info", "User authentication info", info_fields, false, true},
    [EP_ACCOUNT] = {"account", "Account", account_fields, true, true},
    [EP_MEMBERSHIP] = {"account_membership", "Account membership", membership_fields, false, true},
    [EP_SETTINGS] = {"account_authentication_settings", "Settings", settings_fields, false, false},
    [EP_REALM] = {"authentication-realm", "Authentication realm", realm_fields, false, false},
    [EP_PROFILE] = {"oidc-profile", "OIDC profile", profile_fields, false, false},
};

bool ep_documents(const struct elasticpath *ep)
{
	return ep->options.profile == ELASTICPATH_DOCUMENTS;
}

const char *ep_type(enum ep_kind kind)
{
	return kinds[kind].type;
}

const char *ep_words(enum ep_kind kind)
{
	return kinds[kind].words;
}

bool ep_has_timestamps_level(enum ep_kind kind)
{
	return kinds[kind].timestamps_level;
}

static const struct field *find_field(const struct elasticpath *ep, enum ep_kind kind,
				      const char *name)
{
	for (const struct field *field = kinds[kind].fields; field->name; field++)
		if (strcmp(field->name, name) == 0)
			return (field->how & DOCS) && !ep_documents(ep) ? NULL : field;
	return NULL;
}

static bool is_system(const char *name)
{
	static const char *const names[] = {"id", "type", "meta", "links", "relationships"};
	for (size_t i = 0; i < LENGTH(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool is_one_of(const char *string, const char *first, const char *second, const char *third)
{
	return string && (strcmp(string, first) == 0 || strcmp(string, second) == 0 ||
			  (third && strcmp(string, third) == 0));
}

static bool is_email(const char *string)
{
	if (!string)
		return false;
	const char *at = strchr(string, '@');
	return at && at != string && at[1] && !strpbrk(string, " \t\n");
}

/* NULL, or what is wrong with the value. */
static const char *value_fault(enum value kind, const json_t *value)
{
	const char *string = json_string_value(value);
	switch (kind) {
	case TEXT:
		return string ? NULL : "must be a string";
	case NAME:
		return string && *string ? NULL : "must be a string that is not empty";
	case EMAIL:
		return is_email(string) ? NULL : "must be an e-mail address";
	case TEXT_OR_NULL:
	case LONG_OR_NULL:
		if (json_string_length(value) > 2048)
			return "must have at most 2048 characters";
		return string || json_is_null(value) ? NULL : "must be a string or null";
	case FLAG:
		return json_is_boolean(value) ? NULL : "must be true or false";
	case SECONDS:
		return json_is_integer(value) && json_integer_value(value) > 0
			   ? NULL
			   : "must be a number of seconds";
	case TEXTS:
		for (size_t i = 0; i < json_array_size(value); i++)
			if (!json_is_string(json_array_get(value, i)))
				return "must be an array of strings";
		return json_is_array(value) ? NULL : "must be an array of strings";
	case POLICY:
		return is_one_of(string, "allowed", "api_only", "disallowed")
			   ? NULL
			   : "must be allowed, api_only or disallowed";
	case SELF:
		return is_one_of(string, "disabled", "update_only", NULL)
			   ? NULL
			   : "must be disabled or update_only";
	}
	return NULL;
}

/* What the vendor's JavaScript client sends to make a realm. */
static bool names_origin(const json_t *related)
{
	const json_t *data = json_object_get(json_object_get(related, "origin"), "data");
	return json_object_size(related) == 1 && json_object_size(data) == 2 &&
	       json_is_string(json_object_get(data, "id")) &&
	       json_is_string(json_object_get(data, "type"));
}

static const char *member_fault(const struct elasticpath *ep, enum ep_kind kind, json_t *old,
				const char *name, json_t *value)
{
	if (kind == EP_REALM && !old && strcmp(name, "relationships") == 0)
		return names_origin(value) ? NULL : "must name an origin, and nothing else";
	if (is_system(name))
		return "is assigned by the system and cannot be sent";
	const struct field *field = find_field(ep, kind, name);
	if (!field)
		return kinds[kind].flows || (kind == EP_INFO && json_object_get(old, name))
			   ? NULL
			   : "is not a field of this object";
	/* The documents list it as read-only; the guide does not list it. */
	if (old && (field->how & FIXED) &&
	    (ep_documents(ep) || !json_equal(value, json_object_get(old, name))))
		return "cannot be changed";
	if (kind == EP_PROFILE && json_is_string(value) &&
	    settings_get(ep->options.settings).oidc_form == OIDC_BLANK)
		return NULL;
	return value_fault(field->value, value);
}

bool ep_newest_form(const struct elasticpath *ep, enum ep_kind kind)
{
	return kind == EP_PROFILE && settings_get(ep->options.settings).oidc_form == OIDC_NEWEST;
}

bool ep_is_shaped(const struct elasticpath *ep, enum ep_kind kind)
{
	return kind == EP_PROFILE && settings_get(ep->options.settings).oidc_form != OIDC_FULL;
}

static bool is_needed(const struct elasticpath *ep, enum ep_kind kind, const struct field *field)
{
	return (field->how & NEEDED) &&
	       (!ep_newest_form(ep, kind) || strcmp(field->name, "name") == 0);
}

bool ep_check(const struct elasticpath *ep, enum ep_kind kind, const char *id, json_t *old,
	      json_t *data, char *why, size_t why_size)
{
	const char *sent_id = json_string_value(json_object_get(data, "id"));
	if (id && sent_id && strcmp(id, sent_id) == 0)
		json_object_del(data, "id");
	json_object_del(data, "type");
	const char *name;
	json_t *value;
	json_object_foreach(data, name, value) {
		const char *fault = member_fault(ep, kind, old, name, value);
		if (fault) {
			snprintf(why, why_size, "%s %s", name, fault);
			return false;
		}
	}
	for (const struct field *field = kinds[kind].fields; field->name; field++)
		if (is_needed(ep, kind, field) && !json_object_get(data, field->name)) {
			snprintf(why, why_size, "%s is required", field->name);
			return false;
		}
	if (kind == EP_REALM && !old && !json_object_get(data, "relationships") &&
	    settings_get(ep->options.settings).origin_needed) {
		snprintf(why, why_size, "relationships.origin is required");
		return false;
	}
	return true;
}

static json_t *reset_value(const struct field *field)
{
	return field && field->reset ? json_loads(field->reset, JSON_DECODE_ANY, NULL)
				     : json_null();
}

static json_t *new_meta(const struct elasticpath *ep, enum ep_kind kind, json_t *data)
{
	char now[40];
	ep_now(ep, now, sizeof now);
	json_t *times = json_pack("{s:s,s:s}", "created_at", now, "updated_at", now);
	if (kind == EP_PROFILE)
		json_object_set(times, "issuer", json_object_get(data, "discovery_url"));
	return kinds[kind].timestamps_level ? json_pack("{s:o}", "timestamps", times) : times;
}

/* The vendor's own host: links lead there whatever the client asks. */
const char *ep_host(const struct elasticpath *ep)
{
	return ep_documents(ep) ? "https://useast.api.elasticpath.com" : "";
}

static json_t *new_links(const struct elasticpath *ep, enum ep_kind kind, const char *path)
{
	struct text self = {0};
	text_fmt(&self, "%s%s", ep_host(ep), path);
	json_t *links = json_pack("{s:s}", "self", self.data);
	text_free(&self);
	if (kind == EP_PROFILE)
		json_object_update_new(links,
				       json_pack("{s:s,s:s,s:s}", "authorization-endpoint",
						 "/oidc-idp/authorize", "callback-endpoint",
						 "/oidc-idp/callback", "client-discovery-url",
						 "/oidc-idp/.well-known"));
	return links;
}

/* The account above is an object, those above that a plain array. */
static json_t *account_relations(json_t *parent)
{
	json_t *above = json_is_string(parent)
			    ? json_pack("{s:O,s:s}", "id", parent, "type", "account")
			    : json_null();
	json_t *ancestors = json_is_string(parent) ? json_pack("[O]", above) : json_array();
	return json_pack("{s:{s:o},s:o,s:{s:[]}}", "parent", "data", above, "ancestors", ancestors,
			 "account_tags", "data");
}

json_t *ep_new(const struct elasticpath *ep, enum ep_kind kind, const char *id, const char *path,
	       json_t *data)
{
	json_t *object = json_pack("{s:s,s:s}", "id", id, "type", kinds[kind].type);
	for (const struct field *field = kinds[kind].fields; field->name; field++) {
		if ((field->how & WRITE_ONLY) || !find_field(ep, kind, field->name))
			continue;
		json_t *value = json_object_get(data, field->name);
		json_object_set_new(object, field->name,
				    value ? json_incref(value) : reset_value(field));
	}
	const char *name;
	json_t *value;
	json_object_foreach(data, name, value) {
		const struct field *field = find_field(ep, kind, name);
		if (!is_system(name) && !(field && (field->how & WRITE_ONLY)))
			json_object_set(object, name, value);
	}
	json_object_set_new(object, "meta", new_meta(ep, kind, data));
	if (kind == EP_ACCOUNT && ep_documents(ep))
		json_object_set_new(object, "relationships",
				    account_relations(json_object_get(data, "parent_id")));
	if (kind == EP_REALM && json_object_get(data, "relationships"))
		json_object_set(object, "relationships", json_object_get(data, "relationships"));
	json_object_set_new(object, "links", new_links(ep, kind, path));
	return object;
}

json_t *ep_updated(const struct elasticpath *ep, enum ep_kind kind, json_t *old, json_t *data)
{
	/* The vendor's documents: "partial, unless an endpoint says otherwise". */
	bool replace = !ep_documents(ep) || kind == EP_SETTINGS || ep_newest_form(ep, kind);
	json_t *object = json_object();
	const char *name;
	json_t *value;
	json_object_foreach(old, name, value) {
		const struct field *field = find_field(ep, kind, name);
		bool ours = !is_system(name) && (field ? !(field->how & FIXED) : kinds[kind].flows);
		if (ours && replace && !json_object_get(data, name))
			json_object_set_new(object, name, reset_value(field));
		else
			json_object_set(object, name, value);
	}
	json_object_foreach(data, name, value) {
		const struct field *field = find_field(ep, kind, name);
		unsigned how = field ? field->how : 0;
		bool unheard = (how & UNHEARD) && ep_documents(ep);
		if (!unheard && !(how & WRITE_ONLY) && !is_system(name))
			json_object_set(object, name, value);
	}
	return object;
}

/* Where the two times stand. Borrowed; NULL if the object has none. */
static json_t *object_times(enum ep_kind kind, json_t *object)
{
	json_t *meta = json_object_get(object, "meta");
	return kinds[kind].timestamps_level ? json_object_get(meta, "timestamps") : meta;
}

void ep_touch(const struct elasticpath *ep, enum ep_kind kind, json_t *object)
{
	/* In the form that the object's other time has: with or without a fraction. */
	json_t *times = object_times(kind, object);
	const char *made = json_string_value(json_object_get(times, "created_at"));
	enum stamps stamps = settings_get(ep->options.settings).stamps;
	if (!made || stamps == STAMPS_FROZEN)
		return;
	char shown[40];
	const struct stamp_form form = {"%Y-%m-%dT%H:%M:%S", strchr(made, '.') != NULL, "Z"};
	stamp_now(stamps, &form, shown, sizeof shown);
	json_object_set_new(times, "updated_at", json_string(shown));
}

void ep_unstamp(json_t *object)
{
	json_t *meta = json_object_get(object, "meta");
	json_object_del(meta, "updated_at");
	json_object_del(json_object_get(meta, "timestamps"), "updated_at");
}

void ep_normalise(json_t *data, const struct fault *fault)
{
	if (fault->body && strcmp(fault->body, "tidy") == 0) {
		document_tidy(data);
		return;
	}
	if (fault->body && strncmp(fault->body, "drop ", 5) == 0) {
		json_object_del(data, fault->body + 5);
		return;
	}
	const char *name = json_string_value(json_object_get(data, "name"));
	if (!name)
		return;
	char *upper = text_copy(name, strlen(name));
	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	json_object_set_new(data, "name", json_string(upper));
	free(upper);
}

void ep_shape_profile(const struct elasticpath *ep, json_t *object)
{
	if (!ep_newest_form(ep, EP_PROFILE)) {
		json_object_set_new(object, "discovery_url", json_string(""));
		return;
	}
	json_t *url = json_object_get(object, "discovery_url");
	json_object_set_new(object, "issuer", url ? json_incref(url) : json_null());
	json_object_del(object, "discovery_url");
}

json_t *ep_info(const struct elasticpath *ep, json_t *member)
{
	static const char *const shared[] = {"name", "given_name", "middle_name", "family_name",
					     "email"};
	const char *id = json_string_value(json_object_get(member, "id"));
	json_t *info = json_pack("{s:s,s:s}", "id", id ? id : "", "type", kinds[EP_INFO].type);
	for (size_t i = 0; i < LENGTH(shared); i++) {
		json_t *value = json_object_get(member, shared[i]);
		if (value)
			json_object_set(info, shared[i], value);
	}
	const struct record *apart = id ? store_find_locked(ep->infos, id) : NULL;
	if (apart) {
		json_t *other = ep_parse(apart);
		json_object_del(other, "meta");
		json_object_update(info, other);
		json_decref(other);
	}
	json_t *times = object_times(EP_MEMBER, member);
	json_t *meta = json_deep_copy(json_is_object(times) ? times : NULL);
	meta = meta ? meta : json_object();
	json_object_set_new(meta, "creation_status", json_string("COMPLETE"));
	json_object_set_new(info, "meta", meta);
	if (ep_documents(ep)) {
		struct text path = {0};
		text_fmt(&path, "/v2/authentication-realms/%s/user-authentication-info/%s",
			 ep->realm, id ? id : "");
		json_object_set_new(info, "links", new_links(ep, EP_INFO, path.data));
		text_free(&path);
	}
	return info;
}

bool ep_info_differs(const struct elasticpath *ep, const json_t *member)
{
	const char *id = json_string_value(json_object_get(member, "id"));
	return id && store_find_locked(ep->infos, id);
}

json_t *ep_info_replaced_locked(struct elasticpath *ep, json_t *member, json_t *data)
{
	const char *id = json_string_value(json_object_get(member, "id"));
	struct record *apart = store_find_locked(ep->infos, id);
	json_t *info = ep_info(ep, member);
	json_t *object = json_copy(member);
	json_t *other = json_pack("{s:s}", "id", id);
	const char *name;
	json_t *value;
	json_object_foreach(data, name, value) {
		if (find_field(ep, EP_MEMBER, name) &&
		    !json_equal(json_object_get(info, name), value))
			json_object_set(object, name, value);
		if (!is_system(name) && !json_equal(json_object_get(object, name), value))
			json_object_set(other, name, value);
	}
	ep_save_locked(ep, EP_INFO, ep->infos, apart, other);
	json_decref(other);
	json_decref(info);
	return object;
}
