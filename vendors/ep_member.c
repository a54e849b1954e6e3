/*
 * ep_member.c - changing one of Elastic Path's members.
 *
 * In the vendor's documents (single-sign-on OpenAPI, 2025) a member's name and email are changed
 * through the user-authentication-info with the same id, in the realm that the account
 * authentication settings name; PUT on the member is for the store's own fields. The guide knows
 * only the latter, for everything. So: where the settings name a realm both are sent, else the
 * member alone.
 */
#include "vendors/elasticpath.h"

#include "vendors/call.h"
#include "vendors/exchange.h"
#include "vendors/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What the authentication info has of a member. */
static const char *const identity[] = {"name",        "email",       "given_name",
				       "middle_name", "family_name", NULL};

static const char *const id_keys[] = {"id", NULL};

static const struct field info_fields[] = {{NULL, 0}};

static const struct collection infos = {
    .name = "user authentication info",
    .list_path = "/v2/authentication-realms/{parent}/user-authentication-info",
    .item_path = "/v2/authentication-realms/{parent}/user-authentication-info/",
    .item_key = "data",
    .id_keys = id_keys,
    .fields = info_fields,
    .wraps_requests = true,
};

/* The realm of the store's members; *REALM stays NULL where nobody names one. 0 or a negative
 * errno. */
static int find_realm(struct call *call, struct account *account, char **realm)
{
	struct http_request request = {.method = "GET",
				       .path = "/v2/settings/account-authentication",
				       .repeatable = true};
	struct http_reply reply = {0};
	int error = exchange(call, account, &request, &reply);
	json_t *answer = error ? NULL : exchange_json(call, account, &reply);
	const char *id = json_string_value(
	    collection_value(answer, "data.relationships.authentication_realm.data.id"));

	*realm = NULL;
	if (error == -ENOENT || error == -EACCES)
		error = 0; /* settings that we may not see name no realm */
	else if (!error && !answer)
		error = -EREMOTEIO;
	if (!error && id) {
		*realm = strdup(id);
		error = *realm ? 0 : call_fail(call, ENOMEM, "no memory");
	}
	json_decref(answer);
	http_reply_clear(&reply);
	return error;
}

static bool is_identity(const char *name)
{
	for (size_t i = 0; identity[i]; i++) {
		if (strcmp(identity[i], name) == 0)
			return true;
	}
	return false;
}

/* The part of BODY that the authentication info takes; *OTHERS: there is more in it. */
static json_t *info_of(const json_t *body, bool *others)
{
	json_t *info = json_pack("{s:s}", "type", "user_authentication_info");
	const char *key;
	json_t *value;

	*others = false;
	json_object_foreach((json_t *)(uintptr_t)body, key, value) {
		if (is_identity(key))
			json_object_set(info, key, value);
		else if (strcmp(key, "type") != 0)
			*others = true;
	}
	return info;
}

enum vendor_outcome ep_member_put(struct call *call, struct account *account, const char *parent,
				  const char *id, const json_t *body, const char *etag,
				  json_t **answer)
{
	struct collection member = ep_members;
	enum vendor_outcome outcome = VENDOR_REFUSED;
	json_t *info = NULL, *ignored = NULL;
	char *realm = NULL;
	bool others = true;

	(void)parent;
	member.put = NULL;
	if (find_realm(call, account, &realm))
		goto out;
	if (realm) {
		info = info_of(body, &others);
		outcome = vendor_put(call, account, &infos, realm, id, info, NULL, &ignored);
		if (outcome != VENDOR_DONE || !others)
			goto out;
	}
	outcome = vendor_put(call, account, &member, NULL, id, body, etag, answer);
	if (realm) {
		/* It does not say what became of name and email: a GET will. */
		json_decref(*answer);
		*answer = NULL;
	}
out:
	json_decref(info);
	json_decref(ignored);
	free(realm);
	return outcome;
}
