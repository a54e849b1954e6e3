/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep.h - one line of text, a secret, that is kept in a file and replaced now and then.
 *
 * Functions wait for the disk only. Several processes may use one file.
 */
#ifndef ROSTERFS_KEEP_H
#define ROSTERFS_KEEP_H

/*
 * Put the first line of the file at PATH, without blanks at its end, into *TEXT, of vault.h.
 * Returns 0, or a negative errno and words in WHY, of TRUSTED_WORDS bytes: the
 * file cannot be read, others have access to it (TRUSTED_SECRET), or the line is empty, has a NUL
 * or is longer than 64 KiB.
 */
int keep_read(const char *path, char **text, char *why);

/* Return 0 if keep_write can replace the file at PATH, as far as that is known before, or a
 * negative errno. */
int keep_check(const char *path);

/* Replace the file at PATH by one with the line TEXT and mode 0600: at once, and on the disk before
 * this returns. Returns 0 or a negative errno; then the old file is there. */
int keep_write(const char *path, const char *text);

/*
 * Lock the folder of PATH against keep_lock of others. Never waits. Returns a file descriptor,
 * whose close unlocks it, or a negative errno: -EWOULDBLOCK if another one has the lock.
 */
int keep_lock(const char *path);

#endif
