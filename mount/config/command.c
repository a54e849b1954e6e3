/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c - see command.h.
 *
 * It must not know what the secret is used for.
 */
#include "mount/config/command.h"

#include "mount/config/complaint.h"
#include "vendors/base/clock.h"
#include "vendors/base/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_SECONDS 30
/* exit statuses of sh */
#define SHELL_CANNOT_RUN 126
#define SHELL_NOT_FOUND 127
/* interval of checks whether a command has ended that keeps its output open */
#define COMMAND_LOOK_MS 20

/* A command that runs, and what is read of it. */
struct command {
	pid_t pid;
	int output, errors; /* the ends of pipes; -1: closed */
	struct first_line *line;
	struct complaint complaint;
};

static atomic_bool stopping; /* no command may go on */

/* Make a pipe whose end for reading, *TAKES, does not block. Both ends are above the standard
 * descriptors, which the child replaces. Returns 0 or a negative errno. */
static int make_pipe(int *takes, int *gives)
{
	int ends[2], error = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*takes = fcntl(ends[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	*gives = fcntl(ends[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (*takes < 0 || *gives < 0 || fcntl(*takes, F_SETFL, O_NONBLOCK))
		error = -errno;
	(void)close(ends[0]);
	(void)close(ends[1]);
	return error;
}

static void close_end(int *end)
{
	if (*end >= 0)
		(void)close(*end);
	*end = -1;
}

/* Let the child have OUTPUT and ERRORS, an empty input, and run in FOLDER (NULL: here). Returns 0
 * or an errno. */
static int set_files(posix_spawn_file_actions_t *actions, int output, int errors,
		     const char *folder)
{
	int error = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);

	if (!error)
		error = posix_spawn_file_actions_adddup2(actions, errors, STDERR_FILENO);
	if (!error)
		error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null",
							 O_RDONLY, 0);
	if (!error && folder)
		error = posix_spawn_file_actions_addchdir_np(actions, folder);
	return error;
}

/*
 * Start COMMAND with OUTPUT and ERRORS, in its own session. Then the whole group can be killed, and
 * a program that reads a password from the terminal fails at once instead of being stopped. FOLDER:
 * where it runs; NULL: here. Returns 0 or a negative errno.
 */
static int command_start(const char *command, const char *folder, int output, int errors,
			 pid_t *pid)
{
	char *arguments[] = {"sh", "-c", NULL, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	char *copy = vault_copy(command);
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
	if (!error)
		error = set_files(&actions, output, errors, folder);
	if (!error)
		error = posix_spawn(pid, "/bin/sh", &actions, &attributes, arguments, environ);
	(void)posix_spawnattr_destroy(&attributes);
out_actions:
	(void)posix_spawn_file_actions_destroy(&actions);
out_copy:
	vault_free(copy);
	return -error;
}

/* Read once from each pipe of COMMAND that EVENTS say has something, and close one at its end. */
static void command_take(struct command *command, const struct pollfd events[2])
{
	if (events[0].revents && first_line_read(command->line, command->output) == 0)
		close_end(&command->output);
	if (events[1].revents && complaint_read(&command->complaint, command->errors) == 0)
		close_end(&command->errors);
}

/*
 * Read what COMMAND prints until it ends. Do not wait for the end of the output, because a
 * background process of the command may keep it open. Returns 0 and the wait status in *STATUS, or
 * a negative errno; -ETIMEDOUT: it was killed.
 */
static int command_wait(struct command *command, int *status)
{
	int64_t deadline = clock_milliseconds() + COMMAND_SECONDS * INT64_C(1000);
	struct first_line *line = command->line;
	pid_t ended;

	while ((ended = waitpid(command->pid, status, WNOHANG)) == 0) {
		struct pollfd events[2] = {{.fd = command->output, .events = POLLIN},
					   {.fd = command->errors, .events = POLLIN}};
		bool open = command->output >= 0 || command->errors >= 0;

		if (stopping || clock_milliseconds() >= deadline) {
			(void)kill(-command->pid, SIGKILL);
			(void)waitpid(command->pid, status, 0);
			return stopping ? -ECANCELED : -ETIMEDOUT;
		}
		if (poll(events, 2, open ? COMMAND_LOOK_MS : 1) > 0)
			command_take(command, events);
	}
	if (ended < 0)
		return -errno;
	while (command->output >= 0 && !line->whole && !line->too_long &&
	       first_line_read(line, command->output) > 0)
		;
	while (command->errors >= 0 && command->complaint.length < COMPLAINT_MAX &&
	       complaint_read(&command->complaint, command->errors) > 0)
		;
	return 0;
}

/* Put into WHY how COMMAND, which is TEXT, has ended: RESULT of command_wait, STATUS. Returns 0 or
 * a negative errno. */
static int command_judge(struct command *command, const char *text, int result, int status,
			 char *why, size_t size)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	if (result == -ETIMEDOUT)
		(void)snprintf(why, size, "the command did not end within %d seconds",
			       COMMAND_SECONDS);
	else if (result)
		(void)snprintf(why, size, "the command was lost: %s", strerror(-result));
	else if (WIFSIGNALED(status))
		(void)snprintf(why, size, "the command was killed by signal %d", WTERMSIG(status));
	else if (code == SHELL_NOT_FOUND)
		(void)snprintf(why, size,
			       "the command ended with exit status %d: a program was not found; if "
			       "this is the secret itself, take _command from the key",
			       code);
	else if (code == SHELL_CANNOT_RUN)
		(void)snprintf(why, size,
			       "the command ended with exit status %d: a program cannot be "
			       "executed; if this is the secret itself, take _command from the key",
			       code);
	else if (code)
		(void)snprintf(why, size, "the command ended with exit status %d%s", code,
			       complaint_words(&command->complaint, text, command->line->text));
	else
		return 0;
	return result ? result : -EINVAL;
}

/* As command_run, while no other command runs. */
static int run_alone(const char *text, const char *folder, struct first_line *line, char *why,
		     size_t size)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	struct sigaction before;
	struct command command = {.output = -1, .errors = -1, .line = line};
	int output = -1, errors = -1, status = 0;
	int result = make_pipe(&command.output, &output);

	if (!result)
		result = make_pipe(&command.errors, &errors);
	if (result) {
		(void)snprintf(why, size, "cannot create a pipe for the command: %s",
			       strerror(-result));
		goto out;
	}
	/* if SIGCHLD was inherited as ignored, waitpid could not tell how the command ended */
	(void)sigaction(SIGCHLD, &standard, &before);
	result = command_start(text, folder, output, errors, &command.pid);
	close_end(&output);
	close_end(&errors);
	if (result) {
		(void)snprintf(why, size, "the command cannot be started: %s", strerror(-result));
	} else {
		result = command_wait(&command, &status);
		result = command_judge(&command, text, result, status, why, size);
	}
	(void)sigaction(SIGCHLD, &before, NULL);
out:
	close_end(&output);
	close_end(&errors);
	close_end(&command.output);
	close_end(&command.errors);
	explicit_bzero(&command.complaint, sizeof(command.complaint));
	return result;
}

int command_run(const char *command, const char *folder, struct first_line *line, char *why,
		size_t size)
{
	/* SIGCHLD does something else meanwhile */
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	int result;

	pthread_mutex_lock(&lock);
	result = run_alone(command, folder, line, why, size);
	pthread_mutex_unlock(&lock);
	return result;
}

void command_stop(void)
{
	stopping = true;
}
