/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountpoint.c - see mountpoint.h.
 */
#include "mount/mountpoint.h"

#include "mount/options.h"
#include "vendors/base/shell_word.h"

#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define STALE_MAX 16 /* stale mounts over each other that are cleaned */

/* A directory to mount at, and where the words of an error go. */
struct place {
	const char *path; /* as it was given */
	const char *word; /* the same in a shell command */
	const char *real;
	char *why;
	size_t why_size;
};

static int mountpoint_fail(const struct place *place, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int mountpoint_fail(const struct place *place, int error, const char *format, ...)
{
	int length = snprintf(place->why, place->why_size, "%s: ", place->path);
	va_list arguments;

	va_start(arguments, format);
	if (length > 0 && (size_t)length < place->why_size)
		(void)vsnprintf(place->why + length, place->why_size - (size_t)length, format,
				arguments);
	va_end(arguments);
	return -error;
}

/* The topmost mount at a path. */
struct topmost {
	bool rosterfs, autofs;
	long user;   /* who mounted it, or -1 */
	bool within; /* the path is a part of a rosterfs, whose mount point may be above it */
};

static struct topmost find_topmost(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char line[8 * PATH_MAX];
	struct topmost topmost = {.user = -1};
	struct mntent entry;
	size_t longest = 0;

	while (mounts && getmntent_r(mounts, &entry, line, sizeof(line))) {
		const char *user = hasmntopt(&entry, "user_id");
		size_t length = strlen(entry.mnt_dir);

		if (length < longest || strncmp(entry.mnt_dir, path, length) != 0 ||
		    (path[length] && path[length] != '/' && strcmp(entry.mnt_dir, "/") != 0))
			continue;
		longest = length;
		topmost.within = strcmp(entry.mnt_type, "fuse.rosterfs") == 0;
		if (path[length])
			continue;
		topmost.rosterfs = topmost.within;
		topmost.autofs = strcmp(entry.mnt_type, "autofs") == 0;
		topmost.user = user && strchr(user, '=') ? strtol(strchr(user, '=') + 1, NULL, 10)
							 : -1;
	}
	if (mounts)
		endmntent(mounts);
	return topmost;
}

/* Refuse a directory where rosterfs is mounted, or was until it was killed (STALE). */
static int fail_mounted(const struct place *place, const struct topmost *topmost, bool stale)
{
	bool root = geteuid() == 0;
	const char *state = stale ? "stale mount of a rosterfs that was killed"
				  : "rosterfs is mounted here already";

	if (!root && topmost->user >= 0 && topmost->user != (long)getuid())
		return mountpoint_fail(place, stale ? ENOTCONN : EBUSY,
				       "%s, by another user (uid %ld); use another directory",
				       state, topmost->user);
	if (stale)
		return mountpoint_fail(place, ENOTCONN,
				       "%s; run fusermount3 -u -z %s first, or mount with "
				       "-o clean_stale, which does it",
				       state, place->word);
	return mountpoint_fail(place, EBUSY, "%s; run fusermount3 -u %s first", state, place->word);
}

/* Refuse a path that cannot be looked at because of ERROR. */
static int fail_lookup(const struct place *place, int error)
{

	if (error == ENOENT && place->path[0] == '~')
		return mountpoint_fail(
		    place, error,
		    "there is no such directory: ~ means a home directory only to "
		    "a shell, and not in quotes; write the whole path");
	if (error == ENOENT)
		return mountpoint_fail(place, error, "%s; create the directory first: mkdir -p %s",
				       strerror(error), place->word);
	return mountpoint_fail(place, error, "%s; use a directory of your own", strerror(error));
}

/* Refuse a directory with files, which nobody could see while rosterfs is mounted. */
static int check_empty(const struct place *place)
{
	DIR *directory = opendir(place->real);
	const struct dirent *entry;
	bool empty = true;

	/* one that cannot be read is not known to have any */
	while (directory && empty && (entry = readdir(directory)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (directory)
		(void)closedir(directory);
	return empty
		   ? 0
		   : mountpoint_fail(place, ENOTEMPTY,
				     "the directory is not empty, and the mount would hide what is "
				     "in it; use an empty directory, or -o nonempty");
}

/* Check what fusermount3 demands of a user other than root. */
static int check_owner(const struct place *place, const struct stat *status)
{
	uid_t user = getuid();
	bool own = status->st_uid == user;

	if (geteuid() == 0 ||
	    (access(place->real, W_OK) == 0 && (own || !(status->st_mode & S_ISVTX))))
		return 0;
	if (own)
		return mountpoint_fail(
		    place, EACCES,
		    "you have no write access to the directory; run chmod u+w %s "
		    "first",
		    place->word);
	return mountpoint_fail(
	    place, EACCES,
	    "you have no write access to the directory, or it belongs to another "
	    "user (uid %lu) and is sticky; use a directory of your own, or run "
	    "chown %lu %s as root",
	    (unsigned long)status->st_uid, (unsigned long)user, place->word);
}

/* Look at PLACE. Returns 0 and its *STATUS, or the errno that this fails with: ENOTCONN if the
 * mount there is stale. */
static int look(const struct place *place, struct stat *status)
{
	struct statvfs filesystem;

	/* of a stale mount the kernel may still know the attributes, but not statvfs */
	return stat(place->real, status) || statvfs(place->real, &filesystem) ? errno : 0;
}

/* Check PLACE. ERROR: it has no real path because of that. */
static int check(const struct place *place, int error, bool nonempty)
{
	struct stat status = {0};
	struct topmost topmost = {.user = -1};

	if (!error || error == ENOTCONN)
		topmost = find_topmost(place->real);
	if (!error)
		error = look(place, &status);
	/* another user's mount, whose statvfs fails, must be recognized too */
	if (topmost.rosterfs || error == ENOTCONN)
		return fail_mounted(place, &topmost, error == ENOTCONN);
	if (error)
		return fail_lookup(place, error);
	if (!S_ISDIR(status.st_mode))
		return mountpoint_fail(place, ENOTDIR,
				       "not a directory: MOUNTPOINT must be an empty directory");
	if (topmost.within)
		return mountpoint_fail(place, EBUSY,
				       "the directory is part of a mount of rosterfs; use one "
				       "elsewhere");
	error = check_owner(place, &status);
	/* to list an automount point would mount it */
	return error || nonempty || topmost.autofs ? error : check_empty(place);
}

/* Put the real path of PATH into REAL. Returns 0 or an errno; with ENOTCONN, of a stale mount, REAL
 * is its path all the same. */
static int resolve(const char *path, char real[PATH_MAX])
{
	size_t length = strlen(path);
	const char *name;
	char *folder;
	int error;

	if (realpath(path, real))
		return 0;
	error = errno;
	if (error != ENOTCONN)
		return error;
	while (length > 1 && path[length - 1] == '/')
		length--;
	name = memrchr(path, '/', length);
	name = name ? name + 1 : path;
	folder = name == path ? strdup(".") : strndup(path, (size_t)(name - path));
	if (!folder || !realpath(folder, real) ||
	    strlen(real) + 1 + (size_t)(path + length - name) >= PATH_MAX) {
		free(folder);
		return EINVAL;
	}
	free(folder);
	(void)snprintf(real + strlen(real), PATH_MAX - strlen(real), "%s%.*s",
		       strcmp(real, "/") == 0 ? "" : "/", (int)(path + length - name), name);
	return error;
}

/* Run fusermount3 to unmount PATH at once. Returns 0 or a negative errno. */
static int run_fusermount(const char *path)
{
	char *copy = strdup(path);
	char *arguments[] = {(char[]){"fusermount3"}, (char[]){"-u"}, (char[]){"-z"},
			     (char[]){"--"},          copy,           NULL};
	int status = 0, error;
	pid_t pid;

	if (!copy)
		return -ENOMEM;
	error = posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environ);
	free(copy);
	if (error)
		return -error;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

/* Unmount what is at PLACE if a rosterfs that was killed has left it there. Returns 1 if something
 * was unmounted, 0 if there was nothing to unmount, or a negative errno with words. */
static int clean(const struct place *place, int error)
{
	struct topmost topmost;
	struct stat status;

	if (!error)
		error = look(place, &status);
	topmost = error == ENOTCONN ? find_topmost(place->real) : (struct topmost){.user = -1};
	if (!topmost.rosterfs)
		return 0;
	error = geteuid() == 0 ? umount2(place->real, MNT_DETACH | UMOUNT_NOFOLLOW) ? -errno : 0
			       : run_fusermount(place->real);
	if (!error)
		return 1;
	return mountpoint_fail(place, -error,
			       "stale mount of a rosterfs that was killed, which -o clean_stale "
			       "cannot unmount: %s; run fusermount3 -u -z %s first",
			       strerror(-error), place->word);
}

int mountpoint_find(const struct options *options, char real[PATH_MAX], char *why, size_t why_size)
{
	char *word = shell_word(options->mountpoint);
	const struct place place = {options->mountpoint, word ? word : options->mountpoint, real,
				    why, why_size};
	int error = resolve(place.path, real);
	int result = options->clean_stale;

	for (int turn = 0; turn < STALE_MAX && result > 0; turn++) {
		result = clean(&place, error);
		if (result > 0)
			error = resolve(place.path, real);
	}
	if (result >= 0)
		result = check(&place, error, options->nonempty);
	free(word);
	return result;
}
