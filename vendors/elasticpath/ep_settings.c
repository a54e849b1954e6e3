/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_settings.c - see ep_settings.h.
 *
 * The vendor's account-management OpenAPI (2025) names the realm in the settings' relationships.
 * The settings in the guide have no realm.
 */
#include "vendors/elasticpath/ep_settings.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/elasticpath/ep_common.h"
#include "vendors/elasticpath/ep_memory.h"
#include "vendors/http/basis.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ep_settings_memory_init(struct ep_settings_memory *memory)
{
	*memory = (struct ep_settings_memory){.realm = NULL};
	pthread_mutex_init(&memory->lock, NULL);
}

void ep_settings_memory_destroy(struct ep_settings_memory *memory)
{
	pthread_mutex_destroy(&memory->lock);
	free(memory->realm);
}

static struct ep_settings_memory *ep_settings_memory_of(struct account *account)
{
	return &((struct ep_memory *)account->memory)->settings;
}

/* ---- the collection ---- */

/*
 * A PUT replaces the settings (guide), so it sends everything that the vendor's requests can have.
 * The realm is in relationships, which no request in the OpenAPI has.
 */
static const struct field ep_settings_fields[] = {
    {"id", FIELD_SYSTEM},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {NULL, 0},
};

static enum vendor_outcome ep_settings_put(struct call *call, struct account *account,
					   const char *parent, const char *id, const json_t *body,
					   const char *etag, json_t **answer)
{
	enum vendor_outcome outcome = item_put_direct(call, account, &ep_settings, parent, id, body,
						      etag, answer);

	ep_settings_forget(account); /* they may name another realm now */
	return outcome;
}

const struct collection ep_settings = {
    .name = "account authentication settings",
    .list_path = "",
    .item_path = "/v2/settings/account-authentication",
    .single = true,
    .item_key = "data",
    .id_keys = ep_common_id_keys,
    .type = "account_authentication_settings",
    .wraps_requests = true,
    .time_keys = ep_common_time_keys,
    /* the vendor has no such field here, but a document may name a version in it */
    .stamp_key = "/meta/updated_at",
    .fields = ep_settings_fields,
    .put = ep_settings_put,
};

/* ---- the realm ---- */

/* Return a copy of TEXT (NULL: NULL). Set *ERROR to -ENOMEM if there is no memory. */
static char *ep_settings_copy(const char *text, int *error)
{
	char *new = text ? strdup(text) : NULL;

	if (text && !new)
		*error = -ENOMEM;
	return new;
}

/* Read the realm from the vendor's settings. As ep_settings_realm. */
static int ep_settings_ask(struct call *call, struct account *account, char **realm)
{
	struct http_request request = {.method = "GET",
				       .path = ep_settings.item_path,
				       .repeatable = true};
	struct http_reply reply = {0};
	int error = exchange(call, account, EXCHANGE_RECORD, &request, &reply);
	json_t *answer = error ? NULL : exchange_json(call, account, &reply);
	const json_t *settings = answer ? collection_unwrap(&ep_settings, answer) : NULL;

	*realm = NULL;
	if (error && (call->verdict == CALL_MISSING || call->verdict == CALL_DENIED))
		error = 0; /* settings that the key may not read name no realm */
	else if (!error && !answer)
		error = -call->error;
	else if (!error)
		*realm = ep_settings_copy(
		    json_string_value(
			collection_value(settings, "/relationships/authentication_realm/data/id")),
		    &error);
	json_decref(answer);
	http_reply_clear(&reply);
	return error;
}

int ep_settings_realm(struct call *call, struct account *account, char **realm)
{
	struct ep_settings_memory *memory = ep_settings_memory_of(account);
	char *found = NULL;
	bool known;
	uint64_t asked;
	int error = 0;

	*realm = NULL;
	pthread_mutex_lock(&memory->lock);
	known = clock_now().tv_sec < memory->until;
	/* if ttl is short: it was read for this change, before the change read its record */
	if (call->basis && memory->told >= call->basis->begun && memory->told)
		known = true;
	asked = memory->asked;
	if (known)
		*realm = ep_settings_copy(memory->realm, &error);
	pthread_mutex_unlock(&memory->lock);
	if (known || error)
		goto out;

	error = ep_settings_ask(call, account, &found);
	if (error)
		goto out;
	*realm = ep_settings_copy(found, &error);
	pthread_mutex_lock(&memory->lock);
	if (memory->asked == asked) {
		free(memory->realm);
		memory->realm = found;
		memory->until = clock_now().tv_sec + (time_t)account->ttl;
		memory->told = clock_milliseconds();
		found = NULL;
	}
	pthread_mutex_unlock(&memory->lock);
out:
	free(found);
	if (error == -ENOMEM)
		call_no_memory(call);
	return error;
}

void ep_settings_settle(struct call *call, struct account *account)
{
	char *realm = NULL;

	if (ep_settings_realm(call, account, &realm)) {
		call_clear(call);
	}
	free(realm);
}

void ep_settings_forget(struct account *account)
{
	struct ep_settings_memory *memory = ep_settings_memory_of(account);

	pthread_mutex_lock(&memory->lock);
	memory->until = memory->told = 0;
	memory->asked++;
	pthread_mutex_unlock(&memory->lock);
}
