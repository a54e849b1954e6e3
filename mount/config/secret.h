/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - read a secret: from the config, a file, the environment, or a command's output.
 *
 * A secret has one owner, is wiped when released, and never enters a message.
 */
#ifndef ROSTERFS_SECRET_H
#define ROSTERFS_SECRET_H

#include <stddef.h>

enum secret_source { SECRET_GIVEN, SECRET_FILE, SECRET_ENV, SECRET_COMMAND };

/*
 * Read the secret that WHERE names. SOURCE says how: the text itself, the first line of a file, an
 * environment variable, or the first line that `sh -c WHERE` prints (30 seconds at most; it must
 * exit with 0). Refuses a file to which others have access (TRUSTED_SECRET), an empty secret, one
 * in quotes, and one with control characters or invisible ones (invisible.h). Returns 0 and the
 * secret in *SECRET, of vault.h, or a negative errno and words without the secret in
 * WHY. An environment variable is overwritten (environment.h). May block.
 */
int secret_read(enum secret_source source, const char *where, char **secret, char *why,
		size_t why_size);

/* As secret_read of a command, which is run in FOLDER. */
int secret_run(const char *command, const char *folder, char **secret, char *why, size_t why_size);

/* End the command that is running, and fail each later one: the mount ends. Any thread. */
void secret_stop(void);

/* Wipe and free SECRET. NULL is a no-op. */
void secret_free(char *secret);

#endif
