/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - see config.h.
 *
 * sections.c parses the file and keys.c knows which section may have which key. This file reads the
 * values: numbers, paths, texts of files, secrets. Paths become absolute, because the process
 * leaves its working directory when it goes to the background. No message quotes a value, because
 * it may be a secret in the wrong line. This file must not know a vendor by name, nor send
 * requests.
 */
#include "mount/config.h"

#include "cache/changes/change_marks.h"
#include "cache/changes/changes.h"
#include "mount/keys.h"
#include "mount/secret.h"
#include "mount/types.h"
#include "vendors/base/limits.h"
#include "vendors/description/description.h"
#include "vendors/http/http_url.h"
#include "vendors/ini/file_text.h"
#include "vendors/ini/sections.h"
#include "vendors/rest/account.h"
#include "vendors/rest/secrets.h"
#include "vendors/vendor.h"
#include "vendors/vendors.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWN_SECTION "rosterfs"

/* ---- values: each function returns 0, or a negative errno with words ---- */

/* Return VALUE as a number of decimal digits, MAX at most, or -1. *END is what follows the digits.
 */
static long long digits(const char *value, unsigned long long max, const char **end)
{
	unsigned long long number = 0;
	const char *at = value;

	for (; *at >= '0' && *at <= '9'; at++) {
		number = number * 10 + (unsigned long long)(*at - '0');
		if (number > max)
			return -1;
	}
	*end = at;
	return at == value ? -1 : (long long)number;
}

static int set_number(const struct keys *keys, const struct entry *entry, const struct key *key,
		      unsigned *number)
{
	const char *end = "";
	long long value = digits(entry->value, key->max, &end);

	if (value < (long long)key->min || *end)
		return keys_fail(keys, entry->line, "%s must be a whole number from %u to %u",
				 key->name, key->min, key->max);
	*number = (unsigned)value;
	return 0;
}

static int config_set_size(const struct keys *keys, const struct entry *entry, size_t *size)
{
	static const char units[] = "KMG";
	const char *end = "";
	long long value = digits(entry->value, SSIZE_MAX, &end);
	const char *unit = *end ? strchr(units, *end) : NULL;
	unsigned shift = unit ? 10 * ((unsigned)(unit - units) + 1) : 0;

	if (value < 0 || (*end && (!unit || end[1])) || value > (long long)(SSIZE_MAX >> shift))
		return keys_fail(keys, entry->line,
				 "%s must be a number of bytes, which K, M or G may follow",
				 entry->key);
	*size = (size_t)value << shift;
	return 0;
}

static int set_yes_no(const struct keys *keys, const struct entry *entry, bool *value)
{
	bool yes = strcmp(entry->value, "yes") == 0;

	if (!yes && strcmp(entry->value, "no") != 0)
		return keys_fail(keys, entry->line, "%s must be yes or no", entry->key);
	*value = yes;
	return 0;
}

static int set_text(const struct keys *keys, const struct entry *entry, const char *value,
		    char **text)
{
	char *copy = strdup(value);

	if (!copy)
		return keys_fail_memory(keys, entry->line);
	free(*text);
	*text = copy;
	return 0;
}

static int set_url(const struct keys *keys, const struct entry *entry, char **url)
{
	const char *why = "not a URL";
	size_t length = strlen(entry->value);
	char *copy;

	if (http_url_check(entry->value, &why))
		return keys_fail(keys, entry->line, "%s: %s", entry->key, why);
	while (length > 0 && entry->value[length - 1] == '/')
		length--;
	copy = strndup(entry->value, length);
	if (!copy)
		return keys_fail_memory(keys, entry->line);
	free(*url);
	*url = copy;
	return 0;
}

