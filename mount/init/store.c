/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - see store.h.
 *
 * Each file is created, never opened, so that no link of somebody else is followed; the config
 * appears, or changes, by one rename.
 */
#include "mount/init/store.h"

#include "mount/init/answers.h"
#include "vendors/base/write_all.h"
#include "vendors/ini/file_text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE /* musl has no renameat2 */
#define RENAME_NOREPLACE (1 << 0)
#endif
#define CONFIG_MAX ((size_t)16 << 20)
#define NAMES_MAX 100 /* for one file */

/* ---- folders ---- */

/* Write the folder of PATH to FOLDER, of PATH_MAX bytes. */
static void folder_of(const char *path, char *folder)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		(void)snprintf(folder, PATH_MAX, ".");
	else
		(void)snprintf(folder, PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path),
			       path);
}

int store_folder(const char *path)
{
	char folder[PATH_MAX];

	folder_of(path, folder);
	for (char *at = folder + 1; *folder; at++) {
		char end = *at;

		if (end != '/' && end)
			continue;
		*at = '\0';
		if (mkdir(folder, 0700) && errno != EEXIST)
			return -errno;
		*at = end;
		if (!end)
			break;
	}
	return access(folder, W_OK | X_OK) ? -errno : 0;
}

/* ---- files ---- */

/* Write LENGTH bytes of TEXT to FD, and wait until they are on the disk. Returns 0 or a negative
 * errno. */
static int write_synced(int fd, const char *text, size_t length)
{
	int error = write_all(fd, text, length, NULL);

	return !error && fsync(fd) ? -errno : error;
}

/* Create a file for ANSWER of the section NAME in FOLDER, and set the answer's text to its name.
 * Returns a descriptor or a negative errno. */
static int create_file(const char *folder, const char *name, struct answer *answer)
{
	char file[NAME_MAX + 1], path[PATH_MAX + NAME_MAX + 2];

	for (unsigned i = 1; i < NAMES_MAX; i++) {
		char more[16] = "";
		int fd, length;

		if (i > 1)
			(void)snprintf(more, sizeof(more), ".%u", i);
		length = snprintf(file, sizeof(file), "%.64s.%.64s%s%s", name, answer->key, more,
				  answer->kind == ANSWER_FILE ? ".txt" : "");
		for (int at = 0; at < length; at++) {
			if (!isalnum((unsigned char)file[at]) && !strchr("._-", file[at]))
				file[at] = '-';
		}
		(void)snprintf(path, sizeof(path), "%s/%s", folder, file);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return -errno;
		free(answer->text);
		answer->text = strdup(file);
		if (answer->text)
			return fd;
		(void)close(fd);
		(void)unlink(path);
		return -ENOMEM;
	}
	return -EEXIST;
}

/* Write the file of ANSWER, which is in memory. */
static int write_file(const char *folder, const char *name, struct answer *answer)
{
	char why[TRUSTED_WORDS];
	char *text = NULL;
	size_t length = 0;
	int error = file_text(answers_path(answer), TRUSTED_KIND, CONFIG_MAX, &text, &length, NULL,
			      why);
	int fd = error ? error : create_file(folder, name, answer);

	if (fd < 0)
		error = fd;
	else
		error = write_synced(fd, text, length);
	if (fd >= 0 && close(fd) && !error)
		error = -errno;
	if (text)
		explicit_bzero(text, length);
	free(text);
	return error;
}

/* Remove the files of the COUNT sections at LIST that were written. */
static void remove_files(const char *folder, struct answers *list, size_t count)
{
	char path[PATH_MAX + NAME_MAX + 2];

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < list[i].count; j++) {
			struct answer *answer = &list[i].list[j];

			if (answer->fd < 0 || !*answer->text)
				continue;
			(void)snprintf(path, sizeof(path), "%s/%s", folder, answer->text);
			(void)unlink(path);
			*answer->text = '\0';
		}
	}
}

static int write_files(const char *folder, struct answers *list, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < list[i].count && !error; j++) {
			if (list[i].list[j].fd >= 0)
				error = write_file(folder, list[i].name, &list[i].list[j]);
		}
	}
	return error;
}

/* ---- the config ---- */

/* Return the text of the config: BEFORE (NULL: none), and the COUNT sections at LIST. */
static char *config_text(const char *before, const struct answers *list, size_t count,
			 size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	bool good = out != NULL;

	if (!out)
		return NULL;
	if (before)
		fprintf(out, "%s%s", before,
			*before && before[strlen(before) - 1] != '\n' ? "\n" : "");
	else
		fputs("# rosterfs.conf(5) explains the keys\n", out);
	for (size_t i = 0; i < count; i++) {
		char *section = answers_text(&list[i], false, NULL);

		good = good && section;
		fprintf(out, "\n%s", section ? section : "");
		free(section);
	}
	if (fclose(out) == 0 && good)
		return text;
	free(text);
	return NULL;
}

/* As rename, but fail with EEXIST if there is a file at TO. */
static int rename_new(const char *from, const char *to)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

/* Put TEXT in the place of the file PATH. STATUS is that of the old one; NULL: there must be none.
 */
static int replace(const char *path, const char *text, size_t length, const struct stat *status)
{
	char temporary[PATH_MAX + 8];
	int fd, error;

	(void)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = write_synced(fd, text, length);
	/* only root can give it to another user, and only root needs to */
	if (!error && status && (fchown(fd, status->st_uid, status->st_gid) && geteuid() == 0))
		error = -errno;
	if (!error && status && fchmod(fd, status->st_mode & 0777))
		error = -errno;
	if (close(fd) && !error)
		error = -errno;
	if (!error && status && rename(temporary, path))
		error = -errno;
	if (!error && !status && rename_new(temporary, path))
		error = -errno;
	/* not every file system has that */
	if (error == -EINVAL && !status)
		error = link(temporary, path) ? -errno : unlink(temporary) ? -errno : 0;
	if (error)
		(void)unlink(temporary);
	return error;
}

static int write_config(const char *file, bool add, const struct answers *list, size_t count)
{
	char real[PATH_MAX], why[TRUSTED_WORDS], *before = NULL, *text;
	struct stat status;
	size_t length = 0;
	int error = 0;

	/* a link to the config stays one */
	if (!add)
		(void)snprintf(real, sizeof(real), "%s", file);
	else if (!realpath(file, real))
		return -errno;
	if (add)
		error = file_text(real, TRUSTED_OWNED, CONFIG_MAX, &before, &length, &status, why);
	if (error)
		return error;
	text = config_text(before, list, count, &length);
	error = text ? replace(real, text, length, add ? &status : NULL) : -ENOMEM;
	/* it may have secrets */
	if (before)
		explicit_bzero(before, strlen(before));
	if (text)
		explicit_bzero(text, length);
	free(before);
	free(text);
	return error;
}

int store_write(const char *file, bool add, struct answers *list, size_t count, char *why,
		size_t why_size)
{
	char folder[PATH_MAX];
	int error = store_folder(file);

	folder_of(file, folder);
	if (!error)
		error = write_files(folder, list, count);
	if (!error)
		error = write_config(file, add, list, count);
	if (!error)
		return 0;
	remove_files(folder, list, count);
	(void)snprintf(why, why_size, "%s: cannot be written: %s; nothing was written", file,
		       strerror(-error));
	return error;
}
