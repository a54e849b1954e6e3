/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.c - see account.h.
 *
 * Owns what the config reader puts in, and wipes the secrets at the end. It knows no particular
 * vendor and sends no request.
 */
#include "vendors/rest/account.h"

#include "vendors/base/vault.h"
#include "vendors/http/http.h"
#include "vendors/json/json_heap.h"
#include "vendors/vendor.h"
#include "vendors/rest/keyring.h"
#include "vendors/rest/oauth.h"
#include "vendors/rest/redact.h"
#include "vendors/rest/secrets.h"
#include "vendors/template/template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How many of the sets of values that were replaced are redacted. Each command that prints a new
 * secret makes one. */
#define REPLACED_REDACTED 8

/* Make the parts of ACCOUNT that its vendor asks for. Returns false without memory. */
static bool make_parts(struct account *account)
{
	const struct vendor *vendor = account->vendor;
	unsigned apis = account_api_count(vendor);
	bool tokens = false;

	for (unsigned i = 0; i < apis; i++)
		tokens = tokens || vendor->apis[i].token;
	if (apis > 1) {
		account->others = calloc(apis - 1, sizeof(*account->others));
		if (!account->others)
			return false;
	}
	if (tokens) {
		account->logins = calloc(apis, sizeof(*account->logins));
		if (!account->logins)
			return false;
	}
	if (apis || vendor->renew) {
		account->token = token_new(apis ? apis + 1 : OAUTH_GRANTS);
		if (!account->token)
			return false;
	}
	if (vendor->memory_new) {
		account->memory = vendor->memory_new();
		if (!account->memory)
			return false;
	}
	return true;
}

