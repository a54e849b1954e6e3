/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c - see keys.h.
 *
 * Each key is a row of a table: the mount's keys and the common keys of accounts here, a vendor's
 * own keys in its table. All sections are checked before the first value is read, so that no user
 * types a passphrase before a misspelt key is reported. No message quotes a value, because it may
 * be a secret. An unknown key is quoted only if it looks like a key, because a stray line of a
 * secret may have an = in it. This file must not know a vendor by name, nor a key of one.
 */
#include "mount/config/keys.h"

#include "mount/config/config.h"
#include "mount/config/types.h"
#include "vendors/base/limits.h"
#include "vendors/description/description.h"
#include "vendors/ini/hint.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 64
#define KEY_MAX_BYTES (HINT_MAX - 1)
#define YEAR 31536000u

/* typed.c writes an atomic number or switch, which no thread reads yet, as a plain one */
_Static_assert(sizeof(atomic_uint) == sizeof(unsigned), "an atomic_uint is an unsigned");
_Static_assert(sizeof(atomic_bool) == sizeof(bool), "an atomic_bool is a bool");

static const struct key mount_keys[] = {
    {"status_limit", KEY_NUMBER, true, offsetof(struct config, status_limit), 0, LIMITS_COUNT_MAX},
    {"status_window", KEY_SECONDS, true, offsetof(struct config, status_window), 1, YEAR},
    {"scratch_limit", KEY_SIZE, false, offsetof(struct config, scratch_limit), 0, 0},
    {"csv_formulas", KEY_GUARD_RAW, false, offsetof(struct config, csv_guard), 0, 0},
    {"csv_bom", KEY_YES_NO, false, offsetof(struct config, csv_bom), 0, 0},
    {"audit_log", KEY_PATH, false, offsetof(struct config, audit_log), 0, 0},
    {"history_dir", KEY_PATH, false, offsetof(struct config, history_dir), 0, 0},
    {"log_umask", KEY_UMASK, false, offsetof(struct config, log_umask), 0, 0},
    {"changes_limit", KEY_NUMBER, false, offsetof(struct config, changes_limit), 1,
     LIMITS_COUNT_MAX},
    {"changes_log", KEY_PATH, false, offsetof(struct config, changes_log), 0, 0},
    {"domains", KEY_DOMAINS, true, offsetof(struct config, domains), 0, 0},
    {"shared", KEY_TEXT, false, offsetof(struct config, shared), 0, 0},
    {"shared_key_file", KEY_PATH, false, offsetof(struct config, shared_key_file), 0, 0},
    {"shared_user", KEY_TEXT, false, offsetof(struct config, shared_user), 0, 0},
    {"shared_password_file", KEY_PATH, false, offsetof(struct config, shared_password_file), 0, 0},
    {"shared_ca_file", KEY_AUTHORITIES, false, offsetof(struct config, shared_ca_file), 0, 0},
    {"shared_required", KEY_YES_NO, false, offsetof(struct config, shared_required), 0, 0},
    {.name = NULL},
};

/* keys of vendors with an API; account_new sets the defaults */
static const struct key account_keys[] = {
    {"base_url", KEY_URL, false, offsetof(struct account, endpoint.base_url), 0, 0},
    {"ca_file", KEY_AUTHORITIES, false, offsetof(struct account, endpoint.ca_file), 0, 0},
    {"ttl", KEY_SECONDS, true, offsetof(struct account, ttl), 0, YEAR},
    {"poll", KEY_SECONDS, false, offsetof(struct account, poll), 0, YEAR},
    {"grace", KEY_SECONDS, true, offsetof(struct account, grace), 0, YEAR},
    {"parallel", KEY_NUMBER, false, offsetof(struct account, endpoint.parallel), 1, 64},
    {"timeout", KEY_SECONDS, true, offsetof(struct account, endpoint.timeout), 1, 3600},
    {"retry_budget", KEY_SECONDS, true, offsetof(struct account, endpoint.retry_budget), 0, 86400},
    {"lag", KEY_SECONDS, false, offsetof(struct account, lag), 0, 3600},
    {"max_users", KEY_NUMBER, true, offsetof(struct account, max_users), 1, LIMITS_COUNT_MAX},
    {"allow_delete", KEY_YES_NO, true, offsetof(struct account, allow_delete), 0, 0},
    {"shared_name", KEY_TEXT, false, offsetof(struct account, shared_name), 0, 0},
    {.name = NULL},
};