/* Make the absolute path of ENTRY's value, which is relative to the config file's directory. */
static int make_path(const struct keys *keys, const struct entry *entry, char **path)
{
	const char *slash = strrchr(keys->file, '/');
	int length = slash ? (int)(slash - keys->file) : 0;
	char *here = NULL;
	int result = 0;

	if (entry->value[0] == '/') {
		*path = strdup(entry->value);
		return *path ? 0 : keys_fail_memory(keys, entry->line);
	}
	if (keys->file[0] != '/') {
		here = getcwd(NULL, 0);
		if (!here)
			return keys_fail(
			    keys, entry->line,
			    "%s: the working directory does not exist; use an absolute path",
			    entry->key);
	}
	/* in the root directory there is nothing before the slash */
	if (asprintf(path, "%s%s%.*s/%s", here && here[1] ? here : "", here && length ? "/" : "",
		     length, keys->file, entry->value) < 0)
		result = keys_fail_memory(keys, entry->line);
	free(here);
	return result;
}

static int set_path(const struct keys *keys, const struct entry *entry, char **path)
{
	char *made = NULL;
	int result = make_path(keys, entry, &made);

	if (result)
		return result;
	free(*path);
	*path = made;
	return 0;
}

static int set_domains(const struct keys *keys, const struct entry *entry,
		       struct change_marks **domains)
{
	const char *why;

	*domains = change_marks_new(entry->value, &why);
	if (*domains)
		return 0;
	return why ? keys_fail(keys, entry->line, "%s %s", entry->key, why)
		   : keys_fail_memory(keys, entry->line);
}

/* Check that the LENGTH bytes of TEXT can be shown as a file of the mount. */
static int check_text(const struct keys *keys, const struct entry *entry, const char *text,
		      size_t length)
{
	json_t *string;

	if (length == 0)
		return keys_fail(keys, entry->line, "%s: the file is empty", entry->key);
	if (strlen(text) != length)
		return keys_fail(keys, entry->line, "%s: the file is not text: it has a NUL byte",
				 entry->key);
	string = json_stringn(text, length);
	json_decref(string);
	if (!string)
		return keys_fail(keys, entry->line, "%s: the file is not UTF-8", entry->key);
	return 0;
}

/* Set *VALUE to the text of the file that ENTRY names. */
static int set_file(const struct keys *keys, const struct entry *entry, char **value)
{
	char *path = NULL;
	char *text = NULL;
	char *shrunk;
	size_t length = 0;
	int result = make_path(keys, entry, &path);

	if (result)
		goto out;
	result = file_text(path, LIMITS_TEXT_MAX, &text, &length, NULL);
	if (result) {
		(void)keys_fail(keys, entry->line, "%s: the file cannot be read: %s", entry->key,
				result == -EFBIG ? "it is larger than " LIMITS_TEXT_WORDS
						 : strerror(-result));
		goto out;
	}
	result = check_text(keys, entry, text, length);
	if (result)
		goto out;
	/* it was read into a buffer of LIMITS_TEXT_MAX */
	shrunk = realloc(text, length + 1);
	free(*value);
	*value = shrunk ? shrunk : text;
	text = NULL;
out:
	free(text);
	free(path);
	return result;
}

static int set_secret(const struct keys *keys, const struct entry *entry, enum secret_source way,
		      char **value)
{
	char words[256];
	char *path = NULL;
	char *secret;
	int result = way == SECRET_FILE ? make_path(keys, entry, &path) : 0;

	if (result)
		return result;
	result = secret_read(way, path ? path : entry->value, &secret, words, sizeof(words));
	free(path);
	if (result) {
		(void)keys_fail(keys, entry->line, "%s: %s", entry->key, words);
		return result;
	}
	secret_free(*value);
	*value = secret;
	return 0;
}

static int set_choice(const struct keys *keys, const struct entry *entry,
		      const struct setting *setting, char **value)
{
	char known[256] = "";
	size_t used = 0;

	for (size_t i = 0; setting->choices[i]; i++) {
		if (strcmp(entry->value, setting->choices[i]) == 0)
			return set_text(keys, entry, entry->value, value);
		if (used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
						 i ? ", " : "", setting->choices[i]);
	}
	return keys_fail(keys, entry->line, "%s must be one of: %s", entry->key, known);
}

