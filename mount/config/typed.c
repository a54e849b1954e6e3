/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typed.c - see typed.h.
 *
 * No message quotes a value, because it may be a secret in the wrong line. This file must not know
 * a vendor by name.
 */
#include "mount/config/typed.h"

#include "cache/changes/change_marks.h"
#include "mount/config/accounts.h"
#include "mount/config/config.h"
#include "mount/config/environment.h"
#include "mount/config/keys.h"
#include "mount/config/mend.h"
#include "mount/config/paths.h"
#include "mount/config/secret.h"
#include "vendors/base/limits.h"
#include "vendors/base/trusted.h"
#include "vendors/base/vault.h"
#include "vendors/http/http_url.h"
#include "vendors/ini/file_text.h"
#include "vendors/ini/sections.h"
#include "vendors/rest/account.h"
#include "vendors/rest/redact.h"
#include "vendors/rest/secrets.h"
#include "vendors/vendor.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RELATIVE "; a path that does not begin with / is relative to the config file's folder"

/* ---- values: each function returns 0, or a negative errno and a fault ---- */

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

/* Return how many seconds UNIT ("m", "hours") has, or 0: it is no unit. */
static unsigned unit_seconds(const char *unit)
{
	static const struct unit {
		const char *names;
		unsigned seconds;
	} units[] = {{" s sec secs second seconds ", 1},
		     {" m min mins minute minutes ", 60},
		     {" h hour hours ", 3600},
		     {" d day days ", 86400}};
	char word[16];

	if (!*unit || strchr(unit, ' ') ||
	    (size_t)snprintf(word, sizeof(word), " %s ", unit) >= sizeof(word))
		return 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcasestr(units[i].names, word))
			return units[i].seconds;
	}
	return 0;
}

static int set_number(const struct keys *keys, const struct entry *entry, const struct key *key,
		      unsigned *number)
{
	const char *end = "";
	long long value = digits(entry->value, UINT_MAX, &end);
	bool seconds = key->type == KEY_SECONDS;
	long long unit = value < 0 || !seconds ? 0 : unit_seconds(end + strspn(end, " \t"));
	char write[64] = "";

	if (unit && value * unit >= (long long)key->min && value * unit <= (long long)key->max)
		(void)snprintf(write, sizeof(write), ", without a unit; write %lld", value * unit);
	if (value < (long long)key->min || value > (long long)key->max || *end)
		return keys_fail(keys, entry->line, "%s must be a whole number%s from %u to %u%s",
				 key->name, seconds ? " of seconds" : "", key->min, key->max,
				 write);
	*number = (unsigned)value;
	return 0;
}

static int set_size(const struct keys *keys, const struct entry *entry, size_t *size)
{
	static const char units[] = "KMG";
	const char *end = "";
	long long value = digits(entry->value, SSIZE_MAX, &end);
	const char *unit = *end ? strchr(units, *end) : NULL;
	unsigned shift = unit ? 10 * ((unsigned)(unit - units) + 1) : 0;

	if (value < 0 || (*end && (!unit || end[1])) || value > (long long)(SSIZE_MAX >> shift))
		return keys_fail(keys, entry->line,
				 "%s must be a number of bytes, which K, M or G may follow, "
				 "such as 64M",
				 entry->key);
	*size = (size_t)value << shift;
	return 0;
}

/* Whether status and log are for the owner only, or for the group too: nothing else is useful or
 * safe. */
static int set_umask(const struct keys *keys, const struct entry *entry, unsigned *mask)
{
	const char *digits_only = entry->value + strspn(entry->value, "0");
	bool group = strcmp(digits_only, "27") == 0;

	if (!group && strcmp(digits_only, "77") != 0)
		return keys_fail(keys, entry->line,
				 "%s must be 077 (only the owner reads .rosterfs) or 027 (the "
				 "group reads status and log in it, too)",
				 entry->key);
	*mask = group ? 027 : 077;
	return 0;
}