/* keys of vendors that a description describes */
static const struct key described_keys[] = {
    {"trust", KEY_YES_NO, true, offsetof(struct account, trust), 0, 0},
    {"secret_in_url", KEY_YES_NO, false, offsetof(struct account, secret_in_url), 0, 0},
    {"inactive_deletes", KEY_YES_NO, true, offsetof(struct account, inactive_deletes), 0, 0},
    {"delete_deactivates", KEY_YES_NO, false, offsetof(struct account, delete_deactivates), 0, 0},
    {"refresh_token_file", KEY_PATH, false, offsetof(struct account, refresh_token_file), 0, 0},
    {.name = NULL},
};

/* The suffix of a secret's name, by enum secret_source. */
static const char *const secret_ways[] = {[SECRET_GIVEN] = "",
					  [SECRET_FILE] = "_file",
					  [SECRET_ENV] = "_env",
					  [SECRET_COMMAND] = "_command"};

int keys_fail_memory(const struct keys *keys, unsigned line)
{
	return faults_add(keys->faults, ENOMEM, keys->file, line, "out of memory");
}

/* ---- the tables ---- */

static const struct key *key_find(const struct key *keys, const char *name)
{
	for (; keys->name; keys++) {
		if (strcmp(keys->name, name) == 0)
			return keys;
	}
	return NULL;
}

const struct key *keys_mount(const char *name)
{
	return key_find(mount_keys, name);
}

const struct key *keys_all(enum keys_table table)
{
	static const struct key *const tables[] = {[KEYS_MOUNT] = mount_keys,
						   [KEYS_ACCOUNT] = account_keys,
						   [KEYS_DESCRIBED] = described_keys};

	return tables[table];
}

const struct key *keys_account(const char *name)
{
	const struct key *key = key_find(account_keys, name);

	return key ? key : key_find(described_keys, name);
}

const struct setting *keys_setting(const struct vendor *vendor, const char *name,
				   enum secret_source *way)
{
	static const enum secret_source ways[] = {SECRET_FILE, SECRET_ENV, SECRET_COMMAND};
	const struct setting *setting;

	for (setting = vendor->settings; setting->name; setting++) {
		if (strcmp(setting->name, name) == 0) {
			*way = SECRET_GIVEN;
			return setting;
		}
	}
	for (setting = vendor->settings; setting->name; setting++) {
		size_t length = strlen(setting->name);

		if (setting->type != SETTING_SECRET || strncmp(setting->name, name, length) != 0)
			continue;
		for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
			if (strcmp(name + length, secret_ways[ways[i]]) == 0) {
				*way = ways[i];
				return setting;
			}
		}
	}
	return NULL;
}

/* ---- hints for misspelt keys ---- */

static void suggest_keys(const char *key, const struct key *keys, struct hint *hint)
{
	for (; keys->name; keys++)
		hint_offer(hint, key, keys->name);
}

static void suggest_settings(const char *key, const struct vendor *vendor, struct hint *hint)
{
	char name[KEY_MAX_BYTES + 1];

	for (const struct setting *setting = vendor->settings; setting->name; setting++) {
		size_t ways = setting->type == SETTING_SECRET ? 4 : 1;

		for (size_t way = 0; way < ways; way++) {
			(void)snprintf(name, sizeof(name), "%s%s", setting->name, secret_ways[way]);
			hint_offer(hint, key, name);
		}
	}
}

/* Return the known key that WORD is, or that it is close to, in HINT. VENDOR NULL: a key of
 * [rosterfs]. DESCRIBED: it is described by a file. */
static void suggest(const char *word, const struct vendor *vendor, bool described,
		    struct hint *hint)
{
	if (!vendor) {
		suggest_keys(word, mount_keys, hint);
		return;
	}
	hint_offer(hint, word, "type");
	if (vendor->users)
		suggest_keys(word, account_keys, hint);
	if (vendor->users && described)
		suggest_keys(word, described_keys, hint);
	suggest_settings(word, vendor, hint);
}

/*
 * Look for a known key in KEY as a shell ("export KEY") or another format ("\"KEY\"") has it.
 * Returns true and the key in HINT.
 */
static bool is_dressed(const char *key, const struct vendor *vendor, bool described,
		       struct hint *hint)
{
	char word[KEY_MAX_BYTES + 1];
	const char *last = strrchr(key, ' ');
	size_t length;

	last = last ? last + 1 : key;
	last += strspn(last, "\"'$");
	length = strcspn(last, "\"'");
	if (last == key || length >= sizeof(word))
		return false;
	(void)snprintf(word, sizeof(word), "%.*s", (int)length, last);
	suggest(word, vendor, described, hint);
	if (*hint->name && hint->distance == 0)
		return true;
	*hint = HINT_NONE;
	return false;
}

