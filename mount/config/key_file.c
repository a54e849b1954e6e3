/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_file.c - see key_file.h.
 */
#include "mount/config/key_file.h"

#include "vendors/base/trusted.h"
#include "vendors/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static int key_file_fail(char *why, size_t why_size, const char *file, int error, const char *words)
{
	(void)snprintf(why, why_size, "%s: %s", file, words);
	return -error;
}

/* Check the length of FILE, which has STATUS. */
static int key_file_check(const char *file, const struct stat *status, char *why, size_t why_size)
{
	char words[128];

	if (status->st_size == KEY_FILE_BYTES)
		return 0;
	(void)snprintf(words, sizeof(words),
		       "it has %lld bytes and must have %d; rosterfs --new-key FILE makes one",
		       (long long)status->st_size, KEY_FILE_BYTES);
	return key_file_fail(why, why_size, file, EINVAL, words);
}

static bool key_file_is_zero(const uint8_t key[KEY_FILE_BYTES])
{
	uint8_t any = 0;

	for (size_t i = 0; i < KEY_FILE_BYTES; i++)
		any |= key[i];
	return !any;
}

int key_file_read(const char *file, uint8_t key[KEY_FILE_BYTES], char *why, size_t why_size)
{
	char words[TRUSTED_WORDS];
	struct stat status;
	int fd = trusted_open(file, TRUSTED_SECRET, &status, words), error;
	size_t have = 0;
	ssize_t count = 1;

	if (fd < 0) {
		(void)snprintf(why, why_size, "%s: %s%s", file, words,
			       fd == -ENOENT ? "; rosterfs --new-key FILE makes one, for all hosts"
					     : "");
		return fd == -EISDIR ? -EINVAL : fd;
	}
	error = key_file_check(file, &status, why, why_size);
	while (!error && have < KEY_FILE_BYTES && count) {
		count = read(fd, key + have, KEY_FILE_BYTES - have);
		if (count < 0 && errno != EINTR)
			error = key_file_fail(why, why_size, file, errno, strerror(errno));
		have += count > 0 ? (size_t)count : 0;
	}
	if (!error && have < KEY_FILE_BYTES)
		error = key_file_fail(why, why_size, file, EINVAL, "it became shorter meanwhile");
	if (!error && key_file_is_zero(key))
		error = key_file_fail(why, why_size, file, EINVAL,
				      "all its bytes are 0, which is no secret; rosterfs --new-key "
				      "FILE makes a key");
	(void)close(fd);
	return error;
}

/* Fill FD with a new key. Returns 0 or a negative errno. */
static int key_file_fill(int fd)
{
	uint8_t key[KEY_FILE_BYTES];
	/* so few bytes are never fewer, once there are any */
	int error = getrandom(key, sizeof(key), 0) == sizeof(key) ? 0 : -errno;

	if (!error && fchmod(fd, S_IRUSR | S_IWUSR) < 0)
		error = -errno;
	if (!error)
		error = write_all(fd, (const char *)key, sizeof(key), NULL);
	if (!error && fsync(fd) < 0)
		error = -errno;
	explicit_bzero(key, sizeof(key));
	return error;
}

int key_file_create(const char *file, char *why, size_t why_size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		      S_IRUSR | S_IWUSR);
	int error;

	if (fd < 0)
		return key_file_fail(why, why_size, file, errno,
				     errno == EEXIST
					 ? "it exists, and a key that may be in use is not replaced"
					 : strerror(errno));
	error = key_file_fill(fd);
	if (close(fd) < 0 && !error)
		error = -errno;
	if (!error)
		return 0;
	(void)unlink(file);
	return key_file_fail(why, why_size, file, -error, strerror(-error));
}
