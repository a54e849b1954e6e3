/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edition.c - see edition.h.
 *
 * It knows rosters and texts, not the kernel.
 */
#include "fs/tables/edition.h"

#include "cache/record/snapshot.h"
#include "cache/roster/whole.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

/* A thread that was told ESTALE comes back within these seconds, or not at all. */
#define RESERVED_SECONDS 1

struct edition {
	atomic_uint references;
	struct table_file *file;

	/* of one that is reserved, under the file's lock */
	pid_t thread;
	double until; /* clock_seconds() */
	struct edition *next;

	pthread_mutex_t making; /* held while a version is chosen or a text made */
	pthread_mutex_t lock;   /* of what follows; taken after `making` */
	unsigned users;
	struct edition_part *parts; /* owned; NULL without users */
	struct table_text *text;    /* owned; NULL: not made yet, or no users */
	bool known;                 /* the generations and the time count */
	bool sized;                 /* the size counts */
	off_t size;
	struct timespec fetched; /* the oldest part */
	atomic_bool opened;      /* what has been known since is so for good */
	uint64_t generations[];  /* of the rosters */
};

/* ---- what is known of rosters ---- */

struct edition_part *edition_parts_new(const struct table_file *file)
{
	return calloc(file->source.count + 1, sizeof(struct edition_part));
}

void edition_parts_free(const struct table_file *file, struct edition_part *parts)
{
	for (size_t i = 0; parts && i < file->source.count; i++)
		snapshot_put(parts[i].snapshot);
	free(parts);
}

struct edition_part *edition_look(const struct table_file *file, bool *fresh)
{
	struct edition_part *parts = edition_parts_new(file);
	bool known = parts;
	double seconds;

	*fresh = true;
	for (size_t i = 0; known && i < file->source.count; i++) {
		parts[i].snapshot = whole_show(file->source.rosters[i], &parts[i].generation,
					       &seconds);
		known = parts[i].snapshot;
		*fresh = *fresh && seconds > 0;
	}
	if (known)
		return parts;
	edition_parts_free(file, parts);
	return NULL;
}

/* Return the time at which the oldest of PARTS was fetched. */
static struct timespec parts_fetched(const struct table_file *file,
				     const struct edition_part *parts)
{
	struct timespec oldest = file->fs->started;

	for (size_t i = 0; i < file->source.count; i++) {
		struct timespec fetched = parts[i].snapshot->fetched;

		if (!i || clock_compare(fetched, oldest) < 0)
			oldest = fetched;
	}
	return oldest;
}

/* ---- lifetime ---- */

static struct edition *edition_new(struct table_file *file)
{
	struct edition *edition = calloc(1, sizeof(*edition) + file->source.count *
								   sizeof(edition->generations[0]));

	if (!edition)
		return NULL;
	atomic_init(&edition->references, 1);
	edition->file = file;
	pthread_mutex_init(&edition->making, NULL);
	pthread_mutex_init(&edition->lock, NULL);
	return edition;
}

struct edition *edition_get(struct edition *edition)
{
	atomic_fetch_add(&edition->references, 1);
	return edition;
}

void edition_put(struct edition *edition)
{
	if (!edition || atomic_fetch_sub(&edition->references, 1) > 1)
		return;
	table_text_free(edition->text);
	edition_parts_free(edition->file, edition->parts);
	pthread_mutex_destroy(&edition->making);
	pthread_mutex_destroy(&edition->lock);
	free(edition);
}

struct table_file *edition_file(const struct edition *edition)
{
	return edition->file;
}

void edition_use(struct edition *edition)
{
	pthread_mutex_lock(&edition->lock);
	edition->users++;
	pthread_mutex_unlock(&edition->lock);
}

void edition_unuse(struct edition *edition)
{
	struct edition_part *parts = NULL;
	struct table_text *text = NULL;

	pthread_mutex_lock(&edition->lock);
	if (--edition->users == 0) {
		parts = edition->parts;
		text = edition->text;
		edition->parts = NULL;
		edition->text = NULL;
	}
	pthread_mutex_unlock(&edition->lock);
	table_text_free(text);
	edition_parts_free(edition->file, parts);
}

/* ---- which edition a name leads to ---- */

