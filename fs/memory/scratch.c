/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch.c - see scratch.h.
 *
 * A tree of one level: directories by path, and in each the names in the order in which they came.
 * memory_dir.c knows what a name means, draft.c when a text is sent, and scratch_text.c the bytes
 * of a file.
 */
#include "fs/memory/scratch.h"

#include "fs/memory/scratch_state.h"
#include "fs/memory/scratch_text.h"
#include "fs/tree/node.h"
#include "vendors/base/checked.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* Seconds after which a file that was left behind is removed. */
#define LIFE 86400

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

struct scratches *scratch_table_new(size_t limit)
{
	struct scratches *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->limit = limit;
	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void scratch_look(struct scratches *all, struct scratch_room *room)
{
	size_t held = atomic_load(&all->held);

	/* another thread may be trying whether more fits */
	room->bytes = all->limit;
	room->bytes_left = held < all->limit ? all->limit - held : 0;
	room->files = room->bytes / SCRATCH_COST;
	room->files_left = room->bytes_left / SCRATCH_COST;
}

/* ---- one file ---- */

static void free_scratch(struct scratches *all, struct scratch *scratch)
{
	scratch_text_discount(all, scratch);
	scratch_text_wipe(scratch->text, scratch->room);
	free(scratch->path);
	free(scratch->target);
	free(scratch->id);
	pthread_mutex_destroy(&scratch->lock);
	free(scratch);
}

/* ---- names ---- */

/*
 * The states of a file:
 *
 *   new       no name yet: one reference of its maker's
 *   named     a name has a reference; the newest name is its path
 *   open      lost its name while it was open: it still counts, until the last reference goes
 *   removed   lost its name while no process had it open: it does not count, and may not be opened
 *
 * What holds between two changes: no directory is empty, and each name's file has a reference, is
 * not removed, and has that name for its path.
 */
static void scratch_check_locked(const struct scratches *all)
{
	const struct directory *directory, *next;
	const struct name *name;

	HASH_ITER(hh, all->directories, directory, next) {
		size_t above = strlen(directory->path);

		assert(directory->names);
		for (name = directory->names; name; name = name->hh.next) {
			const struct scratch *scratch = name->scratch;

			assert(scratch->references && !scratch->removed);
			assert(strncmp(scratch->path, directory->path, above) == 0);
			assert(strcmp(scratch->path + above + (above ? 1 : 0), name->name) == 0);
		}
	}
}

static void scratch_unlock(struct scratches *all)
{
	CHECKED(scratch_check_locked(all));
	pthread_mutex_unlock(&all->lock);
}

/* Cut PATH at its last slash. *NAME is what follows. Return the length of what precedes it. */
static size_t scratch_split(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	return slash ? (size_t)(slash - path) : 0;
}

/* Return the directory that the first LENGTH bytes of PATH name, or NULL. */
static struct directory *find_above_locked(struct scratches *all, const char *path, size_t length)
{
	struct directory *directory;

	HASH_FIND(hh, all->directories, path, length, directory);
	return directory;
}

static struct directory *find_directory_locked(struct scratches *all, const char *path)
{
	return find_above_locked(all, path, strlen(path));
}

static struct name *scratch_find_locked(struct scratches *all, const char *path)
{
	const char *last;
	struct directory *directory = find_above_locked(all, path, scratch_split(path, &last));
	struct name *name = NULL;

