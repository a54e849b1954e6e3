/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountpoint.c - see mountpoint.h.
 */
#include "mount/mountpoint.h"

#include <errno.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Return true if the topmost mount at PATH is rosterfs. */
static bool is_mounted(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char line[8 * PATH_MAX];
	struct mntent entry;
	bool found = false;

	if (!mounts)
		return false;
	while (getmntent_r(mounts, &entry, line, sizeof(line))) {
		if (strcmp(entry.mnt_dir, path) == 0)
			found = strcmp(entry.mnt_type, "fuse.rosterfs") == 0;
	}
	endmntent(mounts);
	return found;
}

int mountpoint_find(const char *path, char real[PATH_MAX], char *why, size_t why_size)
{
	struct stat status = {0};
	struct statvfs filesystem;
	bool there = realpath(path, real);
	int error = 0;

	/* of a stale mount the kernel may still know the attributes, but not statvfs */
	if (!there || stat(real, &status) || statvfs(real, &filesystem))
		error = errno;
	/* another user's mount, whose statvfs fails, must be recognized too */
	if (there && error != ENOTCONN && is_mounted(real)) {
		(void)snprintf(why, why_size,
			       "%s: rosterfs is mounted here already; run fusermount3 -u %s first",
			       path, path);
		return -EBUSY;
	}
	if (error == ENOTCONN)
		(void)snprintf(why, why_size, "%s: stale mount: run fusermount3 -u first", path);
	else if (error)
		(void)snprintf(why, why_size, "%s: %s; create the directory first", path,
			       strerror(error));
	if (error)
		return -error;
	if (S_ISDIR(status.st_mode))
		return 0;
	(void)snprintf(why, why_size, "%s: not a directory", path);
	return -ENOTDIR;
}