/* Return true if EDITION may stand for what is known by now: it shows that, or may come to. */
static bool is_current(const struct edition *edition)
{
	const struct table_source *source = &edition->file->source;
	double seconds;

	if (!atomic_load(&edition->opened))
		return true;
	for (size_t i = 0; i < source->count; i++) {
		if (whole_generation(source->rosters[i], &seconds) != edition->generations[i])
			return false;
	}
	return true;
}

/* Let the name of FILE lead to EDITION, instead of OLD, if it leads there. */
static void replace_newest(struct table_file *file, const struct edition *old,
			   struct edition *edition)
{
	struct edition *replaced = NULL;

	pthread_mutex_lock(&file->lock);
	if (file->newest == old) {
		replaced = file->newest;
		file->newest = edition_get(edition);
	}
	pthread_mutex_unlock(&file->lock);
	edition_put(replaced);
}

static struct edition *get_newest(struct table_file *file)
{
	struct edition *newest;

	pthread_mutex_lock(&file->lock);
	newest = file->newest ? edition_get(file->newest) : NULL;
	pthread_mutex_unlock(&file->lock);
	return newest;
}

/* Return what is reserved in FILE for THREAD, a new reference, or NULL. */
static struct edition *find_reserved(struct table_file *file, pid_t thread)
{
	struct edition *edition, *next, *found = NULL, *late = NULL;
	double now = clock_seconds();

	pthread_mutex_lock(&file->lock);
	LL_FOREACH_SAFE(file->reserved, edition, next) {
		if (edition->until <= now) {
			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
			LL_DELETE(file->reserved, edition);
			LL_PREPEND(late, edition);
		} else if (edition->thread == thread && !found) {
			found = edition_get(edition);
		}
	}
	pthread_mutex_unlock(&file->lock);
	LL_FOREACH_SAFE(late, edition, next)
		edition_put(edition);
	return found;
}

/* EDITION is reserved no more, if it was. */
static void unreserve(struct edition *edition)
{
	struct edition *other, *reserved = NULL;

	pthread_mutex_lock(&edition->file->lock);
	LL_FOREACH(edition->file->reserved, other) {
		if (other == edition)
			reserved = other;
	}
	if (reserved)
		LL_DELETE(edition->file->reserved, reserved);
	pthread_mutex_unlock(&edition->file->lock);
	edition_put(reserved);
}

struct edition *edition_take(struct table_file *file, pid_t thread)
{
	struct edition *edition = thread ? find_reserved(file, thread) : NULL;
	struct edition *newest;

	if (edition)
		return edition;
	newest = get_newest(file);
	if (newest && is_current(newest))
		return newest;
	edition = edition_new(file);
	if (edition)
		replace_newest(file, newest, edition);
	edition_put(newest);
	return edition;
}

/* EDITION is open: it is reserved no more, and others may have it, unless the name leads to another
 * of the same version. */
static void open_to_others(struct edition *edition)
{
	struct table_file *file = edition->file;
	struct edition *newest = get_newest(file);

	if (newest != edition && !(newest && atomic_load(&newest->opened) && is_current(newest)))
		replace_newest(file, newest, edition);
	edition_put(newest);
	unreserve(edition);
}

bool edition_move(struct edition *edition, pid_t thread)
{
	struct table_file *file = edition->file;
	struct edition *reserved = find_reserved(file, thread);
	bool again = reserved, readable;

	if (reserved)
		unreserve(reserved);
	edition_put(reserved);
	pthread_mutex_lock(&edition->lock);
	readable = edition->parts;
	pthread_mutex_unlock(&edition->lock);
	if (again && readable)
		return false;
	reserved = edition_new(file);
	if (!reserved)
		return true;
	reserved->thread = thread;
	reserved->until = clock_seconds() + RESERVED_SECONDS;
	pthread_mutex_lock(&file->lock);
	LL_PREPEND(file->reserved, reserved);
	pthread_mutex_unlock(&file->lock);
	return true;
}

void edition_exit(struct table_file *file)
{
	struct edition *edition, *next;

	LL_FOREACH_SAFE(file->reserved, edition, next)
		edition_put(edition);
	edition_put(file->newest);
	file->reserved = file->newest = NULL;
}

