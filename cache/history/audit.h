/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - the file audit_log: lines that are appended, and are on the disk when a function
 * returns.
 *
 * Before a change is sent, audit_announce appends its first line and secures room for its last one,
 * which audit_append appends when it is known how the change ended. Threads that append at the same
 * time share one fsync. A file that was moved away (logrotate) is made anew at its path, and a
 * change that was announced in the old file ends in the new one. What stands in a line is
 * attempt.c's.
 *
 * Threads: any. One mutex; while the disk is synced it is not held.
 */
#ifndef ROSTERFS_AUDIT_H
#define ROSTERFS_AUDIT_H

#include <stddef.h>

struct audit;

/*
 * Open the file at PATH (absolute; copied) for appending, and make it (0600) if it is missing; its
 * directory must be there. 0 and *AUDIT, or a negative errno and one line in WHY. May block on the
 * disk, as all functions here.
 */
int audit_open(const char *path, struct audit **audit, char *why, size_t why_size);
void audit_free(struct audit *audit); /* NULL is fine */

/* Would audit_open succeed? It makes nothing. 0, or a negative errno and one line in WHY. */
int audit_check(const char *path, char *why, size_t why_size);

const char *audit_path(const struct audit *audit);

/*
 * Append LINE (LENGTH bytes, a newline at its end; 0: none) and secure SIZE bytes more, which can
 * then be written whatever else fills the disk. 0 when the line is on the disk; then pair with
 * audit_append or audit_release of as many bytes. Or a negative errno: nothing is secured, and the
 * line may be there or not.
 */
int audit_announce(struct audit *audit, const char *line, size_t length, size_t size);
void audit_release(struct audit *audit, size_t size);

/*
 * Append LINE (LENGTH bytes, a newline at its end), for which SECURED bytes were secured (0: none).
 * 0 when it is on the disk, or a negative errno.
 */
int audit_append(struct audit *audit, const char *line, size_t length, size_t secured);

#endif
