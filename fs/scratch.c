/*
 * scratch.c - see scratch.h.
 *
 * A tree of one level: directories by path, in each the names in the order in which they came. It
 * knows bytes and names; what a name means, and when a text is to be sent, is the business of
 * names.c and draft.c.
 */
#include "fs/scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uthash.h>

/* A file is as large as a backup of the largest document, many times over. */
#define FILE_MAX ((size_t)64 << 20)

/* What a file costs that holds nothing. */
#define FILE_COST ((size_t)512)

/* Left behind for so many seconds, a file goes. */
#define LIFE 86400

struct scratch {
	unsigned references; /* under the table's lock: of the name, and of who uses it */
	char *target;        /* of a link; set once */
	pthread_mutex_t lock;
	char *text;
	size_t length, room;
	char *id;
	bool spoilt;
	struct timespec when;
};

struct name {
	char *name;
	struct scratch *scratch;
	UT_hash_handle hh;
};

struct directory {
	char *path;
	struct name *names;
	UT_hash_handle hh;
};

struct scratches {
	size_t limit;
	atomic_size_t held;
	pthread_mutex_t lock; /* of the names and the counts of references */
	struct directory *directories;
};

struct scratches *scratches_new(size_t limit)
{
	struct scratches *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->limit = limit;
	pthread_mutex_init(&all->lock, NULL);
	return all;
}

/* ---- bytes ---- */

/* Take SIZE bytes of what all files may hold: their lengths count, and something for each. */
static int reserve(struct scratches *all, size_t size)
{
	if (atomic_fetch_add(&all->held, size) + size <= all->limit)
		return 0;
	atomic_fetch_sub(&all->held, size);
	return -ENOSPC;
}

static void wipe(char *text, size_t length)
{
	if (text)
		explicit_bzero(text, length);
	free(text);
}

static void free_scratch(struct scratches *all, struct scratch *scratch)
{
	atomic_fetch_sub(&all->held, scratch->length + FILE_COST);
	wipe(scratch->text, scratch->room);
	free(scratch->target);
	free(scratch->id);
	pthread_mutex_destroy(&scratch->lock);
	free(scratch);
}

/* Room for LENGTH bytes and a NUL; what is new is zero. */
static int make_room_locked(struct scratch *scratch, size_t length)
{
	size_t room = scratch->room ? scratch->room : 256;
	char *text;

	if (length < scratch->room)
		return 0;
	while (room <= length)
		room *= 2;
	text = calloc(1, room);
	if (!text)
		return -ENOMEM;
	if (scratch->text)
		memcpy(text, scratch->text, scratch->length);
	wipe(scratch->text, scratch->room);
	scratch->text = text;
	scratch->room = room;
	return 0;
}

/* SCRATCH has LENGTH bytes from now on, the new ones zero; what is cut off is wiped. */
static int set_length_locked(struct scratches *all, struct scratch *scratch, size_t length)
{
	size_t before = scratch->length;
	int error = 0;

	if (length > FILE_MAX)
		return -EFBIG;
	if (length > before)
		error = reserve(all, length - before);
	if (!error && make_room_locked(scratch, length)) {
		if (length > before)
			atomic_fetch_sub(&all->held, length - before);
		error = -ENOMEM;
	}
	if (error)
		return error;
	if (length < before) {
		atomic_fetch_sub(&all->held, before - length);
		explicit_bzero(scratch->text + length, before - length);
	}
	scratch->length = length;
	return 0;
}

static void touch_locked(struct scratch *scratch)
{
	clock_gettime(CLOCK_REALTIME, &scratch->when);
}

/* ---- names ---- */

/* PATH is cut at its last slash: *NAME is what follows. The caller frees. NULL: no memory. */
static char *split(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	return strndup(path, slash ? (size_t)(slash - path) : 0);
}

static struct directory *find_directory_locked(struct scratches *all, const char *path)
{
	struct directory *directory;

	HASH_FIND_STR(all->directories, path, directory);
	return directory;
}

static struct name *find_locked(struct scratches *all, const char *path)
{
	const char *last;
	char *above = split(path, &last);
	struct directory *directory = above ? find_directory_locked(all, above) : NULL;
	struct name *name = NULL;

	if (directory)
		HASH_FIND_STR(directory->names, last, name);
	free(above);
	return name;
}

/* One reference less; the last one frees. */
static void put_locked(struct scratches *all, struct scratch *scratch)
{
	if (--scratch->references == 0)
		free_scratch(all, scratch);
}

static void forget_locked(struct scratches *all, const char *path)
{
	const char *last;
	char *above = split(path, &last);
	struct directory *directory = above ? find_directory_locked(all, above) : NULL;
	struct name *name = NULL;

	free(above);
	if (directory)
		HASH_FIND_STR(directory->names, last, name);
	if (!name)
		return;
	HASH_DEL(directory->names, name); /* NOLINT(clang-analyzer-unix.Malloc) */
	put_locked(all, name->scratch);
	free(name->name);
	free(name);
	if (!directory->names) {
		HASH_DEL(all->directories, directory); /* NOLINT(clang-analyzer-unix.Malloc) */
		free(directory->path);
		free(directory);
	}
}

