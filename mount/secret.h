/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - where a secret comes from: given, in a file, in the environment, or a command's
 * output.
 *
 * A secret has one owner, is wiped when released, and never enters a message.
 */
#ifndef ROSTERFS_SECRET_H
#define ROSTERFS_SECRET_H

#include <stddef.h>

enum secret_source { SECRET_GIVEN, SECRET_FILE, SECRET_ENV, SECRET_COMMAND };

/*
 * Get the secret that WHERE names in the way of SOURCE: the text itself, a file's first line, an
 * environment variable, the first line of what `sh -c WHERE` prints (30 s at most; it must exit 0).
 * A file that group or others can read is refused, as is an empty secret and one with control
 * characters or invisible ones (invisible.h). Returns 0 and the secret in *SECRET (free with
 * secret_free), or a negative errno and words without the secret in WHY. May block.
 */
int secret_read(enum secret_source source, const char *where, char **secret, char *why,
		size_t why_size);

/* Wipe and free. NULL is fine. */
void secret_free(char *secret);

#endif
