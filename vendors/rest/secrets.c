/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets.c - see secrets.h.
 *
 * token.c lets one thread at a time be in secrets_issue of an account. The values of the account
 * and the list of replaced ones are read by all threads, so each is written by one atomic store.
 */
#include "vendors/rest/secrets.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/rest/redact.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A secret that was replaced. */
struct secrets_old {
	char *text;
	struct secrets_old *before;
};

struct secrets {
	secrets_reader *reader;
	char *folder;
	char **commands; /* in the order of vendor->settings; NULL: not by a command */
	int64_t ran;     /* of clock_milliseconds: when they were run again; 0: not yet */
	bool issued;
	_Atomic(struct secrets_old *) old;
};

static void secrets_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

int secrets_add(struct account *account, size_t index, const char *command, secrets_reader *reader)
{
	struct secrets *secrets = account->secrets;
	size_t count = 0;

	while (account->vendor->settings[count].name)
		count++;
	if (!secrets) {
		secrets = account->secrets = calloc(1, sizeof(*secrets));
		if (!secrets)
			return -ENOMEM;
		secrets->commands = calloc(count + 1, sizeof(*secrets->commands));
		secrets->folder = getcwd(NULL, 0);
	}
	if (!secrets->commands)
		return -ENOMEM;
	secrets->reader = reader;
	secrets->commands[index] = strdup(command);
	return secrets->commands[index] ? 0 : -ENOMEM;
}

void secrets_free(struct secrets *secrets, size_t count)
{
	struct secrets_old *old, *before;

	if (!secrets)
		return;
	for (old = atomic_load(&secrets->old); old; old = before) {
		before = old->before;
		secrets_wipe(old->text);
		free(old);
	}
	for (size_t i = 0; secrets->commands && i < count; i++)
		secrets_wipe(secrets->commands[i]);
	free(secrets->commands);
	free(secrets->folder);
	free(secrets);
}

/* Put SECRET, which is owned from now on, in place of the setting INDEX. Returns 0 or -ENOMEM. */
static int replace(struct account *account, size_t index, char *secret)
{
	struct secrets_old *old;

	if (account->values[index] && strcmp(account->values[index], secret) == 0) {
		secrets_wipe(secret);
		return 0;
	}
	old = malloc(sizeof(*old));
	if (!old) {
		secrets_wipe(secret);
		return -ENOMEM;
	}
	*old = (struct secrets_old){.text = account->values[index],
				    .before = atomic_load(&account->secrets->old)};
	__atomic_store_n(&account->values[index], secret, __ATOMIC_RELEASE);
	atomic_store(&account->secrets->old, old);
	return 0;
}

/* Run all commands of ACCOUNT again. */
static int run(struct call *call, struct account *account)
{
	const struct secrets *secrets = account->secrets;
	const struct setting *settings = account->vendor->settings;
	char why[256], *secret;

	for (size_t i = 0; settings[i].name; i++) {
		if (!secrets->commands[i])
			continue;
		if (secrets->reader(secrets->commands[i], secrets->folder, &secret, why,
				    sizeof(why)))
			return call_fail(call, CALL_BAD_KEYS,
					 "the vendor refuses the keys, and they cannot be read "
					 "again: %s_command in section [%s]: %s",
					 settings[i].name, account->name, why);
		if (replace(account, i, secret))
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
	if (secrets->issued && (!secrets->ran || now - secrets->ran >= SECRETS_PAUSE)) {
		error = run(call, account);
		secrets->ran = clock_milliseconds();
	}
	secrets->issued = true;
	if (error)
		return error;
	made->text = strdup("");
	made->life = TOKEN_FOREVER;
	return made->text ? 0 : call_no_memory(call);
}

void secrets_redact(const struct secrets *secrets, char *text)
{
	const struct secrets_old *old = secrets ? atomic_load(&secrets->old) : NULL;

	if (old)
		redact_whole(text, old->text);
}
