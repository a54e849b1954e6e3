/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - the newest 10,000 lines of what was asked of whom, and every error in words.
 *
 * One log for the process: .rosterfs/log shows it, -d copies it to stderr. Any thread may call any
 * function; none waits for anything but the log's own lock. Lines hold no secret: whoever writes a
 * line with a vendor's words has redacted them (http.h).
 */
#ifndef ROSTERFS_LOG_H
#define ROSTERFS_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct call;

#define LOG_LINES_MAX 10000

/* Copy each line to stderr from now on (the -d option). */
void log_to_stderr(bool on);

/* One line: time, text. Control characters become spaces. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line about CALL: time, path, text, uid, pid and command. */
void log_call(const struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The line that explains a failed call: time, path, method and endpoint, HTTP status, words, errno,
 * uid, pid and command. ERROR is the negative errno that the caller got. -EINTR is logged too.
 */
void log_error(const struct call *call, int error);

/*
 * The whole log as text, oldest line first, one newline each; *LENGTH is its size in bytes.
 * The caller frees. NULL: no memory.
 */
char *log_text(size_t *length);

/* The size that log_text would give now. */
size_t log_size(void);

/* Forget all lines and free their memory, at the end of the process. */
void log_free(void);

#endif
