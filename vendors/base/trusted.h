/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted.h - files that decide where secrets go and which commands run, or that hold secrets.
 *
 * Such a file must belong to root or to the user that this process runs as, and nobody else may be
 * able to write it. What is checked is the file that was opened, so that nobody can put another one
 * in its place between the check and the reading. Functions wait for the disk only: a FIFO, a
 * device or a socket is refused at once.
 */
#ifndef ROSTERFS_TRUSTED_H
#define ROSTERFS_TRUSTED_H

#include <limits.h>

struct stat;

/* Room for the words of this module: a path, quoted for a shell, and a sentence. */
#define TRUSTED_WORDS (2 * PATH_MAX + 256)

/* What must be true of a file; each one includes those before it. */
enum trusted_rule {
	TRUSTED_KIND,  /* it is a regular file */
	TRUSTED_OWNED, /* nobody else can write it, nor change its mode */
	TRUSTED_SECRET /* group and others cannot read it */
};

/*
 * Open FILE for reading. Returns a descriptor (close-on-exec) and what fstat says in *STATUS (may
 * be NULL), or a negative errno and in WHY, of TRUSTED_WORDS bytes, what is wrong and what to do.
 * WHY has the name of FILE only if there is such a file: what a user took for a file's name may be
 * a secret. -EISDIR: it is a directory; -EINVAL: it is no regular file; -EPERM: others have access.
 */
int trusted_open(const char *file, enum trusted_rule rule, struct stat *status, char *why);

/*
 * Check that nobody else can put another file in the place of FILE: its directory, and that of what
 * a symbolic link leads to, belongs to root or this user, and nobody else can write it, except
 * where the sticky bit keeps files from being replaced. The group of this process counts as this
 * user: with a umask of 002, it is often the user's own. Returns 0, or -EPERM with words in WHY, of
 * TRUSTED_WORDS bytes. A directory that cannot be looked at is left to who opens FILE.
 */
int trusted_folder(const char *file, char *why);

#endif