/* Refuse the unknown key of ENTRY, which is close to HINT, if that has a name. */
static void fail_unknown(const struct keys *keys, const struct entry *entry,
			 const struct hint *hint)
{
	if (*hint->name)
		(void)keys_fail(keys, entry->line, "unknown key %s; did you mean %s?", entry->key,
				hint->name);
	else if (strlen(entry->key) > KEY_MAX_BYTES ||
		 entry->key[strspn(entry->key, "abcdefghijklmnopqrstuvwxyz_")])
		(void)keys_fail(keys, entry->line, "unknown key; see rosterfs.conf(5)");
	else
		(void)keys_fail(keys, entry->line, "unknown key %s; see rosterfs.conf(5)",
				entry->key);
}

/*
 * Refuse the unknown key of ENTRY. If it is clear which key is meant, ENTRY gets that: its value is
 * checked, and the key does not count as missing.
 */
static void refuse_unknown(const struct keys *keys, struct entry *entry,
			   const struct vendor *vendor, bool described)
{
	struct hint hint = HINT_NONE;
	char *meant;

	if (is_dressed(entry->key, vendor, described, &hint)) {
		(void)keys_fail(keys, entry->line,
				"a line of this file is %s = VALUE; remove what else is before "
				"the =, such as export or quotes",
				hint.name);
	} else if (vendor ? keys_mount(entry->key) : keys_account(entry->key)) {
		(void)keys_fail(keys, entry->line, "the key %s belongs in %s", entry->key,
				vendor ? "[rosterfs]" : "the section of a vendor");
	} else {
		suggest(entry->key, vendor, described, &hint);
		fail_unknown(keys, entry, &hint);
	}
	meant = *hint.name ? strdup(hint.name) : NULL;
	entry->refused = entry->refused || !meant;
	if (meant) {
		free(entry->key);
		entry->key = meant;
	}
}

/* ---- checks ---- */

/* Return the first entry of SECTION before END (NULL: of all) that sets SETTING, from any source,
 * or NULL. */
static const struct entry *setting_entry(const struct section *section, const struct vendor *vendor,
					 const struct setting *setting, const struct entry *end)
{
	enum secret_source way;

	for (size_t i = 0; i < section->count && &section->entries[i] != end; i++) {
		if (keys_setting(vendor, section->entries[i].key, &way) == setting)
			return &section->entries[i];
	}
	return NULL;
}

/* Take the blanks at the ends of TEXT away. */
static void trim(char *text)
{
	size_t length = strlen(text), begin = 0;

	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	while (begin < length && isspace((unsigned char)text[begin]))
		begin++;
	memmove(text, text + begin, length - begin);
	text[length - begin] = '\0';
}

/* Check the section's name, which becomes a directory's name and a part of names in by-email. */
static int check_name(const struct keys *keys, struct section *section)
{
	static const char *const reserved[] = {"README", "by-email", "tables", ".rosterfs",
					       "SIMILAR"};
	const char *name = section->name;
	json_t *text;

	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
		if (strcmp(name, reserved[i]) == 0)
			return keys_fail(
			    keys, section->line,
			    "a section cannot be named %s: rosterfs has a file of that name", name);
	}
	if (!*name)
		return keys_fail(keys, section->line, "the section has no name");
	if (strlen(name) > NAME_MAX_BYTES)
		return keys_fail(keys, section->line, "a section's name may have at most %d bytes",
				 NAME_MAX_BYTES);
	if (strchr(name, '/') || name[0] == '.')
		return keys_fail(keys, section->line,
				 "a section's name becomes a directory's name: "
				 "it must not contain / or begin with .");
	if (isspace((unsigned char)name[0]) || isspace((unsigned char)name[strlen(name) - 1])) {
		trim(section->name);
		return keys_fail(keys, section->line,
				 "a section's name must not begin or end with a space");
	}
	for (size_t i = 0; name[i]; i++) {
		if (iscntrl((unsigned char)name[i]))
			return keys_fail(keys, section->line,
					 "a section's name must not hold a control character");
	}
	text = json_string(name);
	json_decref(text);
	if (!text)
		return keys_fail(keys, section->line, "the section's name is not UTF-8");
	return 0;
}

/* Check that ENTRY is the only one that sets SETTING, and may give a secret in WAY. */
static void check_setting(const struct keys *keys, const struct section *section,
			  const struct vendor *vendor, const struct setting *setting,
			  enum secret_source way, struct entry *entry)
{
	const struct entry *other = setting_entry(section, vendor, setting, entry);

