/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.c - see secret.h.
 *
 * Every buffer here is wiped, so that the caller's copy is the only one (the environment and the
 * given text belong to their owners). No message quotes what was read, nor a command, nor a path at
 * which there is no file: users paste the key itself after `X_file =`. It must not know what a
 * secret is used for.
 */
#include "mount/config/secret.h"

#include "mount/config/mend.h"
#include "vendors/base/clock.h"
#include "vendors/base/trusted.h"
#include "vendors/ini/invisible.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_LENGTH_MAX 16384
#define COMMAND_SECONDS 30
#define SHELL_NOT_FOUND 127 /* exit status of sh */
/* interval of checks whether a command has ended that keeps its output open */
#define COMMAND_LOOK_MS 20

/* The first line of a file or of a command's output, as far as it was read. */
struct line {
	char text[SECRET_LENGTH_MAX + 1];
	size_t length;
	bool whole; /* its end was read */
	bool too_long;
};

static atomic_bool stopping; /* no command may go on */

struct words {
	char *text;
	size_t size;
};

static int secret_fail(const struct words *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int secret_fail(const struct words *why, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(why->text, why->size, format, arguments);
	va_end(arguments);
	return -error;
}

/* Check TEXT and copy it to *SECRET. */
static int secret_take(const struct words *why, const char *text, size_t length, char **secret)
{
	const char *invisible;
	char *copy;

	if (length == 0)
		return secret_fail(why, EINVAL, "the secret is empty");
	if (length > SECRET_LENGTH_MAX)
		return secret_fail(why, EINVAL, "a secret may have at most %d bytes",
				   SECRET_LENGTH_MAX);
	if (length > 1 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
		return secret_fail(why, EINVAL, "the secret is in UTF-16; save it as UTF-8");
	for (size_t i = 0; i < length; i++) {
		if (iscntrl((unsigned char)text[i]))
			return secret_fail(why, EINVAL, "the secret holds a control character");
	}
	invisible = invisible_find(text, length);
	if (invisible) {
		char name[INVISIBLE_WORDS_MAX];

		invisible_name(invisible, text + length, name);
		return secret_fail(why, EINVAL, "the secret holds %s; remove it", name);
	}
	copy = strndup(text, length);
	if (!copy)
		return secret_fail(why, ENOMEM, "out of memory");
	if (mend_quotes(copy)) {
		secret_free(copy);
		return secret_fail(why, EINVAL,
				   "the secret is in quotes, which would be a part of it; "
				   "remove them (with jq: jq -r)");
	}
	*secret = copy;
	return 0;
}

static int take_line(const struct words *why, const struct line *line, char **secret)
{
	size_t length = line->length;

	if (line->too_long)
		return secret_fail(why, EINVAL, "the first line is longer than %d bytes",
				   SECRET_LENGTH_MAX);
	if (length > 0 && line->text[length - 1] == '\r')
		length--;
	if (length == 0)
		return secret_fail(why, EINVAL, "the first line is empty");
	return secret_take(why, line->text, length, secret);
}

/* Read once from FD, and keep what belongs to the first line. Returns what read() returns. */
static ssize_t line_read(int fd, struct line *line)
{
	char rest[512];
	char *at = line->text + line->length;
	bool keep = !line->whole && !line->too_long;
	ssize_t count = keep ? read(fd, at, sizeof(line->text) - line->length)
			     : read(fd, rest, sizeof(rest));

	if (!keep) {
		explicit_bzero(rest, sizeof(rest));
		return count;
	}
	if (count > 0) {
		char *newline = memchr(at, '\n', (size_t)count);

		line->whole = newline != NULL;
		line->length += newline ? (size_t)(newline - at) : (size_t)count;
		line->too_long = line->length > SECRET_LENGTH_MAX;
	}
	return count;
}

static int read_file(const struct words *why, const char *path, struct line *line)
{
	char words[TRUSTED_WORDS];
	ssize_t count;
	int result = 0;
	int fd = trusted_open(path, TRUSTED_SECRET, NULL, words);

	if (fd == -EPERM || fd == -EINVAL)
		return secret_fail(why, -fd, "%s", words);
	/* there may be no such file: its name may be the secret itself */
	if (fd < 0)
		return secret_fail(why, -fd, "the file cannot be opened: %s", strerror(-fd));
	do {
		count = line_read(fd, line);
	} while ((count > 0 && !line->whole && !line->too_long) || (count < 0 && errno == EINTR));
	if (count < 0)
		result = secret_fail(why, errno, "the file cannot be read: %s", strerror(errno));
	(void)close(fd);
	return result;
}

/*
 * Start COMMAND with its output to the pipe END, in its own session. Then the whole group can be
 * killed, and a program that reads a password from the terminal fails at once instead of being
 * stopped. FOLDER: where it runs; NULL: here. Returns 0 or a negative errno.
 */
static int command_start(const char *command, const char *folder, int end, pid_t *pid)
{
	char *arguments[] = {"sh", "-c", NULL, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	char *copy = strdup(command);
	int error;

	if (!copy)
		return -ENOMEM;
	arguments[2] = copy;
	error = posix_spawn_file_actions_init(&actions);
	if (error)
		goto out_copy;
	error = posix_spawnattr_init(&attributes);
	if (error)
		goto out_actions;
	(void)sigemptyset(&set);
	error = posix_spawnattr_setsigmask(&attributes, &set);
	(void)sigaddset(&set, SIGPIPE);
	if (!error)
		error = posix_spawnattr_setsigdefault(&attributes, &set);
	if (!error)
		error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID |
								  POSIX_SPAWN_SETSIGMASK |
								  POSIX_SPAWN_SETSIGDEF);
	/* in this order: END may be descriptor 0 if this process was started without stdin */
	if (!error)
		error = posix_spawn_file_actions_adddup2(&actions, end, STDOUT_FILENO);
	if (!error)
		error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
							 O_RDONLY, 0);
	if (!error && folder)
		error = posix_spawn_file_actions_addchdir_np(&actions, folder);
	if (!error)
		error = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environ);
	(void)posix_spawnattr_destroy(&attributes);
out_actions:
	(void)posix_spawn_file_actions_destroy(&actions);
out_copy:
	explicit_bzero(copy, strlen(copy));
	free(copy);
	return -error;
}

