/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountpoint.c - see mountpoint.h.
 */
#include "mount/mountpoint.h"

#include "vendors/base/shell_word.h"

#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

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
	long user; /* who mounted it, or -1 */
};

static struct topmost find_topmost(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char line[8 * PATH_MAX];
	struct topmost topmost = {.user = -1};
	struct mntent entry;

	while (mounts && getmntent_r(mounts, &entry, line, sizeof(line))) {
		const char *user = hasmntopt(&entry, "user_id");

		if (strcmp(entry.mnt_dir, path) != 0)
			continue;
		topmost.rosterfs = strcmp(entry.mnt_type, "fuse.rosterfs") == 0;
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
	return mountpoint_fail(place, stale ? ENOTCONN : EBUSY, "%s; run fusermount3 -u %s first",
			       state, place->word);
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

/* Check PLACE, whose real path is REAL if it is THERE. */
static int check(const struct place *place, bool there, bool nonempty)
{
	struct stat status = {0};
	struct statvfs filesystem;
	struct topmost topmost = {.user = -1};
	int error = there ? 0 : errno;

	/* of a stale mount the kernel may still know the attributes, but not statvfs */
	if (there && (stat(place->real, &status) || statvfs(place->real, &filesystem)))
		error = errno;
	if (there)
		topmost = find_topmost(place->real);
	/* another user's mount, whose statvfs fails, must be recognized too */
	if (topmost.rosterfs || error == ENOTCONN)
		return fail_mounted(place, &topmost, error == ENOTCONN);
	if (error)
		return fail_lookup(place, error);
	if (!S_ISDIR(status.st_mode))
		return mountpoint_fail(place, ENOTDIR,
				       "not a directory: MOUNTPOINT must be an empty directory");
	error = check_owner(place, &status);
	/* to list an automount point would mount it */
	return error || nonempty || topmost.autofs ? error : check_empty(place);
}

int mountpoint_find(const char *path, bool nonempty, char real[PATH_MAX], char *why,
		    size_t why_size)
{
	char *word = shell_word(path);
	const struct place place = {path, word ? word : path, real, why, why_size};
	int result = check(&place, realpath(path, real), nonempty);

	free(word);
	return result;
}