/* Store the value of ENTRY in the field of OBJECT that KEY names. */
static int set_key(const struct keys *keys, const struct entry *entry, const struct key *key,
		   void *object)
{
	void *place = (char *)object + key->offset;

	switch (key->type) {
	case KEY_NUMBER:
		return set_number(keys, entry, key, place);
	case KEY_SIZE:
		return config_set_size(keys, entry, place);
	case KEY_YES_NO:
		return set_yes_no(keys, entry, place);
	case KEY_PATH:
		return set_path(keys, entry, place);
	case KEY_URL:
		return set_url(keys, entry, place);
	case KEY_DOMAINS:
		return set_domains(keys, entry, place);
	}
	return -EINVAL;
}

static int set_setting(const struct keys *keys, const struct entry *entry, struct account *account)
{
	enum secret_source way;
	const struct setting *setting = keys_setting(account->vendor, entry->key, &way);
	char **value = &account->values[setting - account->vendor->settings];

	switch (setting->type) {
	case SETTING_TEXT:
		return set_text(keys, entry, entry->value, value);
	case SETTING_SECRET:
		if (way == SECRET_COMMAND &&
		    secrets_add(account, (size_t)(setting - account->vendor->settings),
				entry->value, secret_run))
			return keys_fail_memory(keys, entry->line);
		return set_secret(keys, entry, way, value);
	case SETTING_CHOICE:
		return set_choice(keys, entry, setting, value);
	case SETTING_FILE:
		return set_file(keys, entry, value);
	}
	return -EINVAL;
}

/* ---- sections ---- */

static int read_mount(const struct keys *keys, const struct section *section, struct config *config)
{
	for (size_t i = 0; i < section->count; i++) {
		const struct entry *entry = &section->entries[i];
		int result = set_key(keys, entry, keys_mount(entry->key), config);

		if (result)
			return result;
	}
	return 0;
}

/* Without base_url, use the one that the vendor's own settings select. */
static int choose_base_url(const struct keys *keys, const struct section *section,
			   struct account *account)
{
	const struct vendor *vendor = account->vendor;
	const char *chosen = vendor->choose_base_url ? vendor->choose_base_url(account) : NULL;

	if (account->endpoint.base_url || !chosen)
		return 0;
	account->endpoint.base_url = strdup(chosen);
	return account->endpoint.base_url ? 0 : keys_fail_memory(keys, section->line);
}

/* Return the description whose outline ACCOUNT has, or NULL. */
static struct description *description_of(const struct types *types, const struct account *account)
{
	for (size_t i = 0; i < types->count; i++) {
		if (description_outline(types->list[i]) == account->vendor)
			return types->list[i];
	}
	return NULL;
}

/* Give ACCOUNT the table that DESCRIPTION makes of its settings. */
static int build_account(const struct keys *keys, const struct section *section,
			 struct account *account)
{
	struct description *description = description_of(keys->types, account);
	char words[512] = "";
	int result;

	if (!description)
		return 0;
	result = description_build(description, account, words, sizeof(words));
	if (result)
		(void)keys_fail(keys, section->line, "%s", words);
	return result;
}

/* Return the value of SETTING, one of ACCOUNT's, which is not given; or NULL. */
static const char *fallback_of(const struct account *account, const struct setting *setting)
{
	for (size_t i = 0; setting->choice_needs && setting->choices[i]; i++) {
		if (*setting->choice_needs[i] && account_value(account, setting->choice_needs[i]))
			return setting->choices[i];
	}
	return setting->fallback;
}

static int read_account(const struct keys *keys, const struct section *section,
			struct account *account)
{
	const struct setting *settings = account->vendor->settings;
	int result;