/* ---- versions ---- */

static bool has_version_locked(const struct edition *edition, const struct edition_part *parts)
{
	for (size_t i = 0; i < edition->file->source.count; i++) {
		if (edition->generations[i] != parts[i].generation)
			return false;
	}
	return edition->known;
}

/* Give EDITION the version of PARTS, without a text and a size. */
static void set_version_locked(struct edition *edition, const struct edition_part *parts)
{
	for (size_t i = 0; i < edition->file->source.count; i++)
		edition->generations[i] = parts[i].generation;
	edition->fetched = parts_fetched(edition->file, parts);
	edition->known = true;
	edition->sized = false;
}

/* Make the text of EDITION, and with it the size. `making` is held. Return 0 or -ENOMEM. */
static int make_text(struct edition *edition)
{
	const struct table_source *source = &edition->file->source;
	struct snapshot **snapshots = calloc(source->count + 1, sizeof(struct snapshot *));
	struct table_text *text = NULL;

	for (size_t i = 0; snapshots && i < source->count; i++)
		snapshots[i] = edition->parts[i].snapshot;
	if (snapshots)
		text = source->make(edition->file, snapshots);
	free(snapshots);
	if (!text)
		return -ENOMEM;
	pthread_mutex_lock(&edition->lock);
	edition->text = text;
	edition->size = (off_t)table_text_size(text);
	edition->sized = true;
	pthread_mutex_unlock(&edition->lock);
	return 0;
}

/*
 * Put *PARTS into EDITION if it has that version, or if it was not opened. What then is no longer
 * needed takes the place of *PARTS and *TEXT. Return 0 or -ESTALE.
 */
static int put_parts_locked(struct edition *edition, struct edition_part **parts,
			    struct table_text **text)
{
	struct edition_part *old = edition->parts;

	if (has_version_locked(edition, *parts) && old)
		return 0;
	if (!has_version_locked(edition, *parts)) {
		if (atomic_load(&edition->opened))
			return -ESTALE;
		set_version_locked(edition, *parts);
		*text = edition->text;
		edition->text = NULL;
	}
	edition->parts = *parts;
	*parts = old;
	return 0;
}

int edition_show(struct edition *edition, struct edition_part *parts, bool open)
{
	struct table_text *text = NULL;
	bool sized;
	int error;

	pthread_mutex_lock(&edition->making);
	pthread_mutex_lock(&edition->lock);
	error = put_parts_locked(edition, &parts, &text);
	sized = edition->sized;
	pthread_mutex_unlock(&edition->lock);
	if (!error && !sized)
		error = make_text(edition);
	if (!error && open)
		atomic_store(&edition->opened, true);
	pthread_mutex_unlock(&edition->making);
	table_text_free(text);
	edition_parts_free(edition->file, parts);
	if (!error && open)
		open_to_others(edition);
	return error;
}

bool edition_reopen(struct edition *edition, struct edition_part *parts)
{
	struct table_text *text = NULL;
	bool opened;

	pthread_mutex_lock(&edition->lock);
	opened = atomic_load(&edition->opened) && edition->sized &&
		 put_parts_locked(edition, &parts, &text) == 0;
	pthread_mutex_unlock(&edition->lock);
	edition_parts_free(edition->file, parts);
	return opened;
}

/* ---- what it shows ---- */

bool edition_attr(struct edition *edition, struct stat *attr)
{
	bool lasting;

	pthread_mutex_lock(&edition->lock);
	if (edition->known)
		attr->st_mtim = edition->fetched;
	if (edition->sized)
		attr->st_size = edition->size;
	lasting = edition->sized && atomic_load(&edition->opened);
	pthread_mutex_unlock(&edition->lock);
	return lasting;
}

const struct table_text *edition_text(struct edition *edition)
{
	const struct table_text *text;

	pthread_mutex_lock(&edition->lock);
	text = edition->text;
	pthread_mutex_unlock(&edition->lock);
	if (text)
		return text;
	pthread_mutex_lock(&edition->making);
	/* another thread may have made it meanwhile */
	if (edition->text || make_text(edition) == 0)
		text = edition->text;
	pthread_mutex_unlock(&edition->making);
	return text;
}
