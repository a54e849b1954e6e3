/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.c - see config.h.
 *
 * sections.c parses the file, keys.c knows which section may have which key, and typed.c reads the
 * values. Each goes on after a fault, so that one run reports all. This file must not know a vendor
 * by name, nor send requests.
 */
#include "mount/config/config.h"

#include "cache/changes/change_marks.h"
#include "cache/changes/changes.h"
#include "mount/config/environment.h"
#include "mount/config/keys.h"
#include "mount/config/sharing.h"
#include "mount/config/types.h"
#include "mount/config/typed.h"
#include "vendors/base/vault.h"
#include "vendors/description/description.h"
#include "vendors/ini/sections.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"
#include "vendors/vendors.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWN_SECTION "rosterfs"

/* An account being read. */
struct reading {
	struct section *section;
	struct account *account;
	bool broken; /* a fault was found in the section */
};

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
	int result;

	if (!description)
		return 0;
	keys->faults->main = keys->file;
	keys->faults->at = section->line;
	result = description_build(description, account, keys->faults);
	keys->faults->main = NULL;
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

/* Set the settings that SECTION does not have. */
static int set_fallbacks(const struct keys *keys, const struct section *section,
			 struct account *account)
{
	const struct setting *settings = account->vendor->settings;

	for (size_t i = 0; settings[i].name; i++) {
		if (account->values[i] || !settings[i].fallback)
			continue;
		account->values[i] = vault_copy(fallback_of(account, &settings[i]));
		if (!account->values[i])
			return keys_fail_memory(keys, section->line);
	}
	return 0;
}

/* ---- sections ---- */

/* Refuse the config as the file PATH (NULL: none), to which KEY of SECTION lets lines be appended.
 */
static void check_log(const struct keys *keys, const struct section *section, const char *key,
		      const char *path)
{
	const struct entry *entry = sections_find(section, key);
	struct stat status;

	if (path && entry && stat(path, &status) == 0 && keys->sections->inode &&
	    status.st_dev == keys->sections->device && status.st_ino == keys->sections->inode)
		(void)keys_fail(keys, entry->line, "%s: %s is this config file; use another one",
				key, path);
}

static void read_mount(const struct keys *keys, struct section *section, struct config *config)
{
	keys_check_mount(keys, section);
	for (size_t i = 0; i < section->count; i++) {
		struct entry *entry = &section->entries[i];

		if (!entry->refused)
			(void)typed_set_key(keys, entry, keys_mount(entry->key), config);
	}
	check_log(keys, section, "audit_log", config->audit_log);
	check_log(keys, section, "changes_log", config->changes_log);
	sharing_read(keys, section, config);
}

/* Make the account of READING, still without values, if its vendor is known. */
static int make_account(const struct keys *keys, struct reading *reading)
{
	struct section *section = reading->section;
	struct description *description = NULL;
	const struct vendor *vendor = NULL;

	if (keys_check_account(keys, section, &vendor, &description))
		return 0;
	reading->account = account_new(section->name, vendor);
	if (!reading->account)
		return keys_fail_memory(keys, section->line);
	if (description)
		description_defaults(description, reading->account);
	return 0;
}

/* Read the values of READING, except what commands print. A section with a fault gets no table:
 * what that would lack follows from the fault. */
static void read_account(const struct keys *keys, struct reading *reading)
{
	struct section *section = reading->section;
	struct account *account = reading->account;
	size_t before = keys->faults->found;

	for (size_t i = 0; i < section->count; i++) {
		struct entry *entry = &section->entries[i];
		const struct key *key = keys_account(entry->key);

		reading->broken = reading->broken || entry->refused;
		if (entry->refused || strcmp(entry->key, "type") == 0)
			continue;
		if (key)
			(void)typed_set_key(keys, entry, key, account);
		else
			(void)typed_set(keys, entry, account);
	}
	if (reading->broken || section->broken || keys->faults->found > before)
		return;
	if (!set_fallbacks(keys, section, account) && !choose_base_url(keys, section, account))
		(void)build_account(keys, section, account);
}

/* Run the commands of READING that print secrets. */
static void run_commands(const struct keys *keys, const struct reading *reading)
{
	const struct section *section = reading->section;

	for (size_t i = 0; i < section->count; i++)
		(void)typed_run(keys, &section->entries[i], reading->account);
}

/* Read the account of READING. */
static int read_section(const struct keys *keys, struct reading *reading)
{
	size_t before = keys->faults->found;
	int result = make_account(keys, reading);

	reading->broken = keys->faults->found > before;
	if (reading->account)
		read_account(keys, reading);
	return result;
}

/*
 * Read SECTIONS into CONFIG and READINGS, which has room for all of them. Commands run only if all
 * else is well, so that no user types a passphrase before a misspelt key is reported.
 */
static void read_sections(const struct keys *keys, struct sections *sections, struct config *config,
			  struct reading *readings)
{
	size_t count = 0;

