/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_buyer: POST /v2/account-members/tokens, by which a buyer signs in.
 *
 * No identity provider is at hand, so the authorization code is the e-mail address or the id of the
 * member who signs in; every other code is refused. The guide knows OIDC and one token; the
 * documents know five mechanisms and give one token for each account.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include <string.h>
#include <time.h>

#include "elasticpath_parts.h"

static const struct mechanism {
	const char *name;
	bool guide;
	const char *who; /* the field that tells who signs in */
	const char *needed[3];
} mechanisms[] = {
    {"oidc", true, "oauth_authorization_code", {"oauth_redirect_uri", "oauth_code_verifier", NULL}},
    {"password", false, "username", {"password", "password_profile_id", NULL}},
    {"passwordless", false, "username", {"one_time_password_token", "password_profile_id", NULL}},
    {"self_signup", false, "email", {"name", "password", "password_profile_id"}},
};

static bool has_words(json_t *data, const char *field)
{
	const json_t *value = json_object_get(data, field);
	return json_is_string(value) && json_string_length(value) > 0;
}

/* NULL with words in why. */
static const struct mechanism *read_mechanism(const struct elasticpath *ep, json_t *data, char *why,
					      size_t why_size)
{
	const char *name = json_string_value(json_object_get(data, "authentication_mechanism"));
	const struct mechanism *found = NULL;
	for (size_t i = 0; name && i < sizeof mechanisms / sizeof *mechanisms; i++)
		if (strcmp(mechanisms[i].name, name) == 0 &&
		    (mechanisms[i].guide || ep_documents(ep)))
			found = &mechanisms[i];
	if (!found) {
		snprintf(why, why_size, "authentication_mechanism is not one that is offered");
		return NULL;
	}
	const char *missing = has_words(data, found->who) ? NULL : found->who;
	for (size_t i = 0; !missing && i < 3 && found->needed[i]; i++)
		missing = has_words(data, found->needed[i]) ? NULL : found->needed[i];
	if (missing) {
		snprintf(why, why_size, "%s is required", missing);
		return NULL;
	}
	return found;
}

static const struct record *find_member_locked(const struct elasticpath *ep, const char *who)
{
	const struct record *member = store_email_locked(ep->members, who, NULL);
	return member ? member : store_find_locked(ep->members, who);
}

/* Self-signup makes the member, where the settings let it. NULL with the reply set. */
static const struct record *sign_up_locked(struct ep_ask *ask, json_t *data)
{
	struct elasticpath *ep = ask->ep;
	json_t *settings = ep_parse(store_at_locked(ep->settings, 0));
	bool open = json_is_true(json_object_get(settings, "enable_self_signup"));
	json_decref(settings);
	const char *email = json_string_value(json_object_get(data, "email"));
	if (!open || store_email_locked(ep->members, email, NULL)) {
		ep_error(ep, ask->reply, 403, "Forbidden", "%s",
			 open ? "That email has an account." : "Self-signup is not enabled.");
		return NULL;
	}
	char id[EP_ID_MOST];
	struct text path = {0};
	ep_new_id_locked(ep, id);
	text_fmt(&path, "/v2/account-members/%s", id);
	json_t *fields = json_pack("{s:O,s:O}", "name", json_object_get(data, "name"), "email",
				   json_object_get(data, "email"));
	json_t *object = ep_new(ep, EP_MEMBER, id, path.data, fields);
	const struct record *member = ep_add_locked(ep, EP_MEMBER, ep->members, id, object);
	json_decref(object);
	json_decref(fields);
	text_free(&path);
	return member;
}

static json_t *new_token_locked(struct elasticpath *ep)
{
	char id[EP_ID_MOST];
	char ends[40];
	struct text token = {0};
	json_t *settings = ep_parse(store_at_locked(ep->settings, 0));
	json_int_t seconds = json_integer_value(
	    json_object_get(settings, "account_management_authentication_token_timeout_secs"));
	json_decref(settings);
	ep_new_id_locked(ep, id);
	ep_time(ep, (int64_t)time(NULL) + seconds, ".000", ends, sizeof ends);
	text_fmt(&token, "buyer-token-CANARY-%s", id);
	json_t *object = json_pack("{s:s,s:s,s:s}", "type",
				   "account_management_authentication_token", "token", token.data,
				   "expires", ends);
	text_free(&token);
	return object;
}

/* One token for each account of the member's. */
static json_t *account_tokens_locked(struct elasticpath *ep, const struct record *member)
{
	json_t *list = json_array();
	struct text name = {0};
	for (size_t i = 0; i < store_count_locked(ep->accounts); i++) {
		const struct record *account = store_at_locked(ep->accounts, i);
		const struct store *store = ep_group_store_locked(ep, &ep->memberships,
								  record_id(account), false);
		if (!store || !ep_membership_locked(store, record_id(member)))
			continue;
		json_t *token = new_token_locked(ep);
		ep_string(EP_ACCOUNT, account, "name", &name);
		json_object_set_new(token, "account_id", json_string(record_id(account)));
		json_object_set_new(token, "account_name", json_string(name.data));
		json_array_append_new(list, token);
	}
	text_free(&name);
	return list;
}

static void sign_in_locked(struct ep_ask *ask, const struct mechanism *mechanism, json_t *data)
{
	struct elasticpath *ep = ask->ep;
	const struct record *member = NULL;
	if (strcmp(mechanism->name, "self_signup") == 0) {
		member = sign_up_locked(ask, data);
		if (!member)
			return;
	} else {
		const char *who = json_string_value(json_object_get(data, mechanism->who));
		member = find_member_locked(ep, who);
	}
	if (!member)
		ep_error(ep, ask->reply, 401, "Unauthorized", "The sign-in was refused.");
	else if (!ep_documents(ep))
		reply_json(ask->reply, 200, json_pack("{s:o}", "data", new_token_locked(ep)));
	else
		reply_json(ask->reply, 201,
			   json_pack("{s:o,s:{s:s}}", "data", account_tokens_locked(ep, member),
				     "meta", "account_member_id", record_id(member)));
}

void ep_post_buyer_tokens(struct ep_ask *ask)
{
	char why[160];
	json_t *data = ep_body(ask, "account_management_authentication_token");
	if (!data)
		return;
	const struct mechanism *mechanism = read_mechanism(ask->ep, data, why, sizeof why);
	if (!mechanism) {
		ep_invalid(ask, why);
	} else {
		pthread_mutex_lock(&ask->ep->lock);
		sign_in_locked(ask, mechanism, data);
		pthread_mutex_unlock(&ask->ep->lock);
	}
	json_decref(data);
}
