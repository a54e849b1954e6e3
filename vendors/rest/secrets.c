/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets.c - see secrets.h.
 *
 * token.c lets one thread at a time be in secrets_issue of an account. Meanwhile the config may be
 * read again: then the account has other secrets, and what these commands print is not used.
 */
#include "vendors/rest/secrets.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/vault.h"
#include "vendors/rest/account.h"
#include "vendors/rest/keyring.h"
#include "vendors/rest/redact.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct secrets {
	secrets_reader *reader;
	char *folder;
	char **commands; /* in the order of vendor->settings; NULL: not by a command */
	int64_t ran;     /* of clock_milliseconds: when they were run again; 0: not yet */
	bool issued;
};

int secrets_add(struct account *account, size_t index, const char *command, const char *folder,
		secrets_reader *reader)
{
	struct secrets *secrets = account->secrets;
	size_t count = 0;

	while (account->vendor->settings[count].name)
		count++;
	if (!secrets) {
		secrets = calloc(1, sizeof(*secrets));
		if (!secrets)
			return -ENOMEM;
		account->secrets = secrets;
		secrets->commands = calloc(count + 1, sizeof(*secrets->commands));
		secrets->folder = folder ? strdup(folder) : getcwd(NULL, 0);
	}
	if (!secrets->commands)
		return -ENOMEM;
	secrets->reader = reader;
	secrets->commands[index] = vault_copy(command);
	return secrets->commands[index] ? 0 : -ENOMEM;
}

void secrets_free(struct secrets *secrets, size_t count)
{
	if (!secrets)
		return;
	for (size_t i = 0; secrets->commands && i < count; i++)
		vault_free(secrets->commands[i]);
	free(secrets->commands);
	free(secrets->folder);
	free(secrets);
}

bool secrets_equal(const struct secrets *a, const struct secrets *b, size_t count)
{
	if (!a || !b)
		return a == b;
	for (size_t i = 0; i < count; i++) {
		const char *one = a->commands[i], *other = b->commands[i];

		if (!one != !other || (one && strcmp(one, other) != 0))
			return false;
	}
	return true;
}

/* Overwrite the secrets that ACCOUNT has now in WORDS, which a command may have said. */
static void secrets_hide(struct account *account, char *words)
{
	const struct setting *settings = account->vendor->settings;
	char **values = atomic_load(&account->values);

	for (size_t i = 0; settings[i].name; i++) {
		if (settings[i].type == SETTING_SECRET)
			redact_whole(words, values[i]);
	}
}

/* Run all commands of ACCOUNT, SECRETS, again. */
static int run(struct call *call, struct account *account, const struct secrets *secrets)
{
	const struct setting *settings = account->vendor->settings;
	char why[1024], *secret;

	for (size_t i = 0; settings[i].name; i++) {
		if (!secrets->commands[i])
			continue;
		if (secrets->reader(secrets->commands[i], secrets->folder, &secret, why,
				    sizeof(why))) {
			secrets_hide(account, why);
			return call_fail(call, CALL_BAD_KEYS,
					 "the vendor refuses the keys, and they cannot be read "
					 "again: %s_command in section [%s]: %s",
					 settings[i].name, account->name, why);
		}
		if (keyring_renew(account, secrets, i, secret))
			return call_no_memory(call);
	}
	log_line("%s: the vendor refuses the keys; the commands that print them were run again",
		 account->name);
	return 0;
}

int secrets_issue(struct call *call, struct account *account, unsigned slot,
		  struct token_made *made)
{
	struct secrets *secrets = account->secrets;
	int64_t now = clock_milliseconds();
	int error = 0;

	(void)slot;
	if (!secrets) /* they were replaced by keys that no command prints */
		goto out;
	if (secrets->issued && (!secrets->ran || now - secrets->ran >= SECRETS_PAUSE)) {
		error = run(call, account, secrets);
		secrets->ran = clock_milliseconds();
	}
	secrets->issued = true;
	if (error)
		return error;
out:
	made->text = vault_copy("");
	made->life = TOKEN_FOREVER;
	return made->text ? 0 : call_no_memory(call);
}