	if (other)
		entry->refused = keys_fail(keys, entry->line,
					   "line %u sets %s already, with %s; keep one of the two",
					   other->line, setting->name, other->key);
	else if (setting->type == SETTING_SECRET && way == SECRET_GIVEN && keys->sections->shared)
		(void)keys_fail(keys, entry->line,
				"group or others can read this file, which has a secret; run chmod "
				"go-r on it, or use %s_file, %s_env or %s_command",
				setting->name, setting->name, setting->name);
}

static void check_key(const struct keys *keys, struct section *section, const struct vendor *vendor,
		      bool described, struct entry *entry)
{
	enum secret_source way = SECRET_GIVEN;
	const struct setting *setting = keys_setting(vendor, entry->key, &way);

	if (strcmp(entry->key, "type") == 0)
		return;
	if (!setting && !keys_account(entry->key)) {
		/* what is known of a line that was refused may be no key at all */
		section->broken = section->broken || entry->refused;
		if (!entry->refused)
			refuse_unknown(keys, entry, vendor, described);
		setting = keys_setting(vendor, entry->key, &way);
		/* the key that is meant may be given too: this one is something else then */
		if (setting && setting_entry(section, vendor, setting, entry))
			entry->refused = true;
		if (entry->refused)
			return;
	}
	if (!described && key_find(described_keys, entry->key))
		entry->refused = keys_fail(keys, entry->line,
					   "type %s has no key %s; remove the line", vendor->type,
					   entry->key);
	else if (keys_account(entry->key) && !vendor->users)
		entry->refused = keys_fail(keys, entry->line,
					   "type %s has no API and no key %s; remove the line",
					   vendor->type, entry->key);
	else if (setting && !entry->refused)
		check_setting(keys, section, vendor, setting, way, entry);
}

/* Refuse a description with a setting that has the name of a key that all vendors have. */
static void check_settings(const struct keys *keys, const struct section *section,
			   const struct vendor *vendor, const struct description *description)
{
	for (const struct setting *setting = vendor->settings; setting->name; setting++) {
		if (!keys_account(setting->name) && strcmp(setting->name, "type") != 0)
			continue;
		(void)keys_fail(keys, section->line,
				"%s: the setting %s has the name of a key that all vendors have; "
				"rename it",
				description_file(description), setting->name);
	}
}

/* Check that SECTION has the settings that VENDOR needs. */
static void check_required(const struct keys *keys, const struct section *section,
			   const struct vendor *vendor)
{
	for (const struct setting *setting = vendor->settings; setting->name; setting++) {
		if (!setting->required || setting_entry(section, vendor, setting, NULL))
			continue;
		if (setting->type == SETTING_SECRET)
			(void)keys_fail(
			    keys, section->line,
			    "section [%s] needs the key %s (or %s_file, %s_env, %s_command)",
			    section->name, setting->name, setting->name, setting->name,
			    setting->name);
		else
			(void)keys_fail(keys, section->line, "section [%s] needs the key %s",
					section->name, setting->name);
	}
}

/* Check that there is a base URL. */
static void check_url(const struct keys *keys, const struct section *section,
		      const struct vendor *vendor, const struct description *description)
{
	const char *other = vendor->base_url_key;

	if (!vendor->users || vendor->base_url ||
	    (description && description_has_base_url(description)) ||
	    sections_find(section, "base_url") || (other && sections_find(section, other)))
		return;
	(void)keys_fail(keys, section->line, "section [%s] needs the key %s%sbase_url%s",
			section->name, other ? other : "", other ? " (or " : "", other ? ")" : "");
}

void keys_check_mount(const struct keys *keys, struct section *section)
{
	for (size_t i = 0; i < section->count; i++) {
		struct entry *entry = &section->entries[i];

		if (!keys_mount(entry->key) && !entry->refused)
			refuse_unknown(keys, entry, NULL, false);
	}
}

int keys_check_account(const struct keys *keys, struct section *section,
		       const struct vendor **vendor, struct description **description)
{
	int result;

	(void)check_name(keys, section);
	result = types_find(keys, section, vendor, description);
	if (result)
		return result;
	if (*description)
		check_settings(keys, section, *vendor, *description);
	for (size_t i = 0; i < section->count; i++)
		check_key(keys, section, *vendor, *description, &section->entries[i]);
	if (section->broken)
		return 0;
	check_required(keys, section, *vendor);
	check_url(keys, section, *vendor, *description);
	return 0;
}