	for (size_t i = 0; i < section->count; i++) {
		const struct entry *entry = &section->entries[i];
		const struct key *key = keys_account(entry->key);

		result = 0;
		if (key)
			result = set_key(keys, entry, key, account);
		else if (strcmp(entry->key, "type") != 0)
			result = set_setting(keys, entry, account);
		if (result)
			return result;
	}
	for (size_t i = 0; settings[i].name; i++) {
		if (account->values[i] || !settings[i].fallback)
			continue;
		account->values[i] = strdup(fallback_of(account, &settings[i]));
		if (!account->values[i])
			return keys_fail_memory(keys, section->line);
	}
	result = choose_base_url(keys, section, account);
	return result ? result : build_account(keys, section, account);
}

/* Check all sections, and make the accounts, still without values. */
static int config_check(const struct keys *keys, struct config *config)
{
	const struct sections *sections = keys->sections;

	config->accounts = calloc(sections->count + 1, sizeof(struct account *));
	if (!config->accounts)
		return keys_fail_memory(keys, 0);
	for (size_t i = 0; i < sections->count; i++) {
		const struct section *section = &sections->list[i];
		const struct vendor *vendor;
		struct description *description = NULL;
		bool own = strcmp(section->name, OWN_SECTION) == 0;
		int result = own ? keys_check_mount(keys, section)
				 : keys_check_account(keys, section, &vendor, &description);

		if (result)
			return result;
		if (own)
			continue;
		config->accounts[config->account_count] = account_new(section->name, vendor);
		if (!config->accounts[config->account_count])
			return keys_fail_memory(keys, section->line);
		if (description)
			description_defaults(description, config->accounts[config->account_count]);
		config->account_count++;
	}
	if (config->account_count == 0)
		return keys_fail(keys, 0,
				 "no vendor section: add one for each vendor, such as [%s]",
				 vendors[0] ? vendors[0]->type : "partnerize");
	return 0;
}

/* Wipe the secrets in the environment: /proc/PID/environ and children would show them. */
static void wipe_environment(const struct sections *sections)
{
	for (size_t i = 0; i < sections->count; i++) {
		for (size_t j = 0; j < sections->list[i].count; j++) {
			const struct entry *entry = &sections->list[i].entries[j];
			size_t length = strlen(entry->key);
			char *value = getenv(entry->value);

			if (value && length > 4 && strcmp(entry->key + length - 4, "_env") == 0)
				explicit_bzero(value, strlen(value));
		}
	}
}

int config_read(const char *file, struct config *config, char *why, size_t why_size)
{
	struct config made = {.status_limit = 100,
			      .status_window = 3600,
			      .scratch_limit = (size_t)64 << 20,
			      .changes_limit = CHANGES_LIMIT};
	struct sections sections;
	struct types types = {0};
	const struct keys keys = {file, &sections, &types, why, why_size};
	size_t next = 0; /* accounts are in the order of their sections */
	int result = sections_read(file, &sections_plain, &sections, why, why_size);

	if (result)
		return result;
	result = types_init(&types, file) ? keys_fail_memory(&keys, 0) : config_check(&keys, &made);
	for (size_t i = 0; i < sections.count && result == 0; i++) {
		const struct section *section = &sections.list[i];

		if (strcmp(section->name, OWN_SECTION) == 0)
			result = read_mount(&keys, section, &made);
		else if (next < made.account_count)
			result = read_account(&keys, section, made.accounts[next++]);
	}
	made.descriptions = types.list;
	made.description_count = types.count;
	types_clear(&types);
	wipe_environment(&sections);
	sections_clear(&sections);
	if (result)
		config_clear(&made);
	else
		*config = made;
	return result;
}

void config_clear(struct config *config)
{
	for (size_t i = 0; i < config->account_count; i++)
		account_free(config->accounts[i]);
	free(config->accounts);
	for (size_t i = 0; i < config->description_count; i++)
		description_free(config->descriptions[i]);
	free(config->descriptions);
	free(config->audit_log);
	free(config->changes_log);
	change_marks_free(config->domains);
	*config = (struct config){0};
}
