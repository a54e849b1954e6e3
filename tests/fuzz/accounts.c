/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.c - see accounts.h.
 */
#include "tests/fuzz/accounts.h"

#include "tests/fuzz/fuzz.h"
#include "tests/unit/told_faults.h"
#include "vendors/base/call.h"
#include "vendors/base/hash.h"
#include "vendors/base/log.h"
#include "vendors/base/vault.h"
#include "vendors/description/description.h"
#include "vendors/json/json_heap.h"
#include "vendors/rest/account.h"
#include "vendors/rest/login.h"
#include "vendors/rest/oauth.h"
#include "vendors/rest/redact.h"
#include "vendors/rest/token.h"
#include "vendors/vendors.h"

#include <ctype.h>
#include <errno.h>

/* what happens here is no new behaviour of rosterfs */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)

#define TYPES_MAX 80
#define VARIANTS 8
#define COLLECTIONS_MAX 24
#define KEY_FORMAT "zQ%u7+fK9/mW3=xV5&tB8"

struct type {
	char *name;
	const struct vendor *vendor; /* in C, or NULL */
	struct description *description;
	struct account *accounts[VARIANTS];
};

static const char *const folders[] = {"descriptions", NULL};
static struct type types[TYPES_MAX];
static size_t type_count;

static void add_type(const char *name, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < type_count; i++) {
		if (strcmp(types[i].name, name) == 0)
			return;
	}
	FUZZ_CHECK(type_count < TYPES_MAX);
	types[type_count++].name = strdup(name);
}

static int compare_types(const void *a, const void *b)
{
	return strcmp(((const struct type *)a)->name, ((const struct type *)b)->name);
}

/* Find all vendors, in an order that does not depend on the folder's. */
static void find_types(void)
{
	json_heap_install();
	description_each_type(folders, add_type, NULL);
	for (size_t i = 0; vendors[i]; i++) {
		if (!vendors[i]->users)
			continue;
		add_type(vendors[i]->type, NULL);
		types[type_count - 1].vendor = vendors[i];
	}
	qsort(types, type_count, sizeof(types[0]), compare_types);
	for (size_t i = 0; i < type_count; i++) {
		char why[600] = "";

		if (!types[i].vendor &&
		    told_read(types[i].name, folders, &types[i].description, why, sizeof(why))) {
			fprintf(stderr, "run it in the folder of the sources: %s\n", why);
			abort();
		}
	}
}

/* Return a value for SETTING number INDEX, new. */
static char *value_of(const struct setting *setting, size_t index, unsigned variant)
{
	char *value = NULL;
	size_t count = 0;

	if (setting->type == SETTING_SECRET) {
		FUZZ_CHECK(asprintf(&value, KEY_FORMAT, (unsigned)index % 10) > 0);
		return vault_take(value);
	}
	while (setting->type == SETTING_CHOICE && setting->choices[count])
		count++;
	if (count)
		return vault_copy(setting->choices[variant % count]);
	return vault_copy(strstr(setting->name, "url") ? "https://login.x.example/token" : "x");
}

/* Return a new account of TYPE, or NULL: it cannot have these settings. */
static struct account *make(const struct type *type, unsigned variant)
{
	const struct vendor *vendor = type->vendor ? type->vendor
						   : description_outline(type->description);
	struct account *account = account_new("acme", vendor);
	char why[600] = "";

	FUZZ_CHECK(account);
	if (type->description)
		description_defaults(type->description, account);
	for (size_t i = 0; vendor->settings[i].name; i++) {
		vault_free(account->values[i]);
		account->values[i] = value_of(&vendor->settings[i], i, variant);
	}
	account->trust = account->allow_delete = account->inactive_deletes = true;
	account->secret_in_url = variant % 2;
	account->delete_deactivates = variant & 2;
	if (!account->endpoint.base_url)
		account->endpoint.base_url = strdup("https://x.example/api");
	if ((type->description && told_build(type->description, account, why, sizeof(why))) ||
	    login_open(NULL, account, why, sizeof(why))) {
		account_free(account);
		return NULL;
	}
	return account;
}

/* As token_issuer. */
static int issue(struct call *call, struct account *account, unsigned slot, struct token_made *made)
{
	(void)call;
	(void)account;
	(void)slot;
	made->text = vault_copy(ACCOUNTS_TOKEN);
	made->life = TOKEN_FOREVER;
	for (size_t i = 0; i < TOKEN_SAVED_MAX; i++)
		made->saved[i] = vault_copy("saved");
	return 0;
}

