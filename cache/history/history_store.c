/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_store.c - see history_store.h.
 *
 * All paths are relative to a descriptor of the directory. Names that begin with a dot are its own:
 * the lock, the spare room, and writes that are being added or removed.
 */
#include "cache/history/history_store.h"

#include "cache/history/stored_file.h"
#include "vendors/base/write_all.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define NAME_BYTES 64
#define LOCK ".lock"
#define SPARE ".spare"
#define ADDED ".new-"
#define REMOVED ".old-"
#define INDEX "index"
#define INDEX_ADDED ".new-index"

struct history_store {
	char *path;
	bool read_only;
	int directory;
	int lock_file;     /* -1: none */
	uint64_t *numbers; /* of the writes when it was opened, in order */
	size_t count;
	pthread_mutex_t lock; /* of what follows, and of the index */
	bool spare;           /* room is secured */
};

/* Write the name of write NUMBER, after PREFIX, to NAME. */
static const char *name_of(const char *prefix, uint64_t number, char name[NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "%s%06" PRIu64, prefix, number);
	return name;
}

/* Return the number of the write called NAME; 0: it is none. */
static uint64_t store_number(const char *name)
{
	uint64_t number = name[0] >= '0' && name[0] <= '9' ? strtoull(name, NULL, 10) : 0;
	char again[NAME_BYTES];

	return number && number < INT64_MAX && strcmp(name_of("", number, again), name) == 0
		   ? number
		   : 0;
}

/* ---- which writes there are ---- */

static int compare_numbers(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return one < other ? -1 : one > other;
}

/* Return true if NAME is of a write that was being added or removed. */
static bool is_left_over(const char *name)
{
	return strncmp(name, ADDED, strlen(ADDED)) == 0 ||
	       strncmp(name, REMOVED, strlen(REMOVED)) == 0;
}

/* Take the numbers in LIST. Returns 0 or -ENOMEM. */
static int take_numbers(struct history_store *store, DIR *list)
{
	size_t room = 0;
	struct dirent *entry;

	while ((entry = readdir(list))) {
		uint64_t number = store_number(entry->d_name), *longer;

		if (!store->read_only && is_left_over(entry->d_name)) {
			unlinkat(store->directory, entry->d_name, 0);
			stored_file_remove_all(store->directory, entry->d_name);
		}
		if (!number)
			continue;
		if (store->count == room) {
			room = room ? 2 * room : 1024;
			longer = realloc(store->numbers, room * sizeof(*longer));
			if (!longer)
				return -ENOMEM;
			store->numbers = longer;
		}
		store->numbers[store->count++] = number;
	}
	return 0;
}