	if (directory)
		HASH_FIND_STR(directory->names, last, name);
	return name;
}

/* Release a reference; the last one frees SCRATCH. */
static void scratch_put_locked(struct scratches *all, struct scratch *scratch)
{
	if (--scratch->references == 0)
		free_scratch(all, scratch);
}

static void drop_directory_locked(struct scratches *all, struct directory *directory)
{
	HASH_DEL(all->directories, directory); /* NOLINT(clang-analyzer-unix.Malloc) */
	free(directory->path);
	free(directory);
}

static void scratch_forget_locked(struct scratches *all, const char *path)
{
	const char *last;
	struct directory *directory = find_above_locked(all, path, scratch_split(path, &last));
	struct name *name = NULL;

	if (directory)
		HASH_FIND_STR(directory->names, last, name);
	if (!name)
		return;
	HASH_DEL(directory->names, name); /* NOLINT(clang-analyzer-unix.Malloc) */
	scratch_put_locked(all, name->scratch);
	free(name->name);
	free(name);
	if (!directory->names)
		drop_directory_locked(all, directory);
}

/* SCRATCH loses its name: give back its room at once if no process has it open. */
static void retire_locked(struct scratches *all, struct scratch *scratch)
{
	atomic_store(&scratch->nameless, true);
	if (atomic_load(&scratch->opens))
		return;
	scratch_text_discount(all, scratch);
	scratch->removed = true;
}

/* Remove what has the name PATH. */
static void remove_locked(struct scratches *all, const char *path)
{
	struct name *name = scratch_find_locked(all, path);

	if (!name)
		return;
	retire_locked(all, name->scratch);
	scratch_forget_locked(all, path);
}

/* Return the directory that the first LENGTH bytes of PATH name, made if need be, or NULL. */
static struct directory *take_directory_locked(struct scratches *all, const char *path,
					       size_t length)
{
	struct directory *directory = find_above_locked(all, path, length);

	if (directory)
		return directory;
	directory = calloc(1, sizeof(*directory));
	if (directory)
		directory->path = strndup(path, length);
	if (!directory || !directory->path) {
		free(directory);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, all->directories, directory->path, strlen(directory->path), directory);
	if (directory->hh.tbl)
		return directory;
	free(directory->path);
	free(directory);
	return NULL;
}

/* Set the path of SCRATCH to PATH. Return 0, or -ENOMEM and nothing has changed. */
static int set_path_locked(struct scratch *scratch, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	free(scratch->path);
	scratch->path = copy;
	return 0;
}

/* Give SCRATCH the name PATH, which is free, and with it a reference. Return 0 or -ENOMEM. */
static int name_locked(struct scratches *all, const char *path, struct scratch *scratch)
{
	const char *last;
	size_t above = scratch_split(path, &last);
	struct name *name = calloc(1, sizeof(*name));
	struct directory *directory = NULL;

	if (name)
		name->name = strdup(last);
	if (name && name->name)
		directory = take_directory_locked(all, path, above);
	if (directory)
		HASH_ADD_KEYPTR(hh, directory->names, name->name, strlen(name->name), name);
	if (name && name->hh.tbl && !set_path_locked(scratch, path)) {
		name->scratch = scratch;
		scratch->references++;
		return 0; /* cppcheck-suppress memleak; the directory has it */
	}
	if (name && name->hh.tbl)
		HASH_DEL(directory->names, name);
	if (directory && !directory->names)
		drop_directory_locked(all, directory);
	if (name)
		free(name->name);
	free(name);
	return -ENOMEM;
}

/* As name_locked, in place of what has that name. Return 0, or -ENOMEM and nothing has changed. */
static int rename_locked(struct scratches *all, const char *path, struct scratch *scratch)
{
	struct name *name = scratch_find_locked(all, path);

	if (!name)
		return name_locked(all, path, scratch);
	if (set_path_locked(scratch, path))
		return -ENOMEM;
	retire_locked(all, name->scratch);
	scratch_put_locked(all, name->scratch);
	name->scratch = scratch;
	scratch->references++;
	return 0;
}

/* Remove what was left behind in DIRECTORY for a day, and with its last name the directory. */
static void expire_in_locked(struct scratches *all, const struct directory *directory)
{
	struct name *name, *next;
	time_t now = time(NULL);
	char *path = NULL;

	for (name = directory->names; name; name = next) {
		struct scratch *scratch = name->scratch;
		bool old;

		next = name->hh.next;
		pthread_mutex_lock(&scratch->lock);
		old = now - scratch->when.tv_sec > LIFE;
		pthread_mutex_unlock(&scratch->lock);
		if (!old || atomic_load(&scratch->opens) || atomic_load(&scratch->kept) ||
		    asprintf(&path, "%s/%s", directory->path, name->name) < 0)
			continue;
		remove_locked(all, path);
		free(path);
		all->expired++;
	}
}

static void scratch_expire_locked(struct scratches *all)
{
	struct directory *directory, *next;

	HASH_ITER(hh, all->directories, directory, next)
		expire_in_locked(all, directory);
}

void scratch_table_free(struct scratches *all)
{
	struct directory *directory, *next;

	if (!all)
		return;
	HASH_ITER(hh, all->directories, directory, next) {
		struct name *name, *next_name;

		HASH_ITER(hh, directory->names, name, next_name) {
			HASH_DEL(directory->names, name); /* NOLINT(clang-analyzer-unix.Malloc) */
			scratch_put_locked(all, name->scratch);
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

/* Store a new file with one reference and no name in *SCRATCH. Return 0, -ENOSPC or -ENOMEM. */
static int new_scratch(struct scratches *all, const char *target, struct scratch **scratch)
{
	struct scratch *new = calloc(1, sizeof(*new));
	int error = -ENOMEM;

	if (new) {
		new->target = target ? strdup(target) : NULL;
		new->cost = SCRATCH_COST + (target ? strlen(target) : 0);
	}
	if (new && (!target || new->target))
		error = scratch_text_reserve(all, new->cost);
	if (error) {
		if (new)
			free(new->target);
		free(new);
		return error;
	}
	new->references = 1;
	new->counted = true;
	pthread_mutex_init(&new->lock, NULL);
	clock_gettime(CLOCK_REALTIME, &new->when);
	*scratch = new;
	return 0;
}

int scratch_make(struct scratches *all, const char *path, const char *target,
		 struct scratch **scratch)
{
	struct scratch *new = NULL;
	int error = new_scratch(all, target, &new);

	if (error == -ENOSPC) {
		pthread_mutex_lock(&all->lock);
		scratch_expire_locked(all);
		scratch_unlock(all);
		error = new_scratch(all, target, &new);
	}
	if (error)
		return error;
	pthread_mutex_lock(&all->lock);
	error = scratch_find_locked(all, path) ? -EEXIST : name_locked(all, path, new);
	if (error)
		scratch_put_locked(all, new);
	else
		*scratch = new;
	scratch_unlock(all);
	return error;
}

int scratch_replace(struct scratches *all, const char *path, const char *text, size_t length)
{
	struct scratch *new = NULL;
	int error = new_scratch(all, NULL, &new);

	if (!error)
		error = scratch_text_write(all, new, text, length, 0);
	pthread_mutex_lock(&all->lock);
	if (!error)
		error = rename_locked(all, path, new);
	if (new)
		scratch_put_locked(all, new);
	scratch_unlock(all);
	return error;
}

struct scratch *scratch_get(struct scratches *all, const char *path)
{
	struct scratch *scratch;
	struct name *name;

	pthread_mutex_lock(&all->lock);
	name = scratch_find_locked(all, path);
	scratch = name ? name->scratch : NULL;
	if (scratch)
		scratch->references++;
	scratch_unlock(all);
	return scratch;
}

struct scratch *scratch_hold(struct scratches *all, struct scratch *scratch)
{
	if (!scratch)
		return NULL;
	pthread_mutex_lock(&all->lock);
	scratch->references++;
	scratch_unlock(all);
	return scratch;
}

void scratch_put(struct scratches *all, struct scratch *scratch)
{
	if (!scratch)
		return;
	pthread_mutex_lock(&all->lock);
	scratch_put_locked(all, scratch);
	scratch_unlock(all);
}

int scratch_remove(struct scratches *all, const char *path)
{
	bool found;

	pthread_mutex_lock(&all->lock);
	found = scratch_find_locked(all, path);
	if (found)
		remove_locked(all, path);
	scratch_unlock(all);
	return found ? 0 : -ENOENT;
}

int scratch_rename(struct scratches *all, const char *path, const char *new_path)
{
	struct name *name;
	int error = 0;

	pthread_mutex_lock(&all->lock);
	name = scratch_find_locked(all, path);
	if (!name)
		error = -ENOENT;
	else if (strcmp(path, new_path) != 0)
		error = rename_locked(all, new_path, name->scratch);
	if (!error && strcmp(path, new_path) != 0)
		scratch_forget_locked(all, path);
	scratch_unlock(all);
	return error;
}

char *scratch_path(struct scratches *all, const struct scratch *scratch)
{
	const struct name *name;
	char *path = NULL;

	pthread_mutex_lock(&all->lock);
	name = scratch->path ? scratch_find_locked(all, scratch->path) : NULL;
	if (name && name->scratch == scratch)
		path = strdup(scratch->path);
	scratch_unlock(all);
	return path;
}

uint64_t scratch_expired(struct scratches *all, const char *directory)
{
	const struct directory *found;
	uint64_t expired;

	pthread_mutex_lock(&all->lock);
	found = find_directory_locked(all, directory);
	if (found)
		expire_in_locked(all, found);
	expired = all->expired;
	scratch_unlock(all);
	return expired;
}

char *scratch_name(struct scratches *all, const char *directory, size_t index)
{
	struct directory *found;
	struct name *name;
	char *copy;

	pthread_mutex_lock(&all->lock);
	found = find_directory_locked(all, directory);
	for (name = found ? found->names : NULL; name && index; index--)
		name = name->hh.next;
	copy = name ? strdup(name->name) : NULL;
	scratch_unlock(all);
	return copy;
}