/* The directory of that path, made if need be. NULL: no memory. */
static struct directory *take_directory_locked(struct scratches *all, const char *path)
{
	struct directory *directory = find_directory_locked(all, path);

	if (directory)
		return directory;
	directory = calloc(1, sizeof(*directory));
	if (directory)
		directory->path = strdup(path);
	if (!directory || !directory->path) {
		free(directory);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, all->directories, directory->path, strlen(directory->path), directory);
	return directory;
}

/* SCRATCH gets the name PATH, which is free, and with it a reference. 0 or -ENOMEM. */
static int name_locked(struct scratches *all, const char *path, struct scratch *scratch)
{
	const char *last;
	char *above = split(path, &last);
	struct name *name = calloc(1, sizeof(*name));
	struct directory *directory = NULL;

	if (name)
		name->name = strdup(last);
	if (above && name && name->name)
		directory = take_directory_locked(all, above);
	free(above);
	if (!directory) {
		if (name)
			free(name->name);
		free(name);
		return -ENOMEM;
	}
	name->scratch = scratch;
	scratch->references++;
	HASH_ADD_KEYPTR(hh, directory->names, name->name, strlen(name->name), name);
	return 0;
}

/* What was left behind for a day goes. */
static void expire_locked(struct scratches *all, const char *directory_path)
{
	struct directory *directory = find_directory_locked(all, directory_path);
	struct name *name, *next;
	time_t now = time(NULL);
	char *path = NULL;

	if (!directory)
		return;
	for (name = directory->names; name; name = next) {
		struct scratch *scratch = name->scratch;
		bool old;

		next = name->hh.next;
		pthread_mutex_lock(&scratch->lock);
		old = now - scratch->when.tv_sec > LIFE;
		pthread_mutex_unlock(&scratch->lock);
		if (!old || scratch->references > 1 ||
		    asprintf(&path, "%s/%s", directory_path, name->name) < 0)
			continue;
		/* with its last name the directory goes */
		forget_locked(all, path);
		free(path);
	}
}

void scratches_free(struct scratches *all)
{
	struct directory *directory, *next;

	if (!all)
		return;
	HASH_ITER(hh, all->directories, directory, next) {
		struct name *name, *next_name;

		HASH_ITER(hh, directory->names, name, next_name) {
			HASH_DEL(directory->names, name); /* NOLINT(clang-analyzer-unix.Malloc) */
			put_locked(all, name->scratch);
			free(name->name);
			free(name);
		}
		HASH_DEL(all->directories, directory); /* NOLINT(clang-analyzer-unix.Malloc) */
		free(directory->path);
		free(directory);
	}
	pthread_mutex_destroy(&all->lock);
	free(all);
}

int scratch_make(struct scratches *all, const char *path, const char *target,
		 struct scratch **scratch)
{
	struct scratch *new = calloc(1, sizeof(*new));
	int error = 0;

	if (!new)
		return -ENOMEM;
	error = reserve(all, FILE_COST);
	if (error) {
		free(new);
		return error;
	}
	pthread_mutex_init(&new->lock, NULL);
	new->target = target ? strdup(target) : NULL;
	touch_locked(new);
	pthread_mutex_lock(&all->lock);
	new->references = 1;
	if (find_locked(all, path))
		error = -EEXIST;
	else if (target && !new->target)
		error = -ENOMEM;
	else
		error = name_locked(all, path, new);
	if (error)
		put_locked(all, new);
	else
		*scratch = new;
	pthread_mutex_unlock(&all->lock);
	return error;
}

struct scratch *scratch_get(struct scratches *all, const char *path)
{
	struct scratch *scratch;
	struct name *name;

	pthread_mutex_lock(&all->lock);
	name = find_locked(all, path);
	scratch = name ? name->scratch : NULL;
	if (scratch)
		scratch->references++;
	pthread_mutex_unlock(&all->lock);
	return scratch;
}

struct scratch *scratch_hold(struct scratches *all, struct scratch *scratch)
{
	if (!scratch)
		return NULL;
	pthread_mutex_lock(&all->lock);
	scratch->references++;
	pthread_mutex_unlock(&all->lock);
	return scratch;
}

void scratch_put(struct scratches *all, struct scratch *scratch)
{
	if (!scratch)
		return;
	pthread_mutex_lock(&all->lock);
	put_locked(all, scratch);
	pthread_mutex_unlock(&all->lock);
}

int scratch_remove(struct scratches *all, const char *path)
{
	bool found;

	pthread_mutex_lock(&all->lock);
	found = find_locked(all, path);
	if (found)
		forget_locked(all, path);
	pthread_mutex_unlock(&all->lock);
	return found ? 0 : -ENOENT;
}