/* Set *VALUE if ENTRY has the word YES, clear it if it has NO. */
static int set_switch(const struct keys *keys, const struct entry *entry, const char *yes,
		      const char *no, bool *value)
{
	bool is_yes = strcmp(entry->value, yes) == 0;

	if (!is_yes && strcmp(entry->value, no) != 0)
		return keys_fail(keys, entry->line, "%s must be %s or %s, in lower case",
				 entry->key, yes, no);
	*value = is_yes;
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

/* As set_text, of a value of an account, which is of vault.h. */
static int set_value(const struct keys *keys, const struct entry *entry, const char *value,
		     char **text)
{
	char *copy = vault_copy(value);

	if (!copy)
		return keys_fail_memory(keys, entry->line);
	vault_free(*text);
	*text = copy;
	return 0;
}

static int set_url(const struct keys *keys, const struct entry *entry, char **url)
{
	const char *why = "not a URL";
	char *copy;

	if (http_url_check(entry->value, &why))
		return keys_fail(keys, entry->line, "%s: %s", entry->key, why);
	copy = http_url_spell(entry->value);
	if (!copy)
		return keys_fail_memory(keys, entry->line);
	free(*url);
	*url = copy;
	return 0;
}

static int set_path(const struct keys *keys, const struct entry *entry, char **path)
{
	char *made = NULL;
	int result = paths_make(keys, entry, &made);

	if (result)
		return result;
	free(*path);
	*path = made;
	return 0;
}

/* As set_path, for certificates: if there is such a file, nobody else may be able to write it. */
static int set_authorities(const struct keys *keys, const struct entry *entry, char **path)
{
	char why[TRUSTED_WORDS];
	int result = set_path(keys, entry, path), fd;

	if (result)
		return result;
	fd = trusted_open(*path, TRUSTED_OWNED, NULL, why);
	if (fd >= 0)
		(void)close(fd);
	/* what cannot be read is told by who needs it */
	return fd == -EPERM || fd == -EINVAL || fd == -EISDIR
		   ? keys_fail(keys, entry->line, "%s: %s", entry->key, why)
		   : 0;
}

static int set_domains(const struct keys *keys, const struct entry *entry,
		       struct change_marks **domains)
{
	const char *why;
	struct change_marks *made = change_marks_new(entry->value, &why);

	if (!made)
		return why ? keys_fail(keys, entry->line, "%s %s", entry->key, why)
			   : keys_fail_memory(keys, entry->line);
	change_marks_free(*domains);
	*domains = made;
	return 0;
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
	char why[TRUSTED_WORDS];
	char *path = NULL;
	char *text = NULL;
	size_t length = 0;
	int result = paths_make(keys, entry, &path);

	if (result)
		goto out;
	/* people do what it says */
	result = file_text(path, TRUSTED_OWNED, LIMITS_TEXT_MAX, &text, &length, NULL, why);
	if (result) {
		(void)keys_fail(keys, entry->line, "%s: %s%s%s", entry->key,
				result == -EPERM || result == -EINVAL ? ""
								      : "the file cannot be read: ",
				result == -EFBIG ? "it is larger than " LIMITS_TEXT_WORDS : why,
				result == -ENOENT ? RELATIVE : "");
		goto out;
	}
	result = check_text(keys, entry, text, length);
	if (result)
		goto out;
	result = set_value(keys, entry, text, value);
out:
	free(text);
	free(path);
	return result;
}

/* Return the value that SETTING of ACCOUNT has in the mount, whose file is read again, or NULL. */
static const char *value_before(const struct keys *keys, const struct account *account,
				const struct setting *setting)
{
	const struct account *before = keys->before ? accounts_find(keys->before, account->name)
						    : NULL;

	if (!before || strcmp(before->vendor->type, account->vendor->type) != 0)
		return NULL;
	for (const struct setting *known = before->vendor->settings; known->name; known++) {
		if (strcmp(known->name, setting->name) == 0 && known->type == SETTING_SECRET)
			return account_value(before, known->name);
	}
	return NULL;
}

/* Return where the commands of the file run; NULL: in the working directory. */
static const char *command_folder(const struct keys *keys)
{
	return keys->before ? keys->before->folder : NULL;
}

/*
 * If the secret of ENTRY, which a command prints, cannot be read again because of WORDS, use
 * BEFORE, the one that the mount has, and note that. Returns false if the failure is a fault.
 */
static bool keep_secret(const struct keys *keys, const struct entry *entry, const char *before,
			const char *words, char **secret)
{
	*secret = vault_copy(before);
	if (!*secret)
		return false;
	(void)faults_add(keys->notes, EINVAL, keys->file, entry->line,
			 "%s: %s; the secret that it printed before stays", entry->key, words);
	return true;
}

/* If ENTRY names a variable that was read before, note that it is the same one. */
static void note_variable(const struct keys *keys, const struct entry *entry)
{
	bool kept = false;

	if (keys->before && environment_secret(entry->value, &kept) && kept)
		(void)faults_add(keys->notes, EINVAL, keys->file, entry->line,
				 "%s: a running process gets no new environment; the secret stays, "
				 "and for a new one: unmount and mount",
				 entry->key);
}

/* Set *VALUE to the secret that ENTRY names. BEFORE (or NULL) is the one that the mount has. */
static int set_secret(const struct keys *keys, const struct entry *entry, enum secret_source way,
		      const char *before, char **value)
{
	char words[TRUSTED_WORDS];
	char *path = NULL;
	char *secret;
	int result = way == SECRET_FILE ? paths_make(keys, entry, &path) : 0;

	if (result)
		return result;
	if (way == SECRET_ENV && *entry->value == '$')
		return keys_fail(keys, entry->line,
				 "%s: give the name of the variable without the $", entry->key);
	if (way == SECRET_ENV)
		note_variable(keys, entry);
	result = way == SECRET_COMMAND
		     ? secret_run(entry->value, command_folder(keys), &secret, words, sizeof(words))
		     : secret_read(way, path ? path : entry->value, &secret, words, sizeof(words));
	free(path);
	if (result && before)
		redact_whole(words, before);
	if (result && way == SECRET_COMMAND && keep_secret(keys, entry, before, words, &secret))
		result = 0;
	if (result)
		return keys_fail(keys, entry->line, "%s: %s%s", entry->key, words,
				 way == SECRET_FILE && result == -ENOENT ? RELATIVE : "");
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
			return set_value(keys, entry, entry->value, value);
		if (used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
						 i ? ", " : "", setting->choices[i]);
	}
	return keys_fail(keys, entry->line, "%s must be one of: %s", entry->key, known);
}

