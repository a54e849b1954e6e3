/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.c - see keyring.h.
 *
 * All values are replaced by one store of a pointer, so that a reader that finds the same pointer
 * before and after has read values that belong together. It knows neither what values mean nor what
 * secrets are.
 */
#include "vendors/rest/keyring.h"

#include "vendors/base/vault.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t keyring_count(const struct vendor *vendor)
{
	size_t count = 0;

	while (vendor->settings[count].name)
		count++;
	return count;
}

void keyring_free(const struct vendor *vendor, char **values)
{
	for (size_t i = 0; values && vendor->settings[i].name; i++)
		vault_free(values[i]);
	free(values);
}

/* Put VALUES in place of those of ACCOUNT, and note in NODE what they were and SECRETS, which it
 * owns. */
static void replace_locked(struct account *account, char **values, struct secrets *secrets,
			   struct keyring_replaced *node)
{
	*node = (struct keyring_replaced){account->values, secrets, account->replaced};
	account->replaced = node;
	account->values = values;
}

int keyring_replace(struct account *account, char **values, struct secrets *secrets)
{
	struct keyring_replaced *node = malloc(sizeof(*node));

	if (!node)
		return -ENOMEM;
	pthread_mutex_lock(&account->replacing);
	replace_locked(account, values, account->secrets, node);
	account->secrets = secrets;
	/* last: what is made with this number has the new values */
	atomic_fetch_add(&account->epoch, 1);
	pthread_mutex_unlock(&account->replacing);
	return 0;
}

/* Return a copy of the values of ACCOUNT, without that of the setting INDEX. NULL: no memory. */
static char **copy_values(const struct account *account, size_t index)
{
	char **values = calloc(keyring_count(account->vendor) + 1, sizeof(*values));

	for (size_t i = 0; values && account->vendor->settings[i].name; i++) {
		const char *value = account->values[i];

		if (i == index || !value)
			continue;
		values[i] = vault_copy(value);
		if (!values[i]) {
			keyring_free(account->vendor, values);
			return NULL;
		}
	}
	return values;
}

/* Make SECRET the value of the setting INDEX. Returns false without memory. */
static bool renew_locked(struct account *account, size_t index, char *secret)
{
	struct keyring_replaced *node = malloc(sizeof(*node));
	char **values = node ? copy_values(account, index) : NULL;

	if (!values) {
		free(node);
		return false;
	}
	values[index] = secret;
	replace_locked(account, values, NULL, node);
	return true;
}

int keyring_renew(struct account *account, const struct secrets *expected, size_t index,
		  char *secret)
{
	const char *now;
	bool taken = false;
	int error = 0;

	pthread_mutex_lock(&account->replacing);
	now = account->values[index];
	if (account->secrets == expected && (!now || strcmp(now, secret) != 0)) {
		taken = renew_locked(account, index, secret);
		error = taken ? 0 : -ENOMEM;
	}
	pthread_mutex_unlock(&account->replacing);
	if (!taken)
		vault_free(secret);
	return error;
}
