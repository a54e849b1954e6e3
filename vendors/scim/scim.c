/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim.c - see scim.h.
 *
 * A PATCH with one operation for each changed attribute touches nothing else, so it is what is sent
 * unless the server says that it has none: then the whole record is PUT. Whether it has one is
 * asked once, before the read that the first change rests on.
 */
#include "vendors/scim/scim.h"

#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/rest/exchange.h"
#include "vendors/rest/request.h"
#include "vendors/scim/scim_patch.h"
#include "vendors/scim/scim_record.h"
#include "vendors/vendor.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

/* Return true if CONFIG says that FEATURE is SUPPORTED, true or false. */
static bool says(const json_t *config, const char *feature, bool supported)
{
	const json_t *value = json_object_get(json_object_get(config, feature), "supported");

	return supported ? json_is_true(value) : json_is_false(value);
}

/* Let COLLECTION be changed by PUT from now on. */
static void prefer_put(struct account *account, const struct collection *collection)
{
	if (collection->update)
		request_prefer_alternative(account, &collection->update->request);
}

/* Note what CONFIG, a ServiceProviderConfig or NULL, says of ACCOUNT's server. */
static void note(struct account *account, const json_t *config)
{
	const struct vendor *vendor = account->vendor;
	const struct place *place = vendor->places;

	if (says(config, "patch", false)) {
		prefer_put(account, vendor->users);
		for (; place && place->name; place++)
			prefer_put(account, place->collection);
	}
	/* most servers' ETags are hashes that no write checks */
	if (!says(config, "etag", true))
		atomic_store(&account->no_preconditions, true);
}

/*
 * As collection->settle: ask for the ServiceProviderConfig, once. It is optional: a server that has
 * none is taken to have PATCH and no ETags.
 */
static void scim_settle(struct call *call, struct account *account)
{
	static const struct rule_request discovery = {.method = "GET",
						      .path = "/ServiceProviderConfig"};
	const struct request_values none = {0};
	struct http_reply reply = {0};
	struct request request;
	struct call look;
	json_t *config = NULL;

	if (atomic_load(&account->discovered))
		return;
	/* what fails here is no reason for the change to fail */
	call_continue(&look, call);
	if (!request_make(&look, account, &discovery, &none, &request)) {
		/* a change does not wait for a server that fails at this */
		request.http.repeatable = false;
		if (!exchange(&look, account, EXCHANGE_LIST, &request.http, &reply))
			config = exchange_parse(reply.body, reply.length, NULL, 0);
	}
	if (reply.status && reply.status != 429 && reply.status != 503) {
		note(account, config);
		atomic_store(&account->discovered, true);
	}
	json_decref(config);
	request_clear(&request);
	http_reply_clear(&reply);
	call_destroy(&look);
}

static bool is_list(const char *const *list, const char *first, const char *second)
{
	return list && list[0] && strcmp(list[0], first) == 0 && list[1] &&
	       strcmp(list[1], second) == 0 && !list[2];
}

void scim_hook_users(struct collection *users, struct rule_update *update,
		     struct rule_status *status)
{
	users->settle = scim_settle;
	users->complete = scim_record_complete_user;
	if (is_list(users->email_keys, "/emails/*/value", "userName"))
		users->email = scim_record_email;
	if (update)
		update->patch = scim_patch;
	if (status && strcmp(status->path, "active") == 0 && status->active->type == VALUE_TRUE &&
	    status->inactive->type == VALUE_FALSE)
		status->word = scim_record_status;
}

void scim_hook_place(struct collection *place, struct rule_update *update)
{
	place->settle = scim_settle;
	if (strcmp(place->name, "groups") == 0)
		place->complete = scim_record_complete_group;
	if (update)
		update->patch = scim_patch;
}
