/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_seed: a store that does not exist, always the same one for the same seed.
 *
 * Every fifth member is the Partnerize user of the same number, with the same e-mail address; the
 * others buy from another domain. Members are made one after another, a minute apart, but now and
 * then two in the same second, and once in 10,000 a batch of 150 at once: that is what a client
 * meets that walks by created_at. Texts are concatenated, as a million of them must be quick.
 *
 * It must not know about requests.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document.h"
#include "elasticpath_parts.h"
#include "seed.h"
#include "stamp.h"

#define FIRST_DAY 1577836800 /* 2020-01-01 */

static uint64_t mix(uint64_t number)
{
	number = (number ^ (number >> 31)) * 0x7fb5d329728ea185U;
	number = (number ^ (number >> 27)) * 0x81dadef4bc2dd44dU;
	return number ^ (number >> 33);
}

void ep_uuid(const struct elasticpath *ep, unsigned kind, unsigned long index, char id[EP_ID_MOST])
{
	uint64_t high = mix(mix(ep->options.seed + 0x9e3779b97f4a7c15U * kind) + index + 1);
	uint64_t low = mix(high + index);
	snprintf(id, EP_ID_MOST, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
		 (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
		 (unsigned)(0x8000 | (low >> 48 & 0x3fff)),
		 (unsigned long long)(low & 0xffffffffffffU));
}

void ep_time(const struct elasticpath *ep, int64_t seconds, const char *fraction, char *out,
	     size_t size)
{
	time_t when = (time_t)seconds;
	struct tm utc = {0};
	gmtime_r(&when, &utc);
	size_t len = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(out + len, size - len, "%sZ", ep_documents(ep) ? fraction : "");
}

void ep_now(const struct elasticpath *ep, char *out, size_t size)
{
	enum stamps stamps = settings_get(ep->options.settings).stamps;
	const struct stamp_form form = {"%Y-%m-%dT%H:%M:%S", ep_documents(ep), "Z"};
	stamp_now(stamps, &form, out, size);
}

bool ep_stamped(const struct elasticpath *ep)
{
	return settings_get(ep->options.settings).stamps != STAMPS_NONE;
}

static void add_string(struct text *text, const char *key, const char *value)
{
	text_fmt(text, "\"%s\":", key);
	if (value)
		document_add_string(text, value);
	else
		text_str(text, "null");
	text_str(text, ",");
}

/* Fields that a store has made up for itself. Some members have some; the second has them all. */
static void add_flows(struct text *text, uint64_t dice, bool all)
{
	if (all || dice % 3 == 0)
		add_string(text, "loyalty_tier", dice / 3 % 2 ? "gold" : "münster");
	if (all || dice / 6 % 4 == 0)
		text_fmt(text, "\"credit\":%u.%u,", (unsigned)(dice / 24 % 100),
			 (unsigned)(1 + dice / 2400 % 9));
	if (all || dice / 32768 % 4 == 0)
		text_str(text, "\"preferences\":{\"newsletter\":true,\"topics\":[\"a\",\"b\"],"
			       "\"email\":\"not this one\"},");
	if (all || dice / 131072 % 4 == 0)
		text_str(text, "\"phone\":null,");
}

/* No two neighbours are further apart than the batches need, and none goes back. */
static int64_t created_at(unsigned long index)
{
	unsigned long in_batch = index % 10000;
	if (in_batch >= 5000 && in_batch < 5150)
		index -= in_batch - 5000;
	else if (index % 29 == 0)
		index--;
	return FIRST_DAY + (int64_t)index * 60;
}

static void add_times(const struct elasticpath *ep, struct text *text, unsigned long index,
		      int64_t updated)
{
	char created[40];
	char changed[40];
	ep_time(ep, created_at(index), ".250", created, sizeof created);
	ep_time(ep, updated, index % 5 ? ".125" : ".1257", changed, sizeof changed);
	text_fmt(text, "\"meta\":{\"timestamps\":{\"created_at\":\"%s\",\"updated_at\":\"%s\"}},",
		 created, changed);
}

/* Sets email to the address that the member is found by. */
static void member_text(const struct elasticpath *ep, unsigned long index, const char *id,
			struct text *text, char *email, size_t email_size)
{
	struct person person;
	char name[128];
	bool shared = index % 5 == 0;
	seed_person(shared ? ep->options.seed : ep->options.seed + 77, index, &person);
	snprintf(name, sizeof name, "%s %s", person.firstname, person.lastname);
	char *at = strchr(person.email, '@');
	if (!shared && at)
		*at = '\0';
	snprintf(email, email_size, "%s%s", person.email, shared ? "" : "@shop.example.com");
	text_str(text, "{");
	add_string(text, "id", id);
	add_string(text, "type", "account_member");
	add_string(text, "name", name);
	if (ep_documents(ep)) {
		add_string(text, "given_name", index % 7 ? person.firstname : NULL);
		add_string(text, "middle_name", NULL);
		add_string(text, "family_name", index % 7 ? person.lastname : NULL);
	}
	add_string(text, "email", email);
	add_flows(text, person.dice, index == 2);
	int64_t made = created_at(index);
	add_times(ep, text, index, person.updated > made ? person.updated : made);
	text_fmt(text, "\"links\":{\"self\":\"%s/v2/account-members/%s\"}}", ep_host(ep), id);
}

static void account_text(const struct elasticpath *ep, unsigned long index, const char *id,
			 struct text *text)
{
	struct person person;
	char words[160];
	seed_person(ep->options.seed + 99, index + 1, &person);
	text_str(text, "{");
	add_string(text, "id", id);
	add_string(text, "type", "account");
	snprintf(words, sizeof words, "%s & Sons %lu", person.lastname, index);
	add_string(text, "name", words);
	snprintf(words, sizeof words, "%s Ltd.", person.lastname);
	add_string(text, "legal_name", index % 3 ? words : NULL);
	snprintf(words, sizeof words, "REG-%06lu", index);
	add_string(text, "registration_id", index % 4 ? words : NULL);
	if (ep_documents(ep))
		add_string(text, "external_ref", NULL);
	add_string(text, "parent_id", NULL);
	if (index == 1 || person.dice % 2)
		text_fmt(text, "\"credit_limit\":%u,\"regions\":[\"emea\"],",
			 (unsigned)(person.dice / 2 % 50 * 1000));
	add_times(ep, text, index, FIRST_DAY + (int64_t)index * 86400 + 31536000);
	if (ep_documents(ep))
		text_str(text, "\"relationships\":{\"parent\":{\"data\":null},"
			       "\"ancestors\":[],\"account_tags\":{\"data\":[]}},");
	text_fmt(text, "\"links\":{\"self\":\"%s/v2/accounts/%s\"}}", ep_host(ep), id);
}

/* None for every twentieth, which is thus inactive; else 1 to 3: 1 + index % 3 as far as there are
 * accounts. */
static void seed_memberships(struct elasticpath *ep, unsigned long index, const char *member)
{
	unsigned long accounts = ep->options.accounts;
	unsigned long count = index % 20 == 0 ? 0 : 1 + index % 3;
	char when[40];
	ep_time(ep, created_at(index) + 30, ".500", when, sizeof when);
	for (unsigned long i = 0; i < count && i < accounts; i++) {
		char account[EP_ID_MOST];
		char id[EP_ID_MOST];
		ep_uuid(ep, 'a', 1 + (mix(index) + i) % accounts, account);
		ep_uuid(ep, 's', index * 3 + i, id);
		struct ep_pair pair = {.account = account, .member = member};
		ep_add_membership_locked(ep, &pair, id, when);
	}
}

static void add_object(struct elasticpath *ep, enum ep_kind kind, struct store *store,
		       const char *id, json_t *object)
{
	ep_add_locked(ep, kind, store, id, object);
	json_decref(object);
}

static void seed_profile(struct elasticpath *ep, unsigned long index, const char *realm,
			 const char *name)
{
	char id[EP_ID_MOST];
	char path[160];
	ep_uuid(ep, 'p', index, id);
	snprintf(path, sizeof path, "/v2/authentication-realms/%s/oidc-profiles/%s", realm, id);
	json_t *data = json_pack("{s:s,s:s,s:s}", "name", name, "discovery_url",
				 "https://idp.example.com/.well-known/openid-configuration",
				 "client_id", "idp-client-17");
	add_object(ep, EP_PROFILE, ep_group_store_locked(ep, &ep->profiles, realm, true), id,
		   ep_new(ep, EP_PROFILE, id, path, data));
	json_decref(data);
}

static void seed_realms(struct elasticpath *ep)
{
	static const char *const names[] = {"Account Management Realm", "Buyer Organization",
					    "Merchant Organization"};
	/* The guide says that a store has one. */
	unsigned long count = ep_documents(ep) ? 3 : 1;
	for (unsigned long i = 0; i < count; i++) {
		char id[EP_ID_MOST];
		char path[80];
		ep_uuid(ep, 'r', i, id);
		snprintf(path, sizeof path, "/v2/authentication-realms/%s", id);
		json_t *data = json_pack("{s:s,s:[s],s:s}", "name", names[i], "redirect_uris",
					 "https://shop.example.com/callback",
					 "duplicate_email_policy", "disallowed");
		add_object(ep, EP_REALM, ep->realms, id, ep_new(ep, EP_REALM, id, path, data));
		json_decref(data);
		if (i == 0) {
			ep->realm = text_copy(id, strlen(id));
			seed_profile(ep, 1, id, "Okta");
			seed_profile(ep, 2, id, "Entra ID");
		}
	}
}

static void seed_settings(struct elasticpath *ep)
{
	/* None of them is what a reset leaves. */
	json_t *settings = json_pack("{s:s,s:s,s:i,s:b,s:b}", "type", ep_type(EP_SETTINGS),
				     "account_member_self_management", "update_only",
				     "account_management_authentication_token_timeout_secs", 43200,
				     "enable_self_signup", 1,
				     "auto_create_account_for_account_members", 1);
	if (ep_documents(ep)) {
		struct text self = {0};
		char id[EP_ID_MOST];
		ep_uuid(ep, 't', 1, id);
		text_fmt(&self, "%s/v2/settings/account-authentication", ep_host(ep));
		json_object_update_new(settings,
				       json_pack("{s:s,s:{s:{s:{s:s,s:s}}},s:{s:s},s:{s:s}}", "id",
						 id, "relationships", "authentication_realm",
						 "data", "id", ep->realm, "type",
						 "authentication_realm", "meta", "client_id",
						 "account-management", "links", "self", self.data));
		text_free(&self);
	}
	add_object(ep, EP_SETTINGS, ep->settings, EP_SETTINGS_ID, settings);
}

void ep_seed(struct elasticpath *ep)
{
	struct text text = {0};
	char id[EP_ID_MOST];
	pthread_mutex_lock(&ep->lock);
	seed_realms(ep);
	seed_settings(ep);
	for (unsigned long i = 1; i <= ep->options.accounts; i++) {
		text.len = 0;
		ep_uuid(ep, 'a', i, id);
		account_text(ep, i, id, &text);
		store_add_locked(ep->accounts, id, NULL, text.data, text.len);
		ep_group_store_locked(ep, &ep->memberships, id, true);
	}
	for (unsigned long i = 1; i <= ep->options.members; i++) {
		char email[128];
		text.len = 0;
		ep_uuid(ep, 'm', i, id);
		member_text(ep, i, id, &text, email, sizeof email);
		store_add_locked(ep->members, id, email, text.data, text.len);
		seed_memberships(ep, i, id);
	}
	pthread_mutex_unlock(&ep->lock);
	text_free(&text);
}
