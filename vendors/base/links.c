/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links.c - see links.h.
 *
 * Each name is opened without following a link, and what was opened is checked, so that nobody can
 * put a link in the place of something else meanwhile.
 */
#include "vendors/base/links.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel */

/* Where a walk is. */
struct walk {
	int folder;
	char rest[PATH_MAX]; /* what is still to be followed from there */
	unsigned links;
};

static int links_open_folder(const char *path)
{
	int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return folder < 0 ? -errno : folder;
}

/* Go on with the target of the link that LINK has open, and then with MORE. Returns 0 or a negative
 * errno. */
static int links_enter(struct walk *walk, int link, uid_t owner, const char *more)
{
	char target[PATH_MAX], joined[PATH_MAX];
	ssize_t length;
	int root;

	if (owner != 0 && owner != geteuid())
		return -EPERM;
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	length = readlinkat(link, "", target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	length = snprintf(joined, sizeof(joined), "%s%s%s", target, *more ? "/" : "", more);
	if (length < 0 || (size_t)length >= sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(walk->rest, joined, (size_t)length + 1);
	if (*target != '/')
		return 0;
	root = links_open_folder("/");
	if (root < 0)
		return root;
	(void)close(walk->folder);
	walk->folder = root;
	return 0;
}

/* Follow one name of WALK. Returns 1 if it is the last one, which is in NAME, 0 if there are more,
 * or a negative errno. */
static int links_step(struct walk *walk, char name[NAME_MAX + 1])
{
	const char *at = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(at, "/");
	const char *more = at + length + strspn(at + length, "/");
	struct stat status;
	int next, error = 0;

	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	(void)snprintf(name, NAME_MAX + 1, "%.*s", length ? (int)length : 1, length ? at : ".");
	next = openat(walk->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return errno == ENOENT && !*more ? 1 : -errno;
	if (fstat(next, &status))
		error = -errno;
	else if (S_ISLNK(status.st_mode))
		error = links_enter(walk, next, status.st_uid, more);
	else if (!*more)
		error = 1;
	if (error || S_ISLNK(status.st_mode)) {
		(void)close(next);
		return error;
	}
	(void)close(walk->folder);
	walk->folder = next;
	memmove(walk->rest, more, strlen(more) + 1);
	return 0;
}

int links_follow(const char *path, char name[NAME_MAX + 1])
{
	struct walk walk = {.folder = -1};
	int result = 0;

	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	(void)snprintf(walk.rest, sizeof(walk.rest), "%s", path);
	walk.folder = links_open_folder(*path == '/' ? "/" : ".");
	if (walk.folder < 0)
		return walk.folder;
	while (!result)
		result = links_step(&walk, name);
	if (result < 0)
		(void)close(walk.folder);
	return result < 0 ? result : walk.folder;
}
