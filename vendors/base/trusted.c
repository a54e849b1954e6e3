/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted.c - see trusted.h.
 *
 * With an access control list, the mode's bits of the group are the most that anybody of the list
 * may do, so that the mode tells enough.
 */
#include "vendors/base/trusted.h"

#include "vendors/base/shell_word.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

/* Return what a file of MODE is, which is no regular one. */
static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode)    ? "Is a directory"
	       : S_ISFIFO(mode) ? "it is a FIFO"
	       : S_ISSOCK(mode) ? "it is a socket"
				: "it is a device";
}

/* Write "WORDS; run COMMAND FILE" to WHY. Returns -EPERM. */
static int refuse(const char *words, const char *command, const char *file, char *why)
{
	char *word = shell_word(file);

	(void)snprintf(why, TRUSTED_WORDS, "%s; run %s %s", words, command, word ? word : "on it");
	free(word);
	return -EPERM;
}

static int refuse_kind(const char *file, mode_t mode, char *why)
{
	(void)snprintf(why, TRUSTED_WORDS, "%s, not a regular file: %s", kind_of(mode), file);
	return S_ISDIR(mode) ? -EISDIR : -EINVAL;
}

static int refuse_owner(const char *what, const char *file, uid_t owner, char *why)
{
	char words[128], command[32];

	(void)snprintf(words, sizeof(words),
		       "the %s belongs to another user (uid %ld); it must be yours or root's", what,
		       (long)owner);
	(void)snprintf(command, sizeof(command), "chown %ld", (long)geteuid());
	return refuse(words, command, file, why);
}

/* Check FILE, which has STATUS. Returns as trusted_open. */
static int check(const char *file, enum trusted_rule rule, const struct stat *status, char *why)
{
	mode_t mode = status->st_mode;
	bool reads = rule == TRUSTED_SECRET && mode & (S_IRGRP | S_IROTH);
	bool writes = mode & (S_IWGRP | S_IWOTH);

	if (!S_ISREG(mode))
		return refuse_kind(file, mode, why);
	if (rule == TRUSTED_KIND)
		return 0;
	if (!is_ours(status->st_uid))
		return refuse_owner("file", file, status->st_uid, why);
	if (reads && writes)
		return refuse("group or others can read and write the file", "chmod go-rw", file,
			      why);
	if (writes)
		return refuse("group or others can write the file", "chmod go-w", file, why);
	if (reads)
		return refuse("group or others can read the file", "chmod go-r", file, why);
	return 0;
}

int trusted_open(const char *file, enum trusted_rule rule, struct stat *status, char *why)
{
	/* O_NONBLOCK: the open of a FIFO does not wait for a writer */
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error;
	struct stat found;

	if (fd < 0) {
		error = -errno;
		/* a socket, for instance */
		if (error == -ENXIO && stat(file, &found) == 0 && !S_ISREG(found.st_mode))
			return refuse_kind(file, found.st_mode, why);
		(void)snprintf(why, TRUSTED_WORDS, "%s", strerror(-error));
		return error;
	}
	if (fstat(fd, &found)) {
		error = -errno;
		(void)snprintf(why, TRUSTED_WORDS, "%s", strerror(-error));
	} else {
		error = check(file, rule, &found, why);
	}
	if (error) {
		(void)close(fd);
		return error;
	}
	if (status)
		*status = found;
	return fd;
}

/* Check the directory of PATH, which is changed. */
static int check_folder(char *path, char *why)
{
	const char *folder = dirname(path);
	struct stat status;
	bool others, group;

	if (stat(folder, &status))
		return 0;
	others = status.st_mode & S_IWOTH;
	group = status.st_mode & S_IWGRP && status.st_gid != getegid();
	if (!is_ours(status.st_uid))
		return refuse_owner("directory", folder, status.st_uid, why);
	if (!(others || group) || status.st_mode & S_ISVTX)
		return 0;
	return refuse(others ? "others can write the directory, and replace the file"
			     : "a group can write the directory, and replace the file",
		      others ? "chmod go-w" : "chmod g-w", folder, why);
}

int trusted_folder(const char *file, char *why)
{
	char *named = strdup(file), *real = realpath(file, NULL);
	int error = 0;

	if (!named) {
		(void)snprintf(why, TRUSTED_WORDS, "%s", strerror(ENOMEM));
		error = -ENOMEM;
	}
	if (!error)
		error = check_folder(named, why);
	if (!error && real)
		error = check_folder(real, why);
	free(named);
	free(real);
	return error;
}
