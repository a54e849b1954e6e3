/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environment.c - see environment.h.
 *
 * A variable is overwritten in place at any time, which disturbs no thread that looks for another
 * one. The list of variables changes only before there are threads: getenv takes no lock.
 */
#include "mount/config/environment.h"

#include "vendors/base/log.h"
#include "vendors/base/vault.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_LOG "SSLKEYLOGFILE"

struct taken {
	char *name, *value;
	struct taken *next;
};

static struct taken *list;

/* Keep a copy of VALUE as that of NAME. Returns it, or NULL without memory. */
static struct taken *keep(struct taken *taken, const char *name, const char *value)
{
	char *copy = vault_copy(value);

	if (!copy)
		return NULL;
	if (!taken) {
		taken = calloc(1, sizeof(*taken));
		if (taken)
			taken->name = strdup(name);
		if (!taken || !taken->name) {
			free(taken);
			vault_free(copy);
			return NULL;
		}
		taken->next = list;
		list = taken;
	}
	vault_free(taken->value);
	taken->value = copy;
	return taken;
}

const char *environment_secret(const char *name, bool *kept)
{
	size_t length = strlen(name);
	const char *value = getenv(name);
	struct taken *taken = list;

	while (taken && strcmp(taken->name, name) != 0)
		taken = taken->next;
	if (kept)
		*kept = taken && !(value && *value);
	if (!value || !*value)
		return taken ? taken->value : value;
	taken = keep(taken, name, value);
	if (!taken)
		return value;
	/* a variable may be there twice */
	for (char **at = environ; *at; at++) {
		if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
			explicit_bzero(*at + length + 1, strlen(*at + length + 1));
	}
	return taken->value;
}

void environment_trim(void)
{
	for (const struct taken *taken = list; taken; taken = taken->next)
		(void)unsetenv(taken->name);
}

int environment_restore(void)
{
	for (const struct taken *taken = list; taken; taken = taken->next) {
		if (setenv(taken->name, taken->value, 1))
			return -errno;
	}
	return 0;
}

void environment_guard(void)
{
	if (!getenv(KEY_LOG))
		return;
	(void)unsetenv(KEY_LOG);
	log_line("the environment variable " KEY_LOG
		 " is ignored: the keys of TLS connections are written to no file");
}

void environment_clear(void)
{
	while (list) {
		struct taken *next = list->next;

		free(list->name);
		vault_free(list->value);
		free(list);
		list = next;
	}
}
