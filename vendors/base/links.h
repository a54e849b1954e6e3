/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links.h - a path whose symbolic links are root's or this user's own.
 *
 * In a directory such as /tmp, another user can put a link where a file will be created, so that
 * something else is written to.
 */
#ifndef ROSTERFS_LINKS_H
#define ROSTERFS_LINKS_H

#include <limits.h>

/*
 * Follow PATH to the directory of the file that it leads to, which may be missing. Returns a
 * descriptor of that directory, for openat with O_NOFOLLOW, and the file's name in it in NAME; or a
 * negative errno; -EPERM: another user owns a symbolic link on the way, also one to a directory.
 * Waits for the disk only.
 */
int links_follow(const char *path, char name[NAME_MAX + 1]);

#endif
