/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_store: what is stored at the simulated Elastic Path, by id and owner.
 *
 * The memberships of an account are a store of their own. In it the place of the e-mail index is
 * taken by the member's id, so that "is she a member of that account?" is one look, and a member's
 * memberships are one look an account.
 *
 * It must not know about requests, nor which fields an object has.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "document.h"
#include "elasticpath_parts.h"

struct ep_group {
	UT_hash_handle hh;
	struct store *store;
	char owner[];
};

void ep_new_id_locked(struct elasticpath *ep, char id[EP_ID_MOST])
{
	ep_uuid(ep, 'n', ++ep->made, id);
}

static struct ep_group *find_group(struct ep_group *group, const char *owner)
{
	struct ep_group *found = NULL;
	HASH_FIND_STR(group, owner, found);
	return found;
}

struct store *ep_group_store_locked(struct elasticpath *ep, struct ep_group **group,
				    const char *owner, bool make)
{
	struct ep_group *found = find_group(*group, owner);
	if (!found && make) {
		size_t len = strlen(owner) + 1;
		found = text_alloc(1, sizeof *found + len);
		memcpy(found->owner, owner, len);
		found->store = store_new(&ep->times);
		HASH_ADD_STR(*group, owner, found);
	}
	return found ? found->store : NULL;
}

void ep_group_free(struct ep_group **group)
{
	struct ep_group *next = *group;
	HASH_CLEAR(hh, *group);
	while (next) {
		struct ep_group *this = next;
		next = this->hh.next;
		store_free(this->store);
		free(this);
	}
	*group = NULL;
}

struct store *ep_group_next_locked(const struct ep_group *group, const struct store *store,
				   const char **owner)
{
	const struct ep_group *at = group;
	if (store) {
		while (at && at->store != store)
			at = at->hh.next;
		at = at ? at->hh.next : NULL;
	}
	if (at && owner)
		*owner = at->owner;
	return at ? at->store : NULL;
}

json_t *ep_parse(const struct record *record)
{
	return json_loadb(record_text(record), record_len(record), JSON_ALLOW_NUL, NULL);
}

/* The e-mail index does not tell capitals apart, ids do. */
static char *member_key(const char *member)
{
	struct text key = {0};
	text_str(&key, "=");
	for (const char *c = member; *c; c++) {
		if (isupper((unsigned char)*c))
			text_add(&key, "^", 1);
		text_add(&key, c, 1);
	}
	return key.data;
}

static const char *object_email(enum ep_kind kind, const json_t *object)
{
	return kind == EP_MEMBER ? document_email(json_object_get(object, "email")) : NULL;
}

struct record *ep_add_locked(struct elasticpath *ep, enum ep_kind kind, struct store *store,
			     const char *id, json_t *object)
{
	char *text = document_text(object, false);
	struct record *record = store_add_locked(store, id, object_email(kind, object), text,
						 strlen(text));
	ep->changes++;
	free(text);
	return record;
}

void ep_save_locked(struct elasticpath *ep, enum ep_kind kind, struct store *store,
		    struct record *record, json_t *object)
{
	char *text = document_text(object, false);
	store_change_locked(store, record, object_email(kind, object), text, strlen(text));
	ep->changes++;
	free(text);
}

void ep_remove_locked(struct elasticpath *ep, struct store *store, struct record *record)
{
	store_remove_locked(store, record);
	ep->changes++;
}

struct record *ep_membership_locked(const struct store *store, const char *member)
{
	char *key = member_key(member);
	struct record *record = store_email_locked(store, key, NULL);
	free(key);
	return record;
}

void ep_remove_member_locked(struct elasticpath *ep, struct record *member)
{
	for (struct store *store = ep_group_next_locked(ep->memberships, NULL, NULL); store;
	     store = ep_group_next_locked(ep->memberships, store, NULL)) {
		struct record *membership = ep_membership_locked(store, record_id(member));
		if (membership)
			ep_remove_locked(ep, store, membership);
	}
	ep_remove_locked(ep, ep->members, member);
}

void ep_remove_account_locked(struct elasticpath *ep, struct record *account)
{
	/* The store stays, so that its past can be asked for. */
	struct store *store = ep_group_store_locked(ep, &ep->memberships, record_id(account),
						    false);
	while (store && store_count_locked(store))
		ep_remove_locked(ep, store, store_at_locked(store, store_count_locked(store) - 1));
	ep_remove_locked(ep, ep->accounts, account);
}