/* Refuse a command that is one word because all of it is in quotes. */
static int check_command(const struct keys *keys, const struct entry *entry)
{
	const char *value = entry->value;
	size_t length = strlen(value);
	const char *end = length > 1 ? strchr(value + 1, *value) : NULL;

	/* a program's path may have blanks */
	if (!mend_quotes(value) || end != value + length - 1 || !strchr(value, ' ') ||
	    value[1] == '/')
		return 0;
	return keys_fail(keys, entry->line,
			 "%s: the whole command is in quotes, so that it would be one word; remove "
			 "them",
			 entry->key);
}

/* ---- keys ---- */

int typed_set_key(const struct keys *keys, struct entry *entry, const struct key *key, void *object)
{
	void *place = (char *)object + key->offset;

	mend_value(keys, entry);
	switch (key->type) {
	case KEY_NUMBER:
	case KEY_SECONDS:
		return set_number(keys, entry, key, place);
	case KEY_SIZE:
		return set_size(keys, entry, place);
	case KEY_UMASK:
		return set_umask(keys, entry, place);
	case KEY_YES_NO:
		return set_switch(keys, entry, "yes", "no", place);
	case KEY_GUARD_RAW:
		return set_switch(keys, entry, "guard", "raw", place);
	case KEY_PATH:
		return set_path(keys, entry, place);
	case KEY_AUTHORITIES:
		return set_authorities(keys, entry, place);
	case KEY_TEXT:
		return set_text(keys, entry, entry->value, place);
	case KEY_URL:
		return set_url(keys, entry, place);
	case KEY_DOMAINS:
		return set_domains(keys, entry, place);
	}
	return -EINVAL;
}

int typed_set(const struct keys *keys, struct entry *entry, struct account *account)
{
	enum secret_source way = SECRET_GIVEN;
	const struct setting *setting = keys_setting(account->vendor, entry->key, &way);
	size_t index = (size_t)(setting - account->vendor->settings);
	char **value = &account->values[index];

	if (way == SECRET_COMMAND) {
		int result = check_command(keys, entry);

		if (!result &&
		    secrets_add(account, index, entry->value, command_folder(keys), secret_run))
			result = keys_fail_memory(keys, entry->line);
		return result ? result : set_value(keys, entry, "command", value);
	}
	if (setting->type != SETTING_SECRET || way == SECRET_GIVEN)
		mend_value(keys, entry);
	switch (setting->type) {
	case SETTING_TEXT:
		return set_value(keys, entry, entry->value, value);
	case SETTING_SECRET:
		return set_secret(keys, entry, way, value_before(keys, account, setting), value);
	case SETTING_CHOICE:
		return set_choice(keys, entry, setting, value);
	case SETTING_FILE:
		return set_file(keys, entry, value);
	}
	return -EINVAL;
}

int typed_run(const struct keys *keys, const struct entry *entry, struct account *account)
{
	enum secret_source way = SECRET_GIVEN;
	const struct setting *setting = keys_setting(account->vendor, entry->key, &way);

	if (!setting || way != SECRET_COMMAND)
		return 0;
	return set_secret(keys, entry, way, value_before(keys, account, setting),
			  &account->values[setting - account->vendor->settings]);
}