/* Find the writes that there are. Returns 0 or a negative errno. */
static int list_numbers(struct history_store *store)
{
	int again = openat(store->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = again >= 0 ? fdopendir(again) : NULL;
	int error;

	if (!list) {
		error = -errno;
		if (again >= 0)
			close(again);
		return error;
	}
	error = take_numbers(store, list);
	closedir(list);
	if (store->count)
		qsort(store->numbers, store->count, sizeof(*store->numbers), compare_numbers);
	return error;
}

/* ---- opening ---- */

static int store_fail(const char *path, int error, const char *words, char *why, size_t why_size)
{
	snprintf(why, why_size, "history_dir %s: %s", path, words ? words : strerror(-error));
	return error;
}

/* Check the directory INFO of. Returns 0, or a negative errno and a message in WHY. */
static int check_owner(const char *path, const struct stat *info, char *why, size_t why_size)
{
	if (!S_ISDIR(info->st_mode))
		return store_fail(path, -ENOTDIR, NULL, why, why_size);
	if (info->st_uid != geteuid())
		return store_fail(path, -EPERM,
				  "belongs to another user; give each user who mounts a directory "
				  "of their own",
				  why, why_size);
	if (!(info->st_mode & 077))
		return 0;
	snprintf(why, why_size,
		 "history_dir %s: group or others have access, and it gets personal data; run: "
		 "chmod 700 %s",
		 path, path);
	return -EPERM;
}

static int fail_missing(const char *path, char *why, size_t why_size)
{
	return store_fail(path, -ENOENT, "No such file or directory; create its parent first", why,
			  why_size);
}

/* Return true if the parent of PATH is a directory in which the caller can create one. */
static int check_parent(const char *path)
{
	char *copy = strdup(path);
	int error = copy && !access(dirname(copy), W_OK | X_OK) ? 0 : -errno;

	free(copy);
	return error;
}

int history_store_check(const char *path, char *why, size_t why_size)
{
	struct stat info;
	int error;

	if (stat(path, &info)) {
		error = errno == ENOENT ? check_parent(path) : -errno;
		if (error == -ENOENT)
			return fail_missing(path, why, why_size);
		return error ? store_fail(path, error, NULL, why, why_size) : 0;
	}
	error = check_owner(path, &info, why, why_size);
	if (!error && access(path, R_OK | W_OK | X_OK))
		error = store_fail(path, -errno, NULL, why, why_size);
	return error;
}

/* Sync DIRECTORY. Errors are ignored: a file system that cannot sync a directory does not need it.
 */
static void store_sync(int directory)
{
	(void)fsync(directory);
}

/* Lock the directory for this mount, as long as STORE is open. */
static int take_lock(struct history_store *store, char *why, size_t why_size)
{
	int file = openat(store->directory, LOCK,
			  O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);

	if (file < 0)
		return store_fail(store->path, -errno, NULL, why, why_size);
	store->lock_file = file;
	if (!flock(file, LOCK_EX | LOCK_NB))
		return 0;
	return store_fail(store->path, -errno,
			  errno == EWOULDBLOCK ? "another mount uses it; unmount that, or give "
						 "each config a directory of its own"
					       : NULL,
			  why, why_size);
}

static struct history_store *store_new(const char *path, bool read_only)
{
	struct history_store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->path = strdup(path);
	store->read_only = read_only;
	store->directory = store->lock_file = -1;
	pthread_mutex_init(&store->lock, NULL);
	if (store->path)
		return store;
	history_store_free(store);
	return NULL;
}

/* Open the directory of STORE, after it was created if need be. Returns 0 or a negative errno. */
static int open_directory(struct history_store *store)
{
	int error;

	if (!store->read_only && !mkdir(store->path, 0700)) {
		char *copy = strdup(store->path);
		int parent = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (parent >= 0)
			store_sync(parent);
		if (parent >= 0)
			close(parent);
		free(copy);
	}
	error = errno;
	store->directory = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->directory >= 0)
		return 0;
	/* why it could not be created says more */
	return errno == ENOENT && !store->read_only ? -error : -errno;
}

int history_store_open(const char *path, bool read_only, struct history_store **made, char *why,
		       size_t why_size)
{
	struct history_store *store = store_new(path, read_only);
	struct stat info;
	int error;

	if (!store)
		return store_fail(path, -ENOMEM, NULL, why, why_size);
	error = open_directory(store);
	if (error == -ENOENT && read_only) {
		history_store_free(store);
		*made = NULL;
		return 0;
	}
	if (error == -ENOENT)
		fail_missing(path, why, why_size);
	else if (error)
		store_fail(path, error, NULL, why, why_size);
	if (!error && fstat(store->directory, &info))
		error = store_fail(path, -errno, NULL, why, why_size);
	if (!error)
		error = check_owner(path, &info, why, why_size);
	if (!error && !read_only)
		error = take_lock(store, why, why_size);
	if (!error) {
		error = list_numbers(store);
		if (error)
			store_fail(path, error, NULL, why, why_size);
	}
	if (error)
		history_store_free(store);
	else
		*made = store;
	return error;
}

void history_store_free(struct history_store *store)
{
	if (!store)
		return;
	if (store->spare)
		unlinkat(store->directory, SPARE, 0);
	if (store->directory >= 0)
		close(store->directory);
	if (store->lock_file >= 0)
		close(store->lock_file);
	pthread_mutex_destroy(&store->lock);
	free(store->numbers);
	free(store->path);
	free(store);
}

const char *history_store_path(const struct history_store *store)
{
	return store->path;
}

bool history_store_is_read_only(const struct history_store *store)
{
	return store->read_only;
}

/* ---- room ---- */

/* Return 0 if the file system has room for the spare file, which it cannot allocate, or a negative
 * errno. */
static int compare_room(int directory)
{
	struct statvfs room;

	if (fstatvfs(directory, &room))
		return -errno;
	return room.f_bavail < HISTORY_STORE_SPARE / room.f_frsize + 1 ? -ENOSPC : 0;
}

