/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.c - see audit.h.
 *
 * Room is secured by fallocate: it allocates blocks after the end of the file, which do not count
 * in its size, and which the next lines fill. If the file system does not support that, the free
 * space is compared instead. A device is tested with an empty write.
 *
 * A thread that has appended waits for an fsync that begins afterwards. The first thread that waits
 * starts it, without the mutex. Threads that append meanwhile share the next one.
 */
#include "cache/history/audit.h"

#include "vendors/base/links.h"
#include "vendors/base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The threads that wait for the same fsync. */
struct audit_batch {
	unsigned threads;
	bool done;
	int error; /* of that fsync */
};

struct audit {
	char *path;
	pthread_mutex_t lock;     /* of what follows */
	pthread_cond_t synced;    /* an fsync has ended */
	struct audit_batch *next; /* for an fsync that has not begun, or NULL */
	bool syncing;             /* a thread syncs the file, which must stay open */
	int file;
	dev_t device; /* with inode: which file that is */
	ino_t inode;
	size_t secured; /* bytes promised and not yet used */
	off_t end;      /* where the last line ends that this mount wrote; 0: not known */
};

/* ---- opening ---- */

/* Sync FOLDER, in which a file is new. Errors are ignored: a file system that cannot sync a
 * directory does not need it. */
static void sync_directory(int folder)
{
	int directory = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory >= 0) {
		(void)fsync(directory);
		close(directory);
	}
}

/* Open the file NAME in FOLDER, or create it if CREATE. Returns a descriptor and what is open, in
 * *INFO, or a negative errno; -EINVAL: lines cannot be appended to it. */
static int open_in(int folder, const char *name, bool create, struct stat *info)
{
	const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW;
	bool is_new = false;
	int file = openat(folder, name, flags | O_RDWR), error = 0;

	/* what cannot be read is written to all the same */
	if (file < 0 && errno != ENOENT)
		file = openat(folder, name, flags | O_WRONLY);
	if (file < 0 && errno == ENOENT && create) {
		file = openat(folder, name, flags | O_RDWR | O_CREAT, 0600);
		is_new = file >= 0;
	}
	/* a FIFO without a reader, or a socket */
	if (file < 0)
		return errno == ENXIO ? -EINVAL : -errno;
	if (fstat(file, info))
		error = -errno;
	else if (!S_ISREG(info->st_mode) && !S_ISCHR(info->st_mode))
		error = -EINVAL;
	if (error) {
		close(file);
		return error;
	}
	if (is_new)
		sync_directory(folder);
	return file;
}

/* As open_in, of the file at PATH. -EPERM: another user's symbolic link leads there. */
static int open_log(const char *path, bool create, struct stat *info)
{
	char name[NAME_MAX + 1];
	int folder = links_follow(path, name), file;

	if (folder < 0)
		return folder;
	file = open_in(folder, name, create, info);
	close(folder);
	return file;
}

/* Return true if another user's symbolic link leads to PATH. */
static bool is_led(const char *path)
{
	char name[NAME_MAX + 1];
	int folder = links_follow(path, name);

	if (folder >= 0)
		close(folder);
	return folder == -EPERM;
}

static int audit_fail(const char *key, const char *path, int error, char *why, size_t why_size)
{
	const char *words = strerror(-error), *more = "";
	struct stat info;

	if (error == -EINVAL && stat(path, &info) == 0)
		more = S_ISFIFO(info.st_mode)   ? ": it is a FIFO"
		       : S_ISSOCK(info.st_mode) ? ": it is a socket"
						: "";
	if (error == -EINVAL)
		words = "not a file that can be appended to";
	else if (error == -EPERM && is_led(path))
		words = "another user's symbolic link leads there; use another directory";
	else if (error == -ENOENT)
		more = "; create its directory first";
	snprintf(why, why_size, "%s %s: %s%s", key, path, words, more);
	return error;
}

int audit_check(const char *key, const char *path, char *why, size_t why_size)
{
	struct stat info;
	char name[NAME_MAX + 1];
	int error = 0, folder, file = open_log(path, false, &info);

	if (file >= 0) {
		close(file);
	} else if (file != -ENOENT) {
		error = file;
	} else {
		folder = links_follow(path, name);
		if (folder < 0)
			error = folder;
		else if (faccessat(folder, ".", W_OK | X_OK, 0))
			error = -errno;
		if (folder >= 0)
			close(folder);
	}
	return error ? audit_fail(key, path, error, why, why_size) : 0;
}

int audit_open(const char *key, const char *path, struct audit **audit, char *why, size_t why_size)
{
	struct stat info = {0};
	struct audit *made = NULL;
	int file = open_log(path, true, &info);

	if (file < 0)
		return audit_fail(key, path, file, why, why_size);
	made = calloc(1, sizeof(*made));
	if (made)
		made->path = strdup(path);
	if (!made || !made->path) {
		free(made);
		close(file);
		snprintf(why, why_size, "no memory");
		return -ENOMEM;
	}
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->synced, NULL);
	made->file = file;
	made->device = info.st_dev;
	made->inode = info.st_ino;
	*audit = made;
	return 0;
}

void audit_free(struct audit *audit)
{
	if (!audit)
		return;
	close(audit->file);
	pthread_cond_destroy(&audit->synced);
	pthread_mutex_destroy(&audit->lock);
	free(audit->path);
	free(audit);
}

const char *audit_path(const struct audit *audit)
{
	return audit->path;
}

/* ---- room ---- */

static int fits_limit(off_t size, size_t more)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	    (uint64_t)size + more > limit.rlim_cur)
		return -EFBIG;
	return 0;
}