int scratch_rename(struct scratches *all, const char *path, const char *new_path)
{
	struct scratch *scratch = NULL;
	struct name *name;
	int error = 0;

	pthread_mutex_lock(&all->lock);
	name = find_locked(all, path);
	if (!name) {
		error = -ENOENT;
	} else if (strcmp(path, new_path) != 0) {
		scratch = name->scratch;
		scratch->references++;
		forget_locked(all, path);
		forget_locked(all, new_path);
		error = name_locked(all, new_path, scratch);
		put_locked(all, scratch);
	}
	pthread_mutex_unlock(&all->lock);
	return error;
}

char *scratch_name(struct scratches *all, const char *directory, size_t index)
{
	struct directory *found;
	struct name *name;
	char *copy;

	pthread_mutex_lock(&all->lock);
	if (!index)
		expire_locked(all, directory);
	found = find_directory_locked(all, directory);
	for (name = found ? found->names : NULL; name && index; index--)
		name = name->hh.next;
	copy = name ? strdup(name->name) : NULL;
	pthread_mutex_unlock(&all->lock);
	return copy;
}

/* ---- one file ---- */

const char *scratch_target(const struct scratch *scratch)
{
	return scratch->target;
}

void scratch_attr(struct scratch *scratch, struct stat *attr)
{
	pthread_mutex_lock(&scratch->lock);
	attr->st_size = (off_t)(scratch->target ? strlen(scratch->target) : scratch->length);
	attr->st_mtim = scratch->when;
	pthread_mutex_unlock(&scratch->lock);
}

ssize_t scratch_read(struct scratch *scratch, off_t offset, size_t size, char **data)
{
	size_t count = 0;

	*data = NULL;
	pthread_mutex_lock(&scratch->lock);
	if ((size_t)offset < scratch->length)
		count = scratch->length - (size_t)offset;
	if (count > size)
		count = size;
	if (count)
		*data = malloc(count);
	if (*data)
		memcpy(*data, scratch->text + offset, count);
	pthread_mutex_unlock(&scratch->lock);
	return count && !*data ? -ENOMEM : (ssize_t)count;
}

int scratch_write(struct scratches *all, struct scratch *scratch, const char *data, size_t size,
		  off_t offset)
{
	size_t at;
	int error = 0;

	pthread_mutex_lock(&scratch->lock);
	at = offset < 0 ? scratch->length : (size_t)offset;
	if (at > FILE_MAX || size > FILE_MAX - at)
		error = -EFBIG;
	else if (at + size > scratch->length)
		error = set_length_locked(all, scratch, at + size);
	if (!error && size)
		memcpy(scratch->text + at, data, size);
	scratch->spoilt |= error != 0;
	touch_locked(scratch);
	pthread_mutex_unlock(&scratch->lock);
	return error;
}

int scratch_truncate(struct scratches *all, struct scratch *scratch, off_t length)
{
	int error;

	pthread_mutex_lock(&scratch->lock);
	error = set_length_locked(all, scratch, (size_t)length);
	if (!error && !length)
		scratch->spoilt = false;
	touch_locked(scratch);
	pthread_mutex_unlock(&scratch->lock);
	return error;
}

char *scratch_text(struct scratch *scratch, size_t *length)
{
	char *text;

	pthread_mutex_lock(&scratch->lock);
	*length = scratch->length;
	text = calloc(1, scratch->length + 1);
	if (text && scratch->length)
		memcpy(text, scratch->text, scratch->length);
	pthread_mutex_unlock(&scratch->lock);
	return text;
}

int scratch_set_text(struct scratches *all, struct scratch *scratch, const char *text,
		     size_t length)
{
	int error = scratch_truncate(all, scratch, 0);

	return error ? error : scratch_write(all, scratch, text, length, 0);
}

void scratch_spoil(struct scratch *scratch)
{
	pthread_mutex_lock(&scratch->lock);
	scratch->spoilt = true;
	pthread_mutex_unlock(&scratch->lock);
}

bool scratch_is_spoilt(struct scratch *scratch)
{
	bool spoilt;

	pthread_mutex_lock(&scratch->lock);
	spoilt = scratch->spoilt;
	pthread_mutex_unlock(&scratch->lock);
	return spoilt;
}

void scratch_become(struct scratches *all, struct scratch *scratch, const char *id)
{
	pthread_mutex_lock(&scratch->lock);
	wipe(scratch->text, scratch->room);
	atomic_fetch_sub(&all->held, scratch->length);
	scratch->text = NULL;
	scratch->length = scratch->room = 0;
	free(scratch->id);
	scratch->id = strdup(id);
	pthread_mutex_unlock(&scratch->lock);
}

char *scratch_id(struct scratch *scratch)
{
	char *id;

	pthread_mutex_lock(&scratch->lock);
	id = scratch->id ? strdup(scratch->id) : NULL;
	pthread_mutex_unlock(&scratch->lock);
	return id;
}