static int secure_spare(int directory)
{
	int file = openat(directory, SPARE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
			  0600);
	int error;

	if (file < 0)
		return -errno;
	error = fallocate(file, 0, 0, HISTORY_STORE_SPARE) ? -errno : 0;
	close(file);
	if (error == -EOPNOTSUPP || error == -ENOSYS)
		error = compare_room(directory);
	if (error)
		unlinkat(directory, SPARE, 0);
	return error;
}

int history_store_ready(struct history_store *store)
{
	struct stat info;
	int error = 0;

	pthread_mutex_lock(&store->lock);
	if (fstat(store->directory, &info) ||
	    faccessat(store->directory, ".", R_OK | W_OK | X_OK, 0))
		error = -errno;
	else if (!info.st_nlink)
		error = -ENOENT;
	else if (!store->spare || faccessat(store->directory, SPARE, F_OK, 0))
		error = secure_spare(store->directory);
	if (!error)
		store->spare = true;
	pthread_mutex_unlock(&store->lock);
	return error;
}

/* Release the spare room. Returns false if there was none. */
static bool use_spare(struct history_store *store)
{
	bool had;

	pthread_mutex_lock(&store->lock);
	had = store->spare;
	store->spare = false;
	if (had)
		unlinkat(store->directory, SPARE, 0);
	pthread_mutex_unlock(&store->lock);
	return had;
}

/* ---- adding and removing ---- */

static int put_files(struct history_store *store, const char *name, const struct stored_file *files,
		     size_t count)
{
	int below, error = 0;

	stored_file_remove_all(store->directory, name);
	if (mkdirat(store->directory, name, 0700))
		return -errno;
	below = openat(store->directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (below < 0)
		return -errno;
	for (size_t i = 0; !error && i < count; i++)
		error = stored_file_put(below, &files[i]);
	store_sync(below);
	close(below);
	return error;
}

static int try_add(struct history_store *store, uint64_t number, const struct stored_file *files,
		   size_t count)
{
	char added[NAME_BYTES], name[NAME_BYTES];
	int error = put_files(store, name_of(ADDED, number, added), files, count);

	if (!error &&
	    renameat(store->directory, added, store->directory, name_of("", number, name)))
		error = -errno;
	if (error)
		stored_file_remove_all(store->directory, added);
	else
		store_sync(store->directory);
	return error;
}

int history_store_add(struct history_store *store, uint64_t number, const struct stored_file *files,
		      size_t count)
{
	int error = try_add(store, number, files, count);

	if ((error == -ENOSPC || error == -EDQUOT) && use_spare(store))
		error = try_add(store, number, files, count);
	return error;
}

void history_store_remove(struct history_store *store, uint64_t number)
{
	char name[NAME_BYTES], removed[NAME_BYTES];

	name_of(REMOVED, number, removed);
	if (!renameat(store->directory, name_of("", number, name), store->directory, removed))
		stored_file_remove_all(store->directory, removed);
}

/* ---- reading ---- */

const uint64_t *history_store_numbers(const struct history_store *store, size_t *count)
{
	*count = store->count;
	return store->numbers;
}

int history_store_read(struct history_store *store, uint64_t number, const char *name, size_t max,
		       char **text, size_t *length)
{
	char path[NAME_BYTES + 64], folder[NAME_BYTES];

	snprintf(path, sizeof(path), "%s/%s", name_of("", number, folder), name);
	return stored_file_read(store->directory, path, max, text, length);
}

/* ---- the index ---- */

int history_store_append(struct history_store *store, const char *line, size_t length)
{
	int file, error;

	pthread_mutex_lock(&store->lock);
	file = openat(store->directory, INDEX,
		      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	error = file < 0 ? -errno : write_all(file, line, length, NULL);
	if (file >= 0)
		close(file);
	pthread_mutex_unlock(&store->lock);
	return error;
}

int history_store_replace(struct history_store *store, const char *text, size_t length)
{
	const struct stored_file made = {INDEX_ADDED, text, length};
	int error;

	pthread_mutex_lock(&store->lock);
	unlinkat(store->directory, INDEX_ADDED, 0);
	error = stored_file_put(store->directory, &made);
	if (!error && renameat(store->directory, INDEX_ADDED, store->directory, INDEX))
		error = -errno;
	if (error)
		unlinkat(store->directory, INDEX_ADDED, 0);
	pthread_mutex_unlock(&store->lock);
	return error;
}