/* Secure room for MORE bytes at the end of FILE. Returns 0 or a negative errno. */
static int secure_room(int file, size_t more)
{
	struct stat info;
	struct statvfs free_space;

	if (fstat(file, &info) || write(file, "", 0) < 0)
		return -errno;
	if (!S_ISREG(info.st_mode) || !more)
		return 0;
	if (fits_limit(info.st_size, more))
		return -EFBIG;
	if (fallocate(file, FALLOC_FL_KEEP_SIZE, info.st_size, (off_t)more)) {
		if (errno != EOPNOTSUPP && errno != ENOSYS)
			return -errno;
		if (fstatvfs(file, &free_space))
			return -errno;
		if (free_space.f_flag & ST_RDONLY)
			return -EROFS;
		if (free_space.f_bavail < more / free_space.f_frsize + 1)
			return -ENOSPC;
	}
	return 0;
}

/* ---- another file at the path ---- */

static bool stands_at_path_locked(const struct audit *audit)
{
	struct stat info;

	return stat(audit->path, &info) == 0 && info.st_dev == audit->device &&
	       info.st_ino == audit->inode;
}

/* Continue in the file at the path, which is created if it is missing, and secure there what was
 * promised. Returns 0 or a negative errno. */
static int reopen_locked(struct audit *audit)
{
	struct stat info = {0};
	int error, file;

	file = open_log(audit->path, true, &info);
	if (file < 0)
		return file;
	error = secure_room(file, audit->secured);
	if (error) {
		close(file);
		return error;
	}
	close(audit->file);
	audit->file = file;
	audit->device = info.st_dev;
	audit->inode = info.st_ino;
	audit->end = 0;
	return 0;
}

/* If the path now names another file, or none, continue there. Returns 0 or a negative errno. */
static int follow_path_locked(struct audit *audit)
{
	while (!stands_at_path_locked(audit)) {
		/* sync first what was appended to the old file */
		if (!audit->syncing && !audit->next)
			return reopen_locked(audit);
		pthread_cond_wait(&audit->synced, &audit->lock);
	}
	return 0;
}

/* Return true if FILE has no name any more, so that no one can open it. */
static bool is_removed(int file)
{
	struct stat info;

	return fstat(file, &info) == 0 && !info.st_nlink;
}

/* ---- syncing ---- */

static int sync_file(int file)
{
	/* EINVAL: a device, which need not be synced */
	return fsync(file) && errno != EINVAL ? -errno : 0;
}

/* Sync the file for BATCH, the next one. Releases the lock meanwhile. */
static void sync_batch_locked(struct audit *audit, struct audit_batch *batch)
{
	int error;

	audit->next = NULL;
	audit->syncing = true;
	pthread_mutex_unlock(&audit->lock);
	error = sync_file(audit->file);
	pthread_mutex_lock(&audit->lock);
	audit->syncing = false;
	batch->error = error;
	batch->done = true;
	pthread_cond_broadcast(&audit->synced);
}

/* Wait until what this thread has appended is on the disk. Returns 0 or a negative errno. */
static int sync_locked(struct audit *audit)
{
	struct audit_batch *batch = audit->next;
	int error;

	if (!batch)
		batch = audit->next = calloc(1, sizeof(*batch));
	if (!batch)
		return -ENOMEM;
	batch->threads++;
	while (!batch->done) {
		if (audit->syncing)
			pthread_cond_wait(&audit->synced, &audit->lock);
		else
			sync_batch_locked(audit, batch);
	}
	error = batch->error;
	if (!--batch->threads)
		free(batch);
	return error;
}

/* ---- lines ---- */

/*
 * Return true if the file ends in the middle of a line: a mount was killed while it wrote the line,
 * this one before or another one now, or the disk was full.
 */
static bool ends_torn_locked(const struct audit *audit)
{
	struct stat info;
	char last;

	if (fstat(audit->file, &info) || !S_ISREG(info.st_mode) || info.st_size == audit->end)
		return false;
	return info.st_size > 0 && pread(audit->file, &last, 1, info.st_size - 1) == 1 &&
	       last != '\n';
}

/* Append LINE to the file, on a line of its own. Returns 0 or a negative errno. */
static int write_locked(struct audit *audit, const char *line, size_t length)
{
	int error = ends_torn_locked(audit) ? write_all(audit->file, "\n", 1, NULL) : 0;

	if (!error)
		error = write_all(audit->file, line, length, NULL);
	audit->end = error ? 0 : lseek(audit->file, 0, SEEK_CUR);
	return error;
}

int audit_announce(struct audit *audit, const char *line, size_t length, size_t size)
{
	int error;

	pthread_mutex_lock(&audit->lock);
	error = follow_path_locked(audit);
	if (!error)
		error = secure_room(audit->file, audit->secured + length + size + 1);
	if (!error && length)
		error = write_locked(audit, line, length);
	if (!error) {
		audit->secured += size;
		error = sync_locked(audit);
		if (error)
			audit->secured -= size;
	}
	pthread_mutex_unlock(&audit->lock);
	return error;
}

void audit_release(struct audit *audit, size_t size)
{
	pthread_mutex_lock(&audit->lock);
	audit->secured -= size;
	pthread_mutex_unlock(&audit->lock);
}

int audit_append(struct audit *audit, const char *line, size_t length, size_t secured)
{
	int moved, error;
	bool lost;

	pthread_mutex_lock(&audit->lock);
	/* if no new file can be created, the secured room is in the file that was moved away */
	moved = follow_path_locked(audit);
	audit->secured -= secured;
	error = write_locked(audit, line, length);
	lost = moved && is_removed(audit->file);
	if (!error)
		error = sync_locked(audit);
	pthread_mutex_unlock(&audit->lock);
	return !error && lost ? moved : error;
}
