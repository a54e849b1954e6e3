/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.c - see place.h.
 */
#include "mount/init/place.h"

#include "mount/init/ask.h"
#include "mount/init/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int place_parent(const char *path, char parent[PATH_MAX])
{
	int error;

	(void)snprintf(parent, PATH_MAX, "%s", path);
	do {
		char *slash = strrchr(parent, '/');

		if (slash == parent)
			slash++;
		*slash = '\0';
		error = access(parent, W_OK | X_OK) ? -errno : 0;
	} while (error == -ENOENT && parent[1]);
	return error;
}

static bool has_files(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	bool full = false;

	while (folder && !full && (entry = readdir(folder)))
		full = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	if (folder)
		(void)closedir(folder);
	return full;
}

/* Return true if PATH, which is not there, can be made. Prints why not. */
static bool may_make(const char *path)
{
	char parent[PATH_MAX];
	int error = place_parent(path, parent);

	if (error)
		printf("  %s cannot be made: %s: %s; choose a directory below your home, or make "
		       "this one yours as root\n",
		       path, parent, strerror(-error));
	return !error;
}

/* Return true if PATH can be a mount point, or can become one. Prints why not. */
static bool may_mount(place_find *find, const char *path)
{
	char real[PATH_MAX], why[2 * PATH_MAX];
	struct stat status;

	if (stat(path, &status) && errno == ENOENT)
		return may_make(path);
	if (find(path, true, real, why, sizeof(why))) {
		printf("  %s\n", why);
		return false;
	}
	if (!has_files(path))
		return true;
	printf("  %s has files: choose an empty directory, or one that does not exist yet\n", path);
	return false;
}

/* Write WORD to PATH: absolute, without ~/. PATH is "" if it is too long. */
static void complete(const char *word, char path[PATH_MAX])
{
	const char *home = getenv("HOME");
	char here[PATH_MAX / 2];
	int length;

	if (*word == '~' && (word[1] == '/' || !word[1]) && home)
		length = snprintf(path, PATH_MAX, "%s%s", home, word + 1);
	else if (*word != '/' && getcwd(here, sizeof(here)))
		length = snprintf(path, PATH_MAX, "%s/%s", here, word);
	else
		length = snprintf(path, PATH_MAX, "%s", word);
	if (length >= PATH_MAX)
		path[0] = '\0';
}

bool place_ask(place_find *find, char path[PATH_MAX])
{
	const char *home = getenv("HOME");
	char usual[PATH_MAX];
	bool good = false;

	(void)snprintf(usual, sizeof(usual), "%s/roster", home && *home == '/' ? home : "");
	puts(
	    "\nmount point: the directory that shows the vendors; it is made if it does not exist");
	while (!good) {
		char *answer;

		if (!ask_line("mount point", usual, &answer))
			return false;
		complete(answer, path);
		good = path[0] && may_mount(find, path);
		free(answer);
	}
	return true;
}

int place_make(const char *path)
{
	char below[PATH_MAX + 2];

	(void)snprintf(below, sizeof(below), "%s/x", path);
	return store_folder(below);
}