struct account *account_new(const char *name, const struct vendor *vendor)
{
	struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return NULL;
	pthread_mutex_init(&account->replacing, NULL);
	account->vendor = vendor;
	account->name = strdup(name);
	account->endpoint.name = account->name;
	account->values = calloc(keyring_count(vendor) + 1, sizeof(*account->values));
	if (vendor->base_url)
		account->endpoint.base_url = strdup(vendor->base_url);
	if (!account->name || !account->values ||
	    (vendor->base_url && !account->endpoint.base_url)) {
		account_free(account);
		return NULL;
	}
	if (!make_parts(account)) {
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

int account_set_vendor(struct account *account, const struct vendor *vendor)
{
	token_free(account->token);
	free(account->logins);
	free(account->others);
	account->token = NULL;
	account->logins = account->others = NULL;
	account->vendor = vendor;
	return make_parts(account) ? 0 : -ENOMEM;
}

void account_free(struct account *account)
{
	struct keyring_replaced *replaced, *before;

	if (!account)
		return;
	keyring_free(account->vendor, account->values);
	secrets_free(account->secrets, keyring_count(account->vendor));
	for (replaced = account->replaced; replaced; replaced = before) {
		before = replaced->before;
		keyring_free(account->vendor, replaced->values);
		secrets_free(replaced->secrets, keyring_count(account->vendor));
		free(replaced);
	}
	pthread_mutex_destroy(&account->replacing);
	token_free(account->token);
	if (account->memory)
		account->vendor->memory_free(account->memory);
	for (unsigned i = 0; i < account_api_count(account->vendor); i++) {
		if (account->logins)
			free(account->logins[i].base_url);
		if (i && account->others)
			free(account->others[i - 1].base_url);
	}
	free(account->logins);
	free(account->others);
	free(account->refresh_token_file);
	free(account->endpoint.base_url);
	free(account->endpoint.ca_file);
	free(account->name);
	free(account->shared_name);
	free(account);
}

/* Return the newest value of the setting INDEX. */
static const char *value_at(const struct account *account, size_t index)
{
	/* gcc reads `account->values[index]` without the atomic load */
	char **values = atomic_load(&account->values);

	return values[index];
}

const void *account_values(const struct account *account)
{
	return account->values;
}

const char *account_shared_name(const struct account *account)
{
	return account->shared_name ? account->shared_name : account->name;
}

const char *account_value(const struct account *account, const char *name)
{
	for (size_t i = 0; account->vendor->settings[i].name; i++) {
		if (strcmp(account->vendor->settings[i].name, name) == 0)
			return value_at(account, i);
	}
	return NULL;
}

bool account_urls(const struct account *account, char *words, size_t size)
{
	static const char *const names[] = {"token_url", "base_url."};
	size_t used = 0;

	words[0] = '\0';
	for (const struct setting *setting = account->vendor->settings; setting->name; setting++) {
		const char *value = account_value(account, setting->name);

		for (size_t i = 0; value && i < sizeof(names) / sizeof(names[0]); i++) {
			if (strncmp(setting->name, names[i], strlen(names[i])) == 0 && used < size)
				used += (size_t)snprintf(words + used, size - used, "%s%s is %s",
							 used ? ", " : "", setting->name, value);
		}
	}
	return used;
}

unsigned account_api_count(const struct vendor *vendor)
{
	unsigned count = 0;

	while (vendor->apis && vendor->apis[count].name)
		count++;
	return count;
}

unsigned account_endpoint_count(const struct account *account)
{
	unsigned apis = account_api_count(account->vendor), count = apis ? apis : 1;

	for (unsigned i = 0; account->logins && i < apis; i++)
		count += account->vendor->apis[i].token != NULL;
	return count;
}

static void add_stats(const struct endpoint *endpoint, struct http_stats *sum)
{
	struct http_stats stats;

	http_stats(endpoint, &stats);
	http_stats_add(sum, &stats);
}

void account_stats(const struct account *account, struct http_stats *stats)
{
	unsigned apis = account_api_count(account->vendor);

	http_stats(&account->endpoint, stats);
	for (unsigned i = 0; i < apis; i++) {
		if (i && account->others)
			add_stats(&account->others[i - 1], stats);
		if (account->logins)
			add_stats(&account->logins[i], stats);
	}
}

struct endpoint *account_endpoint(struct account *account, unsigned index)
{
	return index && account->others ? &account->others[index - 1] : &account->endpoint;
}

static bool header_has(const struct rule_header *header, const char *name)
{
	for (; header && header->name; header++) {
		if (template_has(header->value, name))
			return true;
	}
	return false;
}

static bool token_has(const struct rule_token *token, const char *name)
{
	return token && (template_has(token->user, name) || template_has(token->password, name) ||
			 template_has(token->request->body, name) ||
			 header_has(token->request->headers, name));
}

bool account_is_proof(const struct account *account, const char *name)
{
	const struct rule_api *apis = account->vendor->apis;
	bool proves = false;

	for (unsigned i = 0; i < account_api_count(account->vendor); i++) {
		if (template_has(apis[i].base_url, name) || header_has(apis[i].headers, name) ||
		    (apis[i].token && template_has(apis[i].token->request->path, name)))
			return false;
		proves = proves || template_has(apis[i].user, name) ||
			 template_has(apis[i].password, name) ||
			 header_has(apis[i].auth_headers, name) ||
			 header_has(apis[i].auth_query, name) || token_has(apis[i].token, name);
	}
	return proves;
}

static void take_waits(const struct account *account, struct endpoint *endpoint)
{
	endpoint->timeout = account->endpoint.timeout;
	endpoint->retry_budget = account->endpoint.retry_budget;
}

void account_spread_waits(struct account *account)
{
	for (unsigned i = 0; i < account_api_count(account->vendor); i++) {
		if (i && account->others)
			take_waits(account, &account->others[i - 1]);
		if (account->logins)
			take_waits(account, &account->logins[i]);
	}
}

/* ---- redaction ---- */

/* The values of templates that make a proof of identity. */
struct proof_values {
	struct template_values values;
	const struct account *account;
	unsigned api;
};

static json_t *proof_value(const struct template_values *values, const char *name)
{
	const struct proof_values *proof = (const struct proof_values *)values;
	const char *setting = account_value(proof->account, name);
	char *token = NULL;
	json_t *value;

	if (!setting && strcmp(name, "access_token") == 0 && proof->account->token)
		setting = token = token_text(proof->account->token, proof->api);
	value = setting ? json_string(setting) : NULL;
	vault_free(token);
	return value;
}

static void wipe_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Overwrite in TEXT what HTTP Basic makes of the templates USER and PASSWORD (or NULL). */
static void redact_templates(const struct proof_values *proof, const char *user,
			     const char *password, char *text)
{
	char *name = user ? template_expand(user, TEMPLATE_TEXT, &proof->values, NULL, 0) : NULL;
	char *secret = template_expand(password ? password : "", TEMPLATE_TEXT, &proof->values,
				       NULL, 0);

	if (name && secret)
		redact_whole_basic(text, name, secret);
	wipe_text(name);
	wipe_text(secret);
}

static void redact_apis(const struct account *account, char *text)
{
	struct proof_values proof = {.values = {proof_value}, .account = account};

	json_heap_wipe(true);
	for (; proof.api < account_api_count(account->vendor); proof.api++) {
		const struct rule_api *api = &account->vendor->apis[proof.api];

		redact_templates(&proof, api->user, api->password, text);
		if (api->token)
			redact_templates(&proof, api->token->user, api->token->password, text);
	}
	json_heap_wipe(false);
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
			const char *user = value_at(account, i), *password = value_at(account, j);

			if (i != j && settings[i].type == SETTING_SECRET &&
			    settings[j].type == SETTING_SECRET && user && password)
				redact_basic(text, user, password);
		}
	}
}

/* Overwrite the secrets that were replaced last: a request with them may be answered still. */
static void redact_replaced(const struct account *account, char *text)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&account->replacing;
	const struct keyring_replaced *replaced;

	pthread_mutex_lock(lock);
	replaced = account->replaced;
	pthread_mutex_unlock(lock);
	for (int turn = 0; replaced && turn < REPLACED_REDACTED; turn++) {
		for (size_t i = 0; account->vendor->settings[i].name; i++) {
			if (account->vendor->settings[i].type == SETTING_SECRET)
				redact_whole(text, replaced->values[i]);
		}
		replaced = replaced->before;
	}
}

void account_redact(const struct account *account, char *text)
{
	redact_pairs(account, text);
	redact_apis(account, text);
	if (account->token)
		token_redact(account->token, text);
	for (size_t i = 0; account->vendor->settings[i].name; i++) {
		if (account->vendor->settings[i].type == SETTING_SECRET)
			redact_whole(text, value_at(account, i));
	}
	redact_replaced(account, text);
}

bool account_tells(const struct account *account, const char *text)
{
	const struct setting *settings = account->vendor->settings;
	bool told = account->token && token_tells(account->token, text);

	for (size_t i = 0; settings[i].name && !told; i++) {
		const char *value = settings[i].type == SETTING_SECRET ? value_at(account, i)
								       : NULL;

		told = value && strlen(value) >= REDACT_PART && strstr(text, value);
	}
	return told;
}