/*
 * Read the first line from FD until the process PID ends. Do not wait for the end of the output,
 * because a background process of the command may keep it open. Returns 0 and the wait status in
 * *STATUS, or a negative errno; -ETIMEDOUT: it was killed.
 */
static int command_wait(pid_t pid, int fd, struct line *line, int *status)
{
	int64_t deadline = clock_milliseconds() + COMMAND_SECONDS * INT64_C(1000);
	bool open = true;
	pid_t ended;

	while ((ended = waitpid(pid, status, WNOHANG)) == 0) {
		struct pollfd wait = {.fd = open ? fd : -1, .events = POLLIN};

		if (stopping || clock_milliseconds() >= deadline) {
			(void)kill(-pid, SIGKILL);
			(void)waitpid(pid, status, 0);
			return stopping ? -ECANCELED : -ETIMEDOUT;
		}
		if (poll(&wait, 1, open ? COMMAND_LOOK_MS : 1) > 0)
			open = line_read(fd, line) != 0;
	}
	if (ended < 0)
		return -errno;
	while (open && !line->whole && !line->too_long)
		open = line_read(fd, line) > 0;
	return 0;
}

static int read_command(const struct words *why, const char *command, const char *folder,
			struct line *line)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	struct sigaction before;
	int ends[2];
	int status = 0;
	int result;
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return secret_fail(why, errno, "cannot create a pipe for the command: %s",
				   strerror(errno));
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	/* if SIGCHLD was inherited as ignored, waitpid could not tell how the command ended */
	(void)sigaction(SIGCHLD, &standard, &before);
	result = command_start(command, folder, ends[1], &pid);
	(void)close(ends[1]);
	if (result) {
		(void)secret_fail(why, -result, "the command cannot be started: %s",
				  strerror(-result));
		goto out;
	}
	result = command_wait(pid, ends[0], line, &status);
	if (result == -ETIMEDOUT)
		(void)secret_fail(why, ETIMEDOUT, "the command did not end within %d seconds",
				  COMMAND_SECONDS);
	else if (result)
		(void)secret_fail(why, -result, "the command was lost: %s", strerror(-result));
	else if (WIFSIGNALED(status))
		result = secret_fail(why, EINVAL, "the command was killed by signal %d",
				     WTERMSIG(status));
	else if (WEXITSTATUS(status) == SHELL_NOT_FOUND)
		result =
		    secret_fail(why, EINVAL,
				"the command ended with exit status %d: a program was not found",
				WEXITSTATUS(status));
	else if (WEXITSTATUS(status) != 0)
		result = secret_fail(why, EINVAL, "the command ended with exit status %d",
				     WEXITSTATUS(status));
out:
	(void)sigaction(SIGCHLD, &before, NULL);
	(void)close(ends[0]);
	return result;
}

int secret_read(enum secret_source source, const char *where, char **secret, char *why,
		size_t why_size)
{
	const struct words words = {why, why_size};
	struct line line = {.length = 0};
	const char *value;
	int result = -EINVAL;

	switch (source) {
	case SECRET_GIVEN:
		return secret_take(&words, where, strlen(where), secret);
	case SECRET_ENV:
		value = getenv(where);
		if (!value)
			return secret_fail(&words, ENOENT, "there is no such environment variable");
		return secret_take(&words, value, strlen(value), secret);
	case SECRET_FILE:
		result = read_file(&words, where, &line);
		break;
	case SECRET_COMMAND:
		result = read_command(&words, where, NULL, &line);
		break;
	}
	if (result == 0)
		result = take_line(&words, &line, secret);
	explicit_bzero(&line, sizeof(line));
	return result;
}

int secret_run(const char *command, const char *folder, char **secret, char *why, size_t why_size)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const struct words words = {why, why_size};
	struct line line = {.length = 0};
	int result;

	/* read_command changes what SIGCHLD does meanwhile */
	pthread_mutex_lock(&lock);
	result = read_command(&words, command, folder, &line);
	pthread_mutex_unlock(&lock);
	if (result == 0)
		result = take_line(&words, &line, secret);
	explicit_bzero(&line, sizeof(line));
	return result;
}

void secret_stop(void)
{
	stopping = true;
}

void secret_free(char *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret, strlen(secret));
	free(secret);
}
