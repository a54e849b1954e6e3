/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secrets.h - the secrets of an account that a command prints, which may expire.
 *
 * If the vendor refuses them, the commands are run again, by one thread at a time, at most once in
 * SECRETS_PAUSE milliseconds.
 */
#ifndef ROSTERFS_SECRETS_H
#define ROSTERFS_SECRETS_H

#include "vendors/rest/token.h"

#include <stdbool.h>
#include <stddef.h>

#define SECRETS_PAUSE 5000

struct account;
struct secrets;

/*
 * Runs COMMAND in FOLDER. Returns 0 and what it prints in *SECRET, of vault.h, or a negative errno
 * and words without the secret in WHY. May block.
 */
typedef int secrets_reader(const char *command, const char *folder, char **secret, char *why,
			   size_t why_size);

/*
 * Let the setting INDEX of ACCOUNT, a secret, be read again by COMMAND (copied), which READER runs
 * in FOLDER (copied; NULL: where this process is now). Before any request. Returns 0 or a negative
 * errno.
 */
int secrets_add(struct account *account, size_t index, const char *command, const char *folder,
		secrets_reader *reader);

/* Return true if A and B (each may be NULL), of accounts with COUNT equal settings, have the same
 * commands. */
bool secrets_equal(const struct secrets *a, const struct secrets *b, size_t count);

/* Wipe and free SECRETS, which may be NULL, of an account with COUNT settings. */
void secrets_free(struct secrets *secrets, size_t count);

/*
 * A token_issuer whose token is empty: it says that the secrets are those of the commands. The
 * first one is made without running them, because the config's reader has just done that.
 */
token_issuer secrets_issue;

#endif