static void add_related(struct text *text, const char *type, const char *id)
{
	text_fmt(text, "\"%s\":{\"data\":{\"id\":", type);
	document_add_string(text, id);
	text_fmt(text, ",\"type\":\"%s\"}}", type);
}

void ep_membership_text(const struct elasticpath *ep, const struct ep_pair *pair, const char *id,
			const char *when, struct text *text)
{
	text_str(text, "{\"id\":");
	document_add_string(text, id);
	text_str(text, ",\"type\":\"account_membership\",");
	if (!ep_documents(ep)) {
		/* The account comes last, where a list can leave it off. */
		text_str(text, "\"account_member_id\":");
		document_add_string(text, pair->member);
		text_str(text, ",\"account_id\":");
		document_add_string(text, pair->account);
		text_str(text, "}");
		return;
	}
	text_fmt(text,
		 "\"meta\":{\"timestamps\":{\"created_at\":\"%s\",\"updated_at\":\"%s\"}},"
		 "\"relationships\":{",
		 when, when);
	add_related(text, "account", pair->account);
	text_str(text, ",");
	add_related(text, "account_member", pair->member);
	text_str(text, "},\"links\":{\"self\":");
	struct text self = {0};
	text_fmt(&self, "%s/v2/accounts/%s/account-memberships/%s", ep_host(ep), pair->account, id);
	document_add_string(text, self.data);
	text_free(&self);
	text_str(text, "}}");
}

void ep_tell_one_side(json_t *membership, bool own)
{
	json_t *related = json_object_get(membership, "relationships");
	json_t *member = json_object_get(json_object_get(related, "account_member"), "data");
	if (own)
		json_object_set(membership, "account_member_id", json_object_get(member, "id"));
	json_object_del(related, own ? "account_member" : "account");
}

struct record *ep_add_membership_locked(struct elasticpath *ep, const struct ep_pair *pair,
					const char *id, const char *when)
{
	struct store *store = ep_group_store_locked(ep, &ep->memberships, pair->account, true);
	char *key = member_key(pair->member);
	struct text text = {0};
	ep_membership_text(ep, pair, id, when, &text);
	struct record *record = store_add_locked(store, id, key, text.data, text.len);
	ep->changes++;
	text_free(&text);
	free(key);
	return record;
}

/* ---- reading one field without parsing the object: a filter looks at 100,000 of them ---- */

/* Behind the JSON string that starts here. */
static const char *skip_string(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

/* Behind the compact JSON value that starts here. */
static const char *skip_value(const char *at)
{
	unsigned depth = 0;
	for (; *at; at++) {
		if (*at == '"')
			at = skip_string(at) - 1;
		else if (*at == '{' || *at == '[')
			depth++;
		else if (depth == 0 && (*at == ',' || *at == '}' || *at == ']'))
			return at;
		else if (*at == '}' || *at == ']')
			depth--;
	}
	return at;
}

/* The value of that member of the compact object that starts here, or NULL. */
static const char *object_member(const char *at, const char *name)
{
	size_t len = strlen(name);
	if (!at || *at != '{')
		return NULL;
	for (at++; *at == '"';) {
		const char *value = skip_string(at) + 1;
		if (strncmp(at + 1, name, len) == 0 && at[len + 1] == '"')
			return value;
		at = skip_value(value);
		if (*at == ',')
			at++;
	}
	return NULL;
}

bool ep_string(enum ep_kind kind, const struct record *record, const char *field,
	       struct text *value)
{
	const char *at = record_text(record);
	if (strcmp(field, "created_at") == 0 || strcmp(field, "updated_at") == 0) {
		at = object_member(at, "meta");
		if (ep_has_timestamps_level(kind))
			at = object_member(at, "timestamps");
	}
	if (kind == EP_MEMBERSHIP && strcmp(field, "account_member_id") == 0 &&
	    !object_member(at, field)) {
		at = object_member(object_member(at, "relationships"), "account_member");
		at = object_member(at, "data");
		field = "id";
	}
	at = object_member(at, field);
	value->len = 0;
	text_str(value, "");
	if (!at || *at != '"')
		return false;
	const char *end = skip_string(at);
	if (!memchr(at, '\\', (size_t)(end - at))) {
		text_add(value, at + 1, (size_t)(end - at) - 2);
		return true;
	}
	json_t *string = json_loadb(at, (size_t)(end - at), JSON_DECODE_ANY, NULL);
	text_str(value, string ? json_string_value(string) : "");
	json_decref(string);
	return true;
}
