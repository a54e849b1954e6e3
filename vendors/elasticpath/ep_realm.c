/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_realm.c - see ep_realm.h.
 */
#include "vendors/elasticpath/ep_realm.h"

#include "vendors/base/call.h"
#include "vendors/elasticpath/ep_common.h"
#include "vendors/rest/item.h"

#include <errno.h>

/* ---- realms ---- */

static const struct field ep_realm_fields[] = {
    {"id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_ONCE},
    {"name", FIELD_REQUIRED | FIELD_EACH_TIME},
    {NULL, 0},
};

static const struct once ep_realm_once[] = {
    {"/relationships/origin/data/id", NULL},
    {NULL, NULL},
};

/* Return BODY without its relationships, except origin: a new reference. NULL: no memory. */
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
 * As collection->post. The guide creates realms. In the OpenAPI a store has three realms and there
 * is no such call. The type of the request in the vendor's JavaScript client needs
 * relationships.origin.
 */
static enum vendor_outcome ep_realm_post(struct call *call, struct account *account,
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
			  "the vendor creates no realms: a store has only those that are listed");
	return outcome;
}

const struct collection ep_realms = {
    .name = "authentication realms",
    .list_path = "/v2/authentication-realms",
    .item_path = "/v2/authentication-realms/",
    EP_COMMON_LIST,
    .id_keys = ep_common_id_keys,
    .created_keys = ep_common_created_keys,
    .type = "authentication-realm",
    .stamp_key = "/meta/updated_at",
    .fields = ep_realm_fields,
    .once = ep_realm_once,
    .creates = ep_common_creates,
    .post = ep_realm_post,
};

/* ---- OIDC profiles ---- */

/*
 * Each PUT must have all four of the fields at the end (OpenAPI of 2024). The vendor does not show
 * the secret. In the newest examples it does not show discovery_url either, but the issuer, which
 * the vendor finds out.
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

const struct collection ep_realm_profiles = {
    .name = "OIDC profiles",
    .list_path = "/v2/authentication-realms/{parent}/oidc-profiles",
    .item_path = "/v2/authentication-realms/{parent}/oidc-profiles/",
    EP_COMMON_LIST,
    .id_keys = ep_common_id_keys,
    .created_keys = ep_common_created_keys,
    .type = "oidc-profile",
    .stamp_key = "/meta/updated_at",
    .fields = profile_fields,
    .creates = ep_common_creates,
    .deletes = true,
};
