/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.c - see account.h.
 *
 * Owns what the config reader puts in, and wipes the secrets at the end. It knows no particular
 * vendor and sends no request.
 */
#include "vendors/rest/account.h"

#include "vendors/vendor.h"
#include "vendors/rest/redact.h"
#include "vendors/rest/token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Shorter secrets are left: overwriting them would blank half of every message. */
#define REDACT_MIN 4

static size_t setting_count(const struct vendor *vendor)
{
	size_t count = 0;

	while (vendor->settings[count].name)
		count++;
	return count;
}

struct account *account_new(const char *name, const struct vendor *vendor)
{
	struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return NULL;
	account->vendor = vendor;
	account->name = strdup(name);
	account->endpoint.name = account->name;
	account->values = calloc(setting_count(vendor) + 1, sizeof(*account->values));
	if (vendor->base_url)
		account->endpoint.base_url = strdup(vendor->base_url);
	if (!account->name || !account->values ||
	    (vendor->base_url && !account->endpoint.base_url)) {
		account_free(account);
		return NULL;
	}
	if (vendor->renew)
		account->token = token_new();
	if (vendor->memory_new)
		account->memory = vendor->memory_new();
	if ((vendor->renew && !account->token) || (vendor->memory_new && !account->memory)) {
		account_free(account);
		return NULL;
	}
	account->ttl = 300;
	account->grace = 0;
	account->endpoint.parallel = 8;
	account->endpoint.timeout = 30;
	account->endpoint.retry_budget = 120;
	account->lag = 60;
	account->max_users = 2000000;
	return account;
}

unsigned account_api_count(const struct vendor *vendor)
{
	unsigned count = 0;

	while (vendor->apis && vendor->apis[count].name)
		count++;
	return count;
}

int account_set_vendor(struct account *account, const struct vendor *vendor)
{
	unsigned apis = account_api_count(vendor);

	if (apis > 1) {
		account->others = calloc(apis - 1, sizeof(*account->others));
		if (!account->others)
			return -ENOMEM;
	}
	account->vendor = vendor;
	return 0;
}

void account_free(struct account *account)
{
	if (!account)
		return;
	for (size_t i = 0; account->values && account->vendor->settings[i].name; i++) {
		if (account->values[i] && account->vendor->settings[i].type == SETTING_SECRET)
			explicit_bzero(account->values[i], strlen(account->values[i]));
		free(account->values[i]);
	}
	free(account->values);
	token_free(account->token);
	if (account->memory)
		account->vendor->memory_free(account->memory);
	for (unsigned i = 1; account->others && i < account_api_count(account->vendor); i++)
		free(account->others[i - 1].base_url);
	free(account->others);
	free(account->refresh_token_file);
	free(account->endpoint.base_url);
	free(account->name);
	free(account);
}

const char *account_value(const struct account *account, const char *name)
{
	for (size_t i = 0; account->vendor->settings[i].name; i++) {
		if (strcmp(account->vendor->settings[i].name, name) == 0)
			return account->values[i];
	}
	return NULL;
}

/*
 * A vendor may quote the Authorization header, which holds two secrets. Only the vendor's file
 * knows which ones, so try each pair.
 */
static void redact_pairs(const struct account *account, char *text)
{
	const struct setting *settings = account->vendor->settings;

	for (size_t i = 0; settings[i].name; i++) {
		for (size_t j = 0; settings[j].name; j++) {
			if (i != j && settings[i].type == SETTING_SECRET &&
			    settings[j].type == SETTING_SECRET && account->values[i] &&
			    account->values[j])
				redact_basic(text, account->values[i], account->values[j]);
		}
	}
}

void account_redact(const struct account *account, char *text)
{
	redact_pairs(account, text);
	if (account->token)
		token_redact(account->token, text);
	for (size_t i = 0; account->vendor->settings[i].name; i++) {
		const char *secret = account->values[i];
		size_t length = secret ? strlen(secret) : 0;

		if (account->vendor->settings[i].type != SETTING_SECRET || length < REDACT_MIN)
			continue;
		for (char *at = text; *at; at++) {
			size_t same = 0;

			while (same < length && at[same] == secret[same])
				same++;
			/* at the end, the text may have been cut within the secret */
			if (same == length || (same >= REDACT_MIN && !at[same]))
				memset(at, '*', same);
		}
	}
}
