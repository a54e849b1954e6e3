/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored_file.c - see stored_file.h.
 */
#include "cache/history/stored_file.h"

#include "vendors/base/write_all.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void stored_file_remove_all(int directory, const char *name)
{
	int below = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *list = below >= 0 ? fdopendir(below) : NULL;
	struct dirent *entry;

	while (list && (entry = readdir(list))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(below, entry->d_name, 0);
	}
	if (list)
		closedir(list);
	else if (below >= 0)
		close(below);
	unlinkat(directory, name, AT_REMOVEDIR);
}

int stored_file_put(int directory, const struct stored_file *made)
{
	int file = openat(directory, made->name,
			  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error;

	if (file < 0)
		return -errno;
	error = write_all(file, made->text, made->length, NULL);
	if (!error && fsync(file))
		error = -errno;
	if (close(file) && !error)
		error = -errno;
	return error;
}

/* Read FILE, which has SIZE bytes, into *TEXT. Returns 0 or a negative errno. */
static int take_text(int file, size_t size, char **text)
{
	char *made = malloc(size + 1);
	size_t length = 0;
	ssize_t count = 1;

	while (made && length < size && count > 0) {
		count = read(file, made + length, size - length);
		if (count < 0 && errno == EINTR)
			count = 1;
		else if (count > 0)
			length += (size_t)count;
	}
	if (!made || length < size) {
		free(made);
		return made ? -EIO : -ENOMEM;
	}
	made[size] = '\0';
	*text = made;
	return 0;
}

int stored_file_read(int directory, const char *path, size_t max, char **text, size_t *length)
{
	struct stat info;
	int file = openat(directory, path,
			  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	int error = 0;

	if (file < 0)
		return -errno;
	if (fstat(file, &info))
		error = -errno;
	else if (!S_ISREG(info.st_mode))
		error = -EINVAL;
	else if (info.st_size > (off_t)max)
		error = -EFBIG;
	else
		error = take_text(file, (size_t)info.st_size, text);
	close(file);
	if (!error)
		*length = (size_t)info.st_size;
	return error;
}