/* Forget what ACCOUNT has learnt. */
static void forget(struct account *account, bool tokens)
{
	unsigned apis = account_api_count(account->vendor), slots = apis ? apis + 1 : OAUTH_GRANTS;

	account->discovered = account->plain_paths = account->no_preconditions = false;
	account->alternatives = 0;
	if (account->memory) {
		account->vendor->memory_free(account->memory);
		account->memory = account->vendor->memory_new();
	}
	if (!account->token)
		return;
	token_free(account->token);
	account->token = token_new(slots);
	for (unsigned slot = 0; tokens && slot < (apis ? apis : OAUTH_GRANTS); slot++) {
		struct call call;
		uint64_t serial;
		char *text = NULL;

		call_init(&call, "acme");
		FUZZ_CHECK(token_get(account->token, &call, slot, issue, account, &text, &serial) ==
			   0);
		vault_free(text);
		call_destroy(&call);
	}
}

struct account *accounts_take(const char *word, bool tokens)
{
	size_t length = strcspn(word, "#"), at = 0;
	unsigned variant = word[length] ? (unsigned)atoi(word + length + 1) % VARIANTS : 0;
	struct type *type;

	if (!type_count)
		find_types();
	while (at < type_count &&
	       (strncmp(types[at].name, word, length) != 0 || types[at].name[length]))
		at++;
	type = &types[at < type_count ? at : hash_text(word) % type_count];
	if (type->description && !description_outline(type->description)->users)
		return NULL;
	if (!type->accounts[variant])
		type->accounts[variant] = make(type, variant);
	if (!type->accounts[variant])
		variant = 0;
	if (!type->accounts[variant])
		type->accounts[variant] = make(type, variant);
	FUZZ_CHECK(type->accounts[variant]);
	forget(type->accounts[variant], tokens);
	return type->accounts[variant];
}

/* ---- collections ---- */

struct choice {
	const char *names[COLLECTIONS_MAX];
	const struct collection *collections[COLLECTIONS_MAX];
	size_t count;
};

static void add_choice(struct choice *all, const char *name, const struct collection *collection)
{
	if (!collection || all->count == COLLECTIONS_MAX)
		return;
	all->names[all->count] = name;
	all->collections[all->count++] = collection;
}

static void add_places(struct choice *all, const struct place *place)
{
	for (; place && place->name; place++) {
		add_choice(all, place->name, place->collection);
		add_places(all, place->below);
	}
}

const struct collection *accounts_collection(const struct account *account, const char *word)
{
	struct choice all = {.count = 0};

	add_choice(&all, "users", account->vendor->users);
	add_choice(&all, "statuses", account->vendor->statuses);
	add_places(&all, account->vendor->places);
	for (size_t i = 0; i < all.count; i++) {
		if (strcmp(all.names[i], word) == 0)
			return all.collections[i];
	}
	FUZZ_CHECK(all.count);
	return all.collections[hash_text(word) % all.count];
}

/* ---- secrets ---- */

/* Return true if TEXT has REDACT_PART bytes of SECRET, whatever their case. Without the fuzzer's
 * eyes, which would put the secret into inputs. */
static bool has_part(const char *text, const char *secret)
{
	for (; *text; text++) {
		for (const char *part = secret; strlen(part) >= REDACT_PART; part++) {
			size_t same = 0;

			while (same < REDACT_PART && text[same] &&
			       tolower((unsigned char)text[same]) ==
				   tolower((unsigned char)part[same]))
				same++;
			if (same == REDACT_PART)
				return true;
		}
	}
	return false;
}

static void check_part(const char *text, const char *secret)
{
	FUZZ_CHECK(!has_part(text, secret));
}

bool accounts_quoted(const char *text)
{
	char key[32];

	for (unsigned i = 0; i < 10; i++) {
		snprintf(key, sizeof(key), KEY_FORMAT, i);
		if (has_part(text, key))
			return true;
	}
	return has_part(text, ACCOUNTS_TOKEN) || has_part(text, ACCOUNTS_PASSWORD);
}

void accounts_check(const struct account *account, const char *text, bool password)
{
	for (size_t i = 0; account->vendor->settings[i].name; i++) {
		const struct setting *setting = &account->vendor->settings[i];

		if (setting->type == SETTING_SECRET)
			check_part(text, account_value(account, setting->name));
	}
	for (unsigned slot = 0; account->token && slot < OAUTH_GRANTS; slot++) {
		unsigned apis = account_api_count(account->vendor);
		char *token = slot < (apis ? apis : OAUTH_GRANTS) ? token_text(account->token, slot)
								  : NULL;

		if (token && strcmp(token, ACCOUNTS_TOKEN) == 0)
			check_part(text, ACCOUNTS_TOKEN);
		vault_free(token);
	}
	if (password)
		check_part(text, ACCOUNTS_PASSWORD);
}

void accounts_check_log(const struct account *account, bool password)
{
	size_t length = 0;
	char *text = log_size() ? log_text(&length) : NULL;

	if (text) {
		char *copy = strndup(text, length);

		FUZZ_CHECK(copy);
		accounts_check(account, copy, password);
		free(copy);
	}
	free(text);
	log_free();
}

#pragma clang attribute pop