	for (size_t i = 0; i < sections->count; i++) {
		struct section *section = &sections->list[i];

		if (strcmp(section->name, OWN_SECTION) == 0) {
			read_mount(keys, section, config);
			continue;
		}
		readings[count].section = section;
		if (read_section(keys, &readings[count++]))
			break;
	}
	if (!count && !sections->broken)
		(void)keys_fail(keys, 0, "no vendor section: add one for each vendor, such as [%s]",
				vendors[0] ? vendors[0]->type : "partnerize");
	/* commands inherit the environment; and later there are threads */
	if (!keys->before)
		environment_trim();
	for (size_t i = 0; i < count && !keys->faults->found; i++)
		run_commands(keys, &readings[i]);
	for (size_t i = 0; i < count; i++) {
		if (readings[i].account)
			config->accounts[config->account_count++] = readings[i].account;
	}
}

/* Note where CONFIG is and its commands run, for config_read_again. Returns 0 or -ENOMEM. */
static int note_place(const char *file, const struct config *before, struct config *config)
{
	char *here = before ? NULL : getcwd(NULL, 0), *path = NULL;

	config->folder = before && before->folder ? strdup(before->folder) : here;
	/* without a working directory, neither can be found again */
	if (file[0] == '/' || !config->folder)
		path = strdup(file);
	else if (asprintf(&path, "%s/%s", config->folder, file) < 0)
		path = NULL;
	config->file = path;
	return path ? 0 : -ENOMEM;
}

/* What a config is read from, and why. */
struct input {
	const char *file;            /* where it is, or would be */
	const struct config *before; /* as struct keys */
	struct faults *notes;        /* as struct keys */
};

/* Make *CONFIG of SECTIONS, which were read from INPUT. */
static void make_config(const struct input *input, struct sections *sections, struct config *config,
			struct faults *faults)
{
	struct types types = {0};
	struct keys keys = {.file = input->file,
			    .sections = sections,
			    .types = &types,
			    .faults = faults,
			    .before = input->before,
			    .notes = input->notes};
	struct reading *readings = calloc(sections->count + 1, sizeof(*readings));
	const char *wrong;

	config->domains = change_marks_new("", &wrong);
	config->accounts = calloc(sections->count + 1, sizeof(struct account *));
	if (!config->domains || !config->accounts || !readings || types_init(&types, input->file) ||
	    note_place(input->file, input->before, config))
		(void)keys_fail_memory(&keys, 0);
	else
		read_sections(&keys, sections, config, readings);
	config->descriptions = types.list;
	config->description_count = types.count;
	types_clear(&types);
	free(readings);
}

/* As config_load, from INPUT. RESULT is what reading SECTIONS returned. */
static int finish(const struct input *input, int result, struct sections *sections,
		  struct config *config, struct faults *faults)
{
	struct config made = {.status_limit = 100,
			      .status_window = 3600,
			      .scratch_limit = (size_t)64 << 20,
			      .csv_guard = true,
			      .log_umask = 077,
			      .changes_limit = CHANGES_LIMIT,
			      .shared_required = true};

	if (!result || result == -EINVAL)
		make_config(input, sections, &made, faults);
	sections_clear(sections);
	result = faults_sort(faults);
	if (result)
		config_clear(&made);
	else
		*config = made;
	return result;
}

/* As config_load, from the file that INPUT names. */
static int load(const struct input *input, struct config *config, struct faults *faults)
{
	struct sections sections;
	int result = sections_read(input->file, &sections_plain, &sections, faults);

	return finish(input, result, &sections, config, faults);
}

/* As config_read, from the file that INPUT names. */
static int read_file(const struct input *input, struct config *config, char *why, size_t why_size)
{
	struct faults faults = {0};
	int result = load(input, config, &faults);

	(void)faults_text(&faults, why, why_size);
	faults_clear(&faults);
	return result;
}

int config_load(const char *file, struct config *config, struct faults *faults)
{
	return load(&(struct input){.file = file}, config, faults);
}

int config_parse(const char *file, const char *text, size_t length, struct config *config,
		 struct faults *faults)
{
	struct sections sections;
	int result = sections_parse(file, text, length, &sections_plain, &sections, faults);

	return finish(&(struct input){.file = file}, result, &sections, config, faults);
}

int config_read(const char *file, struct config *config, char *why, size_t why_size)
{
	return read_file(&(struct input){.file = file}, config, why, why_size);
}

int config_read_again(const struct config *before, struct config *config, char *why,
		      size_t why_size, char *notes, size_t notes_size)
{
	struct faults kept = {0};
	const struct input input = {.file = before->file, .before = before, .notes = &kept};
	int result = read_file(&input, config, why, why_size);

	notes[0] = '\0';
	(void)faults_text(&kept, notes, notes_size);
	faults_clear(&kept);
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
	free(config->history_dir);
	free(config->changes_log);
	sharing_clear(config);
	change_marks_free(config->domains);
	free(config->file);
	free(config->folder);
	*config = (struct config){0};
}
