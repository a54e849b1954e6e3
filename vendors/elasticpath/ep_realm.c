/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_realm.c - what is remembered of an Elastic Path store: the realm in which its members sign in.
 *
 * The account authentication settings name it (the vendor's account-management OpenAPI, 2025; the
 * guide's settings show none). Each change of a member needs it, and it hardly ever changes: so it
 * is asked for once in a while, and anew when it proves wrong. It does not know what it is used
 * for.
 */
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/elasticpath/elasticpath.h"

#include "vendors/http/basis.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/rest/exchange.h"
#include "vendors/http/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void *ep_memory_new(void)
{
	struct ep_memory *memory = calloc(1, sizeof(*memory));

	if (memory)
		pthread_mutex_init(&memory->lock, NULL);
	return memory;
}

void ep_memory_free(void *arg)
{
	struct ep_memory *memory = arg;

	ep_lag_free(memory);
	pthread_mutex_destroy(&memory->lock);
	free(memory->realm);
	free(memory);
}

static char *copy(const char *text, int *error)
{
	char *new = text ? strdup(text) : NULL;

	if (text && !new)
		*error = -ENOMEM;
	return new;
}

/* What the settings say. 0 or a negative errno. */
static int ask(struct call *call, struct account *account, char **realm)
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
		error = 0; /* settings that we may not see name no realm */
	else if (!error && !answer)
		error = -EREMOTEIO;
	else if (!error)
		*realm = copy(json_string_value(
				  collection_value(settings,
						   "relationships.authentication_realm.data.id")),
			      &error);
	json_decref(answer);
	http_reply_clear(&reply);
	return error;
}

int ep_realm(struct call *call, struct account *account, char **realm)
{
	struct ep_memory *memory = account->memory;
	char *found = NULL;
	bool known;
	uint64_t asked;
	int error = 0;

	*realm = NULL;
	pthread_mutex_lock(&memory->lock);
	known = clock_now().tv_sec < memory->until;
	/* asked before this change read its record, and for it, if ttl is short */
	if (call->basis && memory->told >= call->basis->begun && memory->told)
		known = true;
	asked = memory->asked;
	if (known)
		*realm = copy(memory->realm, &error);
	pthread_mutex_unlock(&memory->lock);
	if (known || error)
		goto out;

	error = ask(call, account, &found);
	if (error)
		goto out;
	*realm = copy(found, &error);
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

void ep_realm_settle(struct call *call, struct account *account)
{
	char *realm = NULL;

	if (ep_realm(call, account, &realm)) {
		call_clear(call);
	}
	free(realm);
}

void ep_realm_forget(struct account *account)
{
	struct ep_memory *memory = account->memory;

	pthread_mutex_lock(&memory->lock);
	memory->until = memory->told = 0;
	memory->asked++;
	pthread_mutex_unlock(&memory->lock);
}
