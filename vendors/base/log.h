/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the log: the newest 10,000 lines about requests to vendors and about errors.
 *
 * There is one log for the process. .rosterfs/log shows it, and -d copies it to stderr. Functions
 * may be called from any thread and wait for nothing except the log's own lock, which is a leaf. A
 * line holds no secret: the caller redacts a vendor's words before it logs them.
 */
#ifndef ROSTERFS_LOG_H
#define ROSTERFS_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct call;

#define LOG_LINES_MAX 10000

/* Copy each line to stderr from now on (option -d), or stop that. */
void log_to_stderr(bool on);

/* Log one line: time, text. Control characters become spaces. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As log_line, and to stderr too, for what who runs the mount must know and may not find in the
 * log: at its end nobody can read that any more. */
void log_loud(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Log one line about CALL: time, path, text, uid, pid and command. */
void log_call(const struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Log why CALL failed, in one line: time, path, method and endpoint, HTTP status, words, errno,
 * uid, pid and command. ERROR is the negative errno that the caller gets; -EINTR is logged too.
 */
void log_error(const struct call *call, int error);

/*
 * Return the log as text, oldest line first, each with a newline, and its size in bytes in *LENGTH.
 * The caller frees it. NULL: no memory.
 */
char *log_text(size_t *length);

/* Return the size in bytes of log_text. */
size_t log_size(void);

/* Free all lines, at the end of the process. */
void log_free(void);

#endif
