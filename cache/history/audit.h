/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - the files audit_log and changes_log: their lines are on the disk when the function that
 * appends them returns.
 *
 * Before a change is sent, audit_announce appends its first line and secures room for its last one.
 * audit_append appends that when it is known how the change ended. Threads that append at the same
 * time share one fsync. If the file was moved away (logrotate), it is created again at its path; a
 * change that was announced in the old file ends in the new one. attempt.c makes the lines.
 *
 * Any thread. There is one mutex, which is not held while the disk is synced. All functions may
 * block on the disk.
 */
#ifndef ROSTERFS_AUDIT_H
#define ROSTERFS_AUDIT_H

#include <stddef.h>

struct audit;

/*
 * Open the file at PATH (absolute; copied) for appending: a regular file or a character device, to
 * which no other user's symbolic link leads (links.h). Creates it (0600) if it is missing; its
 * directory must exist. Returns 0 and *AUDIT, or a negative errno and a message in WHY, which
 * begins with KEY, the key of the config that names the file.
 */
int audit_open(const char *key, const char *path, struct audit **audit, char *why, size_t why_size);
void audit_free(struct audit *audit); /* NULL is a no-op */

/* Check that audit_open can succeed, and create nothing. Returns 0, or a negative errno and a
 * message in WHY. */
int audit_check(const char *key, const char *path, char *why, size_t why_size);

/* Return the path, borrowed. */
const char *audit_path(const struct audit *audit);

/*
 * Append LINE (LENGTH bytes with the newline at its end; 0: none), and secure SIZE more bytes,
 * which can then be written whatever else fills the disk. Returns 0 when the line is on the disk;
 * pair with audit_append or audit_release of as many bytes. Or returns a negative errno: nothing is
 * secured, and the line may be there or not.
 */
int audit_announce(struct audit *audit, const char *line, size_t length, size_t size);
void audit_release(struct audit *audit, size_t size);

/*
 * Append LINE (LENGTH bytes with the newline at its end), for which SECURED bytes were secured (0:
 * none). Returns 0 when it is on the disk, or a negative errno.
 */
int audit_append(struct audit *audit, const char *line, size_t length, size_t secured);

#endif
