/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sharing.c - see sharing.h.
 *
 * What is in the two files is read once all keys are known: without a store, neither is.
 */
#include "mount/config/sharing.h"

#include "mount/config/config.h"
#include "mount/config/key_file.h"
#include "mount/config/keys.h"
#include "mount/config/secret.h"
#include "vendors/base/trusted.h"
#include "vendors/base/vault.h"
#include "vendors/ini/faults.h"
#include "vendors/ini/sections.h"

#ifdef ROSTERFS_SHARED
#include "cache/redis/settings.h"
#endif

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARING_WORDS (PATH_MAX + TRUSTED_WORDS)

static unsigned sharing_line(const struct section *section, const char *key)
{
	const struct entry *entry = sections_find(section, key);

	return entry ? entry->line : section->line;
}

/* Refuse keys that have no effect. */
static void sharing_absent(const struct keys *keys, const struct section *section)
{
	for (size_t i = 0; i < section->count; i++) {
		const struct entry *entry = &section->entries[i];

		if (!entry->refused && strncmp(entry->key, "shared_", strlen("shared_")) == 0)
			(void)keys_fail(keys, entry->line,
					"%s has no effect without the key shared; remove the line",
					entry->key);
	}
}

/* Check the URL of CONFIG. */
static int sharing_url(const char *url, char *why, size_t why_size)
{
#ifdef ROSTERFS_SHARED
	struct redis_settings settings = {0};
	int error = redis_settings_parse(url, &settings, why, why_size);

	redis_settings_clear(&settings);
	return error;
#else
	const char *words;

	(void)url;
	(void)shared_is_built(&words);
	(void)snprintf(why, why_size, "%s", words);
	return -EPROTONOSUPPORT;
#endif
}

void sharing_read(const struct keys *keys, const struct section *section, struct config *config)
{
	char why[SHARING_WORDS];

	if (!config->shared) {
		/* what is wrong with it was said */
		if (!sections_find(section, "shared"))
			sharing_absent(keys, section);
		return;
	}
	if (sharing_url(config->shared, why, sizeof(why))) {
		(void)keys_fail(keys, sharing_line(section, "shared"), "shared: %s", why);
		return;
	}
	if (!sections_find(section, "shared_key_file")) {
		(void)keys_fail(keys, sharing_line(section, "shared"),
				"shared needs the key shared_key_file, the same on each host; "
				"rosterfs --new-key FILE makes one");
	} else if (config->shared_key_file) {
		config->shared_key = vault_alloc(KEY_FILE_BYTES);
		if (!config->shared_key)
			(void)keys_fail_memory(keys, section->line);
		else if (key_file_read(config->shared_key_file, config->shared_key, why,
				       sizeof(why)))
			(void)keys_fail(keys, sharing_line(section, "shared_key_file"),
					"shared_key_file: %s", why);
	}
	if (config->shared_password_file && secret_read(SECRET_FILE, config->shared_password_file,
							&config->shared_password, why, sizeof(why)))
		(void)keys_fail(keys, sharing_line(section, "shared_password_file"),
				"shared_password_file: %s", why);
	if (config->shared_user && !sections_find(section, "shared_password_file"))
		(void)keys_fail(keys, sharing_line(section, "shared_user"),
				"shared_user needs the key shared_password_file");
}

struct shared_settings sharing_settings(const struct config *config)
{
	return (struct shared_settings){.url = config->shared,
					.user = config->shared_user,
					.password = config->shared_password,
					.ca_file = config->shared_ca_file,
					.key = config->shared_key,
					.required = config->shared_required};
}

void sharing_clear(struct config *config)
{
	vault_free(config->shared_key);
	secret_free(config->shared_password);
	free(config->shared_password_file);
	free(config->shared_key_file);
	free(config->shared_ca_file);
	free(config->shared_user);
	free(config->shared);
}
