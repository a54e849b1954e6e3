/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep.c - see keep.h.
 *
 * A new file is written beside the old one and renamed over it. A symbolic link stays, and what it
 * points to is replaced.
 */
#include "vendors/base/keep.h"

#include "vendors/base/trusted.h"
#include "vendors/base/vault.h"
#include "vendors/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH_MAX ((size_t)64 << 10)

/* Return the path of the file that PATH leads to, which may be missing. The caller frees it. */
static char *real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real || errno != ENOENT ? real : strdup(path);
}

/* Open the folder of PATH. Returns a file descriptor or a negative errno. */
static int open_folder(const char *path)
{
	char *copy = strdup(path);
	int folder = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int error = copy ? errno : ENOMEM;

	free(copy);
	return folder < 0 ? -error : folder;
}

/* Read FILE to its end, into TEXT of SIZE bytes. Returns the length, or a negative errno. */
static ssize_t read_all(int file, char *text, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t count = read(file, text + length, size - length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (!count)
			break;
		length += (size_t)count;
	}
	return (ssize_t)length;
}

int keep_read(const char *path, char **text, char *why)
{
	int file = trusted_open(path, TRUSTED_SECRET, NULL, why);
	char *found;
	ssize_t length;
	int error = 0;

	*text = NULL;
	if (file < 0)
		return file;
	found = calloc(1, LENGTH_MAX + 1);
	if (!found)
		error = -ENOMEM;
	length = error ? 0 : read_all(file, found, LENGTH_MAX);
	if (length < 0)
		error = (int)length;
	(void)close(file);
	if (!error) {
		size_t end = strcspn(found, "\n");

		if (end == LENGTH_MAX || (found[end] != '\n' && end != (size_t)length))
			end = 0;
		while (end && strchr(" \t\r", found[end - 1]))
			end--;
		found[end] = '\0';
		*text = end ? vault_copy(found) : NULL;
		error = *text ? 0 : end ? -ENOMEM : -EINVAL;
	}
	if (found)
		explicit_bzero(found, LENGTH_MAX);
	free(found);
	if (error)
		(void)snprintf(why, TRUSTED_WORDS, "%s",
			       error == -EINVAL ? "its first line is no token" : strerror(-error));
	return error;
}

int keep_check(const char *path)
{
	char *real = real_path(path);
	int error = !real || access(dirname(real), W_OK | X_OK) ? -errno : 0;

	free(real);
	return error;
}

/* Write TEXT and a newline to FILE, and on to the disk. Returns 0 or a negative errno. */
static int write_line(int file, const char *text)
{
	int error = write_all(file, text, strlen(text), NULL);

	if (!error)
		error = write_all(file, "\n", 1, NULL);
	return !error && fsync(file) ? -errno : error;
}

int keep_write(const char *path, const char *text)
{
	char *real = real_path(path), *fresh = NULL;
	int error = 0, file, folder;

	if (!real || asprintf(&fresh, "%s.XXXXXX", real) < 0) {
		free(real);
		return -ENOMEM;
	}
	/* its mode is 0600 */
	file = mkostemp(fresh, O_CLOEXEC);
	if (file < 0) {
		error = -errno;
		goto out;
	}
	error = write_line(file, text);
	if (close(file) && !error)
		error = -errno;
	if (!error && rename(fresh, real))
		error = -errno;
	if (error)
		(void)unlink(fresh);
	folder = error ? -1 : open_folder(real);
	if (folder >= 0) {
		(void)fsync(folder);
		(void)close(folder);
	}
out:
	free(fresh);
	free(real);
	return error;
}

int keep_lock(const char *path)
{
	char *real = real_path(path);
	int folder = real ? open_folder(real) : -errno;

	free(real);
	if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB)) {
		int error = errno;

		(void)close(folder);
		return -error;
	}
	return folder;
}
