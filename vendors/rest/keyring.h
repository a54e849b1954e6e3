/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyring.h - the values of an account's settings, and how they are replaced while they are used.
 *
 * What is replaced is kept until account_free, because other threads borrow it.
 */
#ifndef ROSTERFS_KEYRING_H
#define ROSTERFS_KEYRING_H

#include <stddef.h>

struct account;
struct secrets;
struct vendor;

/* Values that were replaced. */
struct keyring_replaced {
	char **values;
	struct secrets *secrets; /* NULL: they were kept */
	struct keyring_replaced *before;
};

/* Return how many settings the table of VENDOR has. */
size_t keyring_count(const struct vendor *vendor);

/* Wipe and free VALUES (or NULL), of settings of VENDOR. Each is from vault.h. */
void keyring_free(const struct vendor *vendor, char **values);

/*
 * Put VALUES, in the order of vendor->settings, in place of those of ACCOUNT, which owns them from
 * now on. SECRETS (owned likewise, NULL: none) are those that commands print. Ends the use of all
 * tokens and of all requests that were not sent yet. What is replaced stays readable for the
 * threads that borrow it, and is wiped by account_free. Any thread. Returns 0, or -ENOMEM with
 * nothing changed.
 */
int keyring_replace(struct account *account, char **values, struct secrets *secrets);

/*
 * Put SECRET (owned, of vault.h) in place of the setting INDEX of ACCOUNT, if its secrets are still
 * EXPECTED; if not, wipe SECRET, because the config was read again meanwhile. Returns 0 or -ENOMEM.
 */
int keyring_renew(struct account *account, const struct secrets *expected, size_t index,
		  char *secret);

#endif
